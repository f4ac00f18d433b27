import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unpackBackup } from '../workspace/backup-archive.ts';
import { backupComponents, backupFiles, sha256Of } from '../workspace/backup-contents.ts';
import { damaged, present } from '../workspace/backup-directory.ts';
import {
  archiveOf,
  backupFolder,
  findInfrastructureBackup,
  type InfrastructureBackup,
  verifyArchive,
} from './records.ts';

export const restoreComponents = ['config', 'servers', 'taskservs', 'clusters', 'data'] as const;
export type RestoreComponent = (typeof restoreComponents)[number];

/** What a restore does to the files of a workspace. */
export interface RestoredFiles {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  /** Files of today that the backup did not have. */
  readonly removed: readonly string[];
}

/** A backup unpacked and verified; close it with `await using`. */
export interface OpenedBackup extends AsyncDisposable {
  readonly backup: InfrastructureBackup;
  plan(components: readonly RestoreComponent[]): Promise<RestoredFiles>;
  /** Puts the files in place; a failure puts back what was there. */
  apply(files: RestoredFiles): Promise<void>;
}

/** Which part of an infrastructure a file belongs to. */
export function restoreComponentOf(file: string, infra: string): RestoreComponent {
  const inside = `infra/${infra}/`;
  if (!file.startsWith(inside)) return 'config';
  const [first = ''] = file.slice(inside.length).split('/');
  if (first === 'data') return 'data';
  if (/^\.?(taskservs|task-servs)(\.|$)/.test(first)) return 'taskservs';
  if (/^\.?(clusters|ingress)(\.|$)/.test(first)) return 'clusters';
  return first.startsWith('config.') || first === '.provisioning.toml' ? 'config' : 'servers';
}

/**
 * Unpacks a backup, with the full one below an incremental one, and checks every file.
 * @throws ProvisioningError `BACKUP_DAMAGED` (exit 1); nothing was changed then
 */
export async function openInfrastructureBackup(
  workspace: { readonly path: string },
  backup: InfrastructureBackup,
): Promise<OpenedBackup> {
  const folder = await mkdtemp(join(backupFolder(workspace), '.restore-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const chain =
      backup.base === undefined
        ? [backup]
        : [backup, await findInfrastructureBackup(workspace, backup.infra, backup.base)];
    const trees: string[] = [];
    for (const one of chain) {
      await verifyArchive(workspace, one);
      const target = join(folder, one.id);
      await mkdir(target, { mode: 0o700 });
      trees.push(join(await unpackBackup(archiveOf(workspace, one.id), target), 'tree'));
    }
    const sources = new Map<string, string>();
    for (const [file, sum] of Object.entries(backup.sha256)) {
      const source = await holding(trees, file, sum);
      if (source === undefined) throw damaged(archiveOf(workspace, backup.id));
      sources.set(file, source);
    }
    return {
      backup,
      plan: (components) => planFiles(workspace, backup, components),
      apply: (files) => applyFiles(workspace, files, sources, join(folder, 'before')),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function holding(trees: readonly string[], file: string, sum: string): Promise<string | undefined> {
  for (const tree of trees) {
    const path = join(tree, file);
    if ((await sha256Of(path).catch(() => '')) === sum) return path;
  }
  return undefined;
}

async function planFiles(
  workspace: { readonly path: string },
  { infra, sha256 }: InfrastructureBackup,
  components: readonly RestoreComponent[],
): Promise<RestoredFiles> {
  const chosen = (file: string): boolean => components.includes(restoreComponentOf(file, infra));
  const created: string[] = [];
  const changed: string[] = [];
  for (const [file, sum] of Object.entries(sha256)) {
    if (!chosen(file)) continue;
    const now = await sha256Of(join(workspace.path, file)).catch(() => undefined);
    if (now === undefined) created.push(file);
    else if (now !== sum) changed.push(file);
  }
  // Only files of the infrastructure go: the configuration is shared with others.
  const there = (await backupFiles(workspace.path, backupComponents)).filter(
    (file) => file.startsWith(`infra/${infra}/`) && restoreComponentOf(file, infra) !== 'data',
  );
  const removed = there.filter((file) => chosen(file) && sha256[file] === undefined);
  return { created, changed, removed };
}

async function applyFiles(
  workspace: { readonly path: string },
  { created, changed, removed }: RestoredFiles,
  sources: ReadonlyMap<string, string>,
  before: string,
): Promise<void> {
  const put = async (from: string, to: string): Promise<void> => {
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await copyFile(from, to);
  };
  const touched = [...created, ...changed, ...removed];
  for (const file of [...changed, ...removed]) await put(join(workspace.path, file), join(before, file));
  try {
    for (const file of [...created, ...changed]) await put(sources.get(file)!, join(workspace.path, file));
    for (const file of removed) await rm(join(workspace.path, file));
  } catch (error) {
    for (const file of touched) {
      const kept = join(before, file);
      if (await present(kept)) await put(kept, join(workspace.path, file));
      else await rm(join(workspace.path, file), { force: true });
    }
    throw error;
  }
}
