import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Directories of a workspace that `init` makes and `health` checks (03 §2). */
export const workspaceDirectories = [
  'config/environments',
  'config/providers',
  'config/platform',
  'infra',
  'extensions/providers',
  'extensions/taskservs',
  'extensions/clusters',
  'templates',
  'secrets/ssh-keys',
  'resources',
  '.taskservs',
  '.providers',
  '.clusters',
  '.manifest',
  '.provisioning/locks',
  '.provisioning/state',
  '.cache',
  '.runtime/taskservs',
  '.runtime/clusters',
  '.runtime/providers',
  '.runtime/logs',
  '.runtime/state',
  '.runtime/tmp',
  'backups',
] as const;

/** Directories of one infrastructure. */
export const infraDirectories = [
  'taskservs',
  'clusters',
  'defs',
  'data',
  'tmp',
  'resources',
  '.taskservs',
  '.providers',
  '.clusters',
  '.manifest',
] as const;

/** What a workspace's `.gitignore` holds; the metadata stays tracked so that a clone knows its version. */
export const ignored = [
  '.cache/',
  '.runtime/',
  '.orchestrator/',
  '.control-center/',
  '.kms/',
  '.providers/',
  '.taskservs/',
  '.clusters/',
  '.manifest/',
  'data/',
  'tmp/',
  'backups/',
  '.workspace_backups/',
  'config/local-overrides.toml',
  'config/runtime/',
  'config/generated/',
  'generated/',
  '*.log',
  '**/secrets.yaml',
  '**/credentials.yaml',
  '**/*.dec.yaml',
  '**/*.dec.toml',
  '*.tmp.yaml',
  '*.tmp.toml',
  'secrets/ssh-keys/',
  'secrets/tokens/',
  '.provisioning/*',
  '!.provisioning/metadata.yaml',
] as const;

/** Names of the infrastructures of a workspace. */
export async function listInfrastructures(workspace: string): Promise<string[]> {
  const entries = await readdir(path.join(workspace, 'infra'), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

export async function isDirectory(directory: string): Promise<boolean> {
  return stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
