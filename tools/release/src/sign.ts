import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Detached GPG signatures beside every file of a folder (11 §3 "Outputs"). That of `checksums.txt` is the one installers
 * look at: it covers all that the file lists.
 * @param key id or address of a secret key in the keyring of the person or of the pipeline.
 */
export async function signAll(folder: string, key: string): Promise<readonly string[]> {
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/^\.|\.sig$|^test-dist\.json$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
  for (const name of names) {
    const file = join(folder, name);
    await rm(`${file}.sig`, { force: true });
    await run('gpg', ['--batch', '--local-user', key, '--output', `${file}.sig`, '--detach-sign', file]);
  }
  return names;
}
