import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ambiguous, definitionEndings } from '../infra/definition-files.ts';

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

/**
 * The main file of a workspace: `config/provisioning.*`, or `config/config.*` in the same role (02 §2).
 * @throws ProvisioningError `DEFINITION_AMBIGUOUS` when there are two.
 */
export async function mainFile(workspace: string): Promise<string | undefined> {
  const folder = path.join(workspace, 'config');
  const names = new Set(await readdir(folder).catch(() => []));
  const candidates = [
    ...definitionEndings.map((ending) => `provisioning.${ending}`),
    ...definitionEndings
      .filter((ending) => ending !== 'toml' && ending !== 'k')
      .map((ending) => `config.${ending}`),
  ].filter((name) => names.has(name));
  if (candidates.length > 1)
    throw ambiguous(path.join(folder, candidates[0]!), path.join(folder, candidates[1]!));
  if (candidates[0] !== undefined) return path.join(folder, candidates[0]);
  const sections = names.has('config.toml') ? await readFile(path.join(folder, 'config.toml'), 'utf8') : '';
  return /^\s*\[workspace[\].]/m.test(sections) ? path.join(folder, 'config.toml') : undefined;
}

/** A directory is a workspace when it has `config/` with a main file (03 §6). */
export async function isWorkspace(directory: string): Promise<boolean> {
  return (await mainFile(directory).catch(() => 'ambiguous')) !== undefined;
}

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
