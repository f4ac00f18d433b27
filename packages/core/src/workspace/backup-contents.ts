import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

export type BackupComponent = 'config' | 'extensions' | 'infra' | 'state' | 'secrets';
export const backupComponents: readonly BackupComponent[] = [
  'config',
  'extensions',
  'infra',
  'state',
  'secrets',
];

/** Never part of a backup (03 §10). */
const leftOut = new Set(['.cache', 'tmp', 'node_modules', 'backups', '.workspace_backups', '.git']);
const stateDirectories = new Set(['.runtime', '.orchestrator', '.control-center', '.provisioning', 'data']);
const secretDirectories = new Set(['secrets', '.kms']);
const extensionDirectories = new Set(['extensions', '.taskservs', '.providers', '.clusters', '.manifest']);

/** Which part of a workspace a file belongs to, by its first directory. */
function componentOf(file: string): BackupComponent {
  const [first = ''] = file.split('/');
  if (first === 'infra') return 'infra';
  if (secretDirectories.has(first)) return 'secrets';
  if (stateDirectories.has(first)) return 'state';
  return extensionDirectories.has(first) ? 'extensions' : 'config';
}

/** Files of a workspace that belong to the chosen components, relative, in order. Links are taken as links. */
export async function backupFiles(
  workspace: string,
  components: readonly BackupComponent[],
): Promise<string[]> {
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(path.join(workspace, folder), { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (leftOut.has(entry.name) || name === '.provisioning/locks' || name.endsWith('.lock')) continue;
      if (entry.isDirectory()) await walk(name);
      else if ((entry.isFile() || entry.isSymbolicLink()) && components.includes(componentOf(name)))
        files.push(name);
    }
  };
  await walk('');
  return files.sort();
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** `20260102_030405`. */
export function stamp(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
}
