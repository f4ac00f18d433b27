import { chmod, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parse } from 'yaml';
import { isRecord } from '../config/merge.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { StateFile } from '../state/state.ts';
import { sizeOf } from './backup.ts';
import { backupDirectory } from './backup-directory.ts';
import { workspaceNotFound } from './errors.ts';
import { gitState } from './git.ts';
import { mainFile } from '../config/definition-formats.ts';
import { isDirectory, listInfrastructures, workspaceDirectories } from './layout.ts';
import { listLocks } from './locks/lock.ts';
import { compatibilityOf } from './compatibility.ts';
import { readMetadata, writeMetadata } from './metadata.ts';
import { WorkspaceRegistry } from './registry.ts';

export interface HealthFinding {
  readonly check: string;
  readonly ok: boolean;
  readonly message: string;
  /** Whether it was put right. */
  readonly fixed?: boolean;
}

/** Directories, permissions, manifests, registry path (03 §7 `workspace health`). Fixes what is safe when asked. */
export async function workspaceHealth(
  workspace: { readonly name: string; readonly path: string },
  options: { readonly fix?: boolean } = {},
): Promise<HealthFinding[]> {
  const findings: HealthFinding[] = [];
  const report = async (
    check: string,
    problem: string | undefined,
    fix?: () => Promise<unknown>,
  ): Promise<void> => {
    if (problem === undefined) return void findings.push({ check, ok: true, message: 'OK' });
    const fixed = options.fix === true && fix !== undefined;
    if (fixed) await fix();
    findings.push({ check, ok: fixed, message: problem, ...(fixed ? { fixed } : {}) });
  };
  const root = workspace.path;
  if (!(await isDirectory(root)))
    return [{ check: 'directory', ok: false, message: `Workspace directory not found: ${root}` }];
  const missing: string[] = [];
  for (const directory of workspaceDirectories)
    if (!(await isDirectory(path.join(root, directory)))) missing.push(directory);
  await report(
    'directories',
    missing.length === 0 ? undefined : `Missing: ${missing.join(', ')}`,
    async () => {
      for (const directory of missing)
        await mkdir(path.join(root, directory), { recursive: true, mode: 0o700 });
    },
  );
  await report(
    'main file',
    mainFile(root) === undefined ? `Missing: ${path.join(root, 'config', 'provisioning.toml')}` : undefined,
  );
  const open = await openToOthers(root);
  await report(
    'permissions',
    open.length === 0 ? undefined : `Readable by others: ${open.join(', ')}`,
    async () => {
      for (const file of open)
        await chmod(path.join(root, file), (await stat(path.join(root, file))).isDirectory() ? 0o700 : 0o600);
    },
  );
  await report('manifests', await manifestProblem(root));
  const metadata = await readMetadata(root);
  const recorded = await readFile(path.join(root, '.provisioning', 'metadata.yaml'), 'utf8').then(
    (text) => parse(text) as unknown,
    () => undefined,
  );
  const stale =
    isRecord(recorded) && isRecord(recorded['workspace']) && recorded['workspace']['path'] !== root;
  await report(
    'metadata',
    metadata === undefined
      ? 'Workspace metadata not found or corrupted'
      : stale
        ? 'The recorded path is not where the workspace is'
        : undefined,
    metadata === undefined ? undefined : () => writeMetadata(root, metadata),
  );
  return findings;
}

async function openToOthers(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of ['secrets', '.kms', 'config/secure.yaml', 'config/kms.toml', '.provisioning']) {
    const mode = await stat(path.join(root, name)).then(
      (file) => file.mode & 0o077,
      () => 0,
    );
    if (mode !== 0) found.push(name);
  }
  return found;
}

/** Modules the manifests name and the folders that hold them agree. */
async function manifestProblem(root: string): Promise<string | undefined> {
  const problems: string[] = [];
  for (const kind of ['taskservs', 'providers', 'clusters']) {
    const text = await readFile(path.join(root, '.manifest', `${kind}.yaml`), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    let manifest: unknown;
    try {
      manifest = parse(text);
    } catch {
      problems.push(`.manifest/${kind}.yaml does not parse`);
      continue;
    }
    const listed = isRecord(manifest) ? manifest[`loaded_${kind}`] : undefined;
    const names = Array.isArray(listed)
      ? listed.map((item: unknown) => (isRecord(item) ? String(item['name']) : String(item)))
      : [];
    const there = new Set(await readdir(path.join(root, `.${kind}`)).catch((): string[] => []));
    const gone = names.filter((name) => !there.has(name));
    if (gone.length > 0) problems.push(`${kind} without files: ${gone.join(', ')}`);
  }
  return problems.length === 0 ? undefined : problems.join('; ');
}

/** What `workspace status` shows. */
export interface WorkspaceStatus {
  readonly name: string;
  readonly path: string;
  readonly compatibility: string;
  readonly locks: number;
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  readonly infrastructures: readonly { readonly name: string; readonly servers: number }[];
  /** Bytes. */
  readonly sizes: Readonly<Record<string, number>>;
}

export async function workspaceStatus(
  surroundings: Surroundings,
  workspace: { readonly name: string; readonly path: string },
  version: string,
): Promise<WorkspaceStatus> {
  const infrastructures = await Promise.all(
    (await listInfrastructures(workspace.path)).map(async (name) => {
      const state = await new StateFile(path.join(workspace.path, 'infra', name)).read();
      return { name, servers: Object.keys(state.servers).length };
    }),
  );
  const sizes: Record<string, number> = {};
  for (const name of ['.cache', '.runtime', 'backups', '.workspace_backups', '.frozen'])
    sizes[name] = await sizeOf(path.join(workspace.path, name));
  return {
    name: workspace.name,
    path: workspace.path,
    compatibility: compatibilityOf(await readMetadata(workspace.path), version, workspace.name).reason,
    locks: (await listLocks(surroundings, workspace)).length,
    git: await gitState(workspace.path),
    infrastructures,
    sizes,
  };
}

export type CleanupType = 'cache' | 'tmp' | 'runtime' | 'logs' | 'all';

const cleanupFolders: Readonly<Record<Exclude<CleanupType, 'all'>, readonly string[]>> = {
  cache: ['.cache'],
  tmp: ['tmp', '.runtime/tmp', 'infra/*/tmp'],
  runtime: ['.runtime/state'],
  logs: ['.runtime/logs'],
};

/** Removes what can be made again. @returns what was, or would be, removed with its size in bytes */
export async function cleanupWorkspace(
  workspace: string,
  options: {
    readonly types?: readonly CleanupType[];
    readonly olderThan?: number;
    readonly now: Date;
    readonly check?: boolean;
  },
): Promise<{ readonly freed: number; readonly removed: readonly string[] }> {
  const types = options.types ?? ['cache', 'tmp'];
  const chosen = types.includes('all')
    ? (['cache', 'tmp', 'runtime', 'logs'] as const)
    : (types as Exclude<CleanupType, 'all'>[]);
  const removed: string[] = [];
  let freed = 0;
  for (const folder of await expand(
    workspace,
    chosen.flatMap((type) => [...cleanupFolders[type]]),
  )) {
    for (const name of await readdir(path.join(workspace, folder)).catch((): string[] => [])) {
      const full = path.join(workspace, folder, name);
      const age = options.now.getTime() - (await newestIn(full));
      if (options.olderThan !== undefined && age < options.olderThan) continue;
      freed += await sizeOf(full);
      removed.push(path.join(folder, name));
      if (options.check !== true) await rm(full, { recursive: true, force: true });
    }
  }
  return { freed, removed };
}

/** When the newest file of a folder, or the file itself, was last written. */
async function newestIn(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) return found?.mtimeMs ?? 0;
  const names = await readdir(file);
  const times = await Promise.all(names.map((name) => newestIn(path.join(file, name))));
  return names.length === 0 ? found.mtimeMs : Math.max(...times);
}

async function expand(workspace: string, patterns: readonly string[]): Promise<string[]> {
  const infras = await listInfrastructures(workspace);
  return patterns.flatMap((pattern) =>
    pattern.includes('*') ? infras.map((infra) => pattern.replace('*', infra)) : [pattern],
  );
}

/**
 * Deletes a workspace's files after a backup beside it (03 §7). Refused while servers of its state exist or a lock is
 * held, unless forced.
 * @returns where the backup is
 */
export async function deleteWorkspace(
  surroundings: Surroundings,
  name: string,
  options: { readonly force?: boolean; readonly version: string; readonly check?: boolean },
): Promise<{ readonly backup: string }> {
  const registry = new WorkspaceRegistry(surroundings);
  const data = await registry.read();
  const workspace = data.workspaces.find((known) => known.name === name);
  if (workspace === undefined)
    throw workspaceNotFound(
      name,
      data.workspaces.map((known) => known.name),
    );
  if (options.force !== true) await refuseWhileInUse(surroundings, workspace);
  const folder = path.join(path.dirname(workspace.path), '.workspace_backups');
  if (options.check === true) return { backup: folder };
  const backup = await backupDirectory(workspace, {
    reason: 'pre_delete',
    now: surroundings.now(),
    version: options.version,
    folder,
  });
  await rm(workspace.path, { recursive: true, force: true });
  await registry.update((current) => ({
    ...current,
    workspaces: current.workspaces.filter((known) => known.name !== name),
    active_workspace: current.active_workspace === name ? '' : current.active_workspace,
  }));
  return { backup };
}

async function refuseWhileInUse(
  surroundings: Surroundings,
  workspace: { readonly name: string; readonly path: string },
): Promise<void> {
  for (const infra of await listInfrastructures(workspace.path)) {
    const state = await new StateFile(path.join(workspace.path, 'infra', infra)).read();
    const servers = Object.keys(state.servers);
    if (servers.length === 0) continue;
    throw new ProvisioningError({
      code: 'WORKSPACE_IN_USE',
      kind: 'conflict',
      message: `Workspace '${workspace.name}' still has servers: ${servers.join(', ')}`,
      hint: `Delete them first: provisioning destroy --infra ${infra}`,
    });
  }
  const [lock] = await listLocks(surroundings, workspace);
  if (lock === undefined) return;
  throw new ProvisioningError({
    code: 'WORKSPACE_LOCKED',
    kind: 'conflict',
    message: `Workspace '${workspace.name}' is locked (${lock.type}) by ${lock.user}@${lock.host}`,
    hint: `Release it first: provisioning workspace unlock ${workspace.name}`,
  });
}
