import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Writes a result so that a reader sees either the old file or the whole new one; mode 0600 (01 §1). */
export async function writeResult(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.${process.pid}.${Date.now()}.tmp`);
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new ProvisioningError({
      code: 'OUTFILE_NOT_WRITTEN',
      message: `Cannot write ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Give --outfile a path in a directory that exists and is writable',
      cause,
    });
  }
}
