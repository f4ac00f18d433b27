import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * Writes a result so that a reader sees either the old file or the whole new one; mode 0600 (01 §1). Links are followed;
 * what is no file (a device, a pipe) is written to, never replaced.
 */
export async function writeResult(path: string, text: string): Promise<void> {
  const file = await realpath(path).catch(() => path);
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => true,
  );
  const temporary = isFile ? join(dirname(file), `.${process.pid}.${Date.now()}.tmp`) : undefined;
  try {
    await writeFile(temporary ?? file, text, { mode: 0o600 });
    if (temporary !== undefined) await rename(temporary, file);
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true });
    throw new ProvisioningError({
      code: 'OUTFILE_NOT_WRITTEN',
      message: `Cannot write ${path}: ${reason(cause)}`,
      hint: 'Give --outfile a path in a directory that exists and is writable',
      cause,
    });
  }
}

/** `no such file or directory`: what the system says, without the name of a file that nobody knows. */
function reason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return /^[A-Z]\w+: ([^,]+), /.exec(message)?.[1] ?? message;
}
