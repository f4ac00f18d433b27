import { readFile, rm, stat } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { withFileLock, writeFileAtomic } from '../../files/atomic.ts';
import { type LoadOptions, loadConfiguration } from '../load.ts';

/** Writes a file and checks what it leads to; when the check throws, the file is what it was. */
export async function writeValidated<T>(file: string, text: string, check: () => Promise<T>): Promise<T> {
  const before = await readFile(file).catch(() => undefined);
  const mode = before === undefined ? 0o600 : (await stat(file)).mode & 0o777;
  await writeFileAtomic(file, text, mode);
  try {
    return await check();
  } catch (error) {
    if (before === undefined) await rm(file, { force: true });
    else await writeFileAtomic(file, before, mode);
    throw error;
  }
}

/**
 * `config edit`: a configuration file with a new content. The old one stays until the configuration is valid with the
 * new one.
 * @param read content the editing started from; another one in the file means that somebody else changed it
 * @throws ProvisioningError `CONFIG_CHANGED_MEANWHILE` (1), kind `configuration` (3)
 */
export async function replaceConfigurationFile(
  options: LoadOptions,
  file: string,
  text: string,
  read: string,
): Promise<void> {
  await withFileLock(file, async () => {
    const current = await readFile(file, 'utf8').catch(() => '');
    if (current !== read) throw changedMeanwhile(file);
    await writeValidated(file, text, () => loadConfiguration(options));
  });
}

/** Two people edited one file at once; nothing was written. */
export function changedMeanwhile(file: string): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIG_CHANGED_MEANWHILE',
    kind: 'conflict',
    message: `File changed on disk: ${file}`,
    hint: 'Nothing was written. Edit it again.',
    location: { file },
  });
}

/** A file that would be written anew is there already (02 §8.1). */
export function configurationExists(file: string): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIG_EXISTS',
    kind: 'conflict',
    message: `Configuration exists: ${file}. Use --force to overwrite`,
  });
}
