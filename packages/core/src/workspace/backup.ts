import { lstat, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Surroundings } from '../config/surroundings.ts';
import { checksumsOf, packBackup, unpackBackup } from './backup-archive.ts';
import { type BackupComponent, backupComponents, backupFiles, stamp } from './backup-contents.ts';
import {
  type BackupRecord,
  backupDirectory,
  damaged,
  present,
  readBackupRecord,
  restoreDirectory,
  swap,
} from './backup-directory.ts';
import { mainFile } from '../config/definition-formats.ts';
import { withWorkspaceLock } from './locks/lock.ts';
import { WorkspaceRegistry } from './registry.ts';

export interface BackupOptions {
  readonly surroundings: Surroundings;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly version: string;
  readonly output?: string;
  /** Default: everything but secrets, which are included only on request. */
  readonly components?: readonly BackupComponent[];
  readonly check?: boolean;
}

/**
 * Writes an archive of a workspace (03 §10), mode 0600. Encrypted files stay encrypted.
 * @returns the archive and the files in it
 */
export async function backupWorkspace(
  options: BackupOptions,
): Promise<{ readonly file: string; readonly files: readonly string[] }> {
  const { workspace, surroundings } = options;
  const components = options.components ?? backupComponents.filter((component) => component !== 'secrets');
  const files = await backupFiles(workspace.path, components);
  const file = options.output ?? (await archiveName(workspace, surroundings.now()));
  if (options.check === true) return { file, files };
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.partial`;
  try {
    await writeArchive(partial, options, files);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { file, files };
}

async function archiveName(
  workspace: { readonly name: string; readonly path: string },
  now: Date,
): Promise<string> {
  const [day = '', time = ''] = stamp(now).split('_');
  const first = path.join(workspace.path, 'backups', `${workspace.name}-${day}.tar.gz`);
  return (await present(first))
    ? path.join(workspace.path, 'backups', `${workspace.name}-${day}-${time}.tar.gz`)
    : first;
}

async function writeArchive(target: string, options: BackupOptions, files: readonly string[]): Promise<void> {
  const { workspace, surroundings, version } = options;
  const record: BackupRecord = {
    name: workspace.name,
    created: surroundings.now().toISOString(),
    reason: 'manual',
    original_path: workspace.path,
    version,
    files: files.length,
    sha256: await checksumsOf(workspace.path, files),
  };
  await packBackup(target, workspace.path, record, files);
}

/** One line of `workspace list-backups`. */
export interface BackupListing {
  readonly path: string;
  readonly name: string;
  readonly created: string;
  readonly reason: string;
  readonly size: number;
}

/** Backups of a workspace, archives and directories, newest first. */
export async function listBackups(workspace: string): Promise<BackupListing[]> {
  const found: BackupListing[] = [];
  for (const name of await readdir(path.join(workspace, '.workspace_backups')).catch((): string[] => [])) {
    const full = path.join(workspace, '.workspace_backups', name);
    const record = await readBackupRecord(full).catch(() => undefined);
    if (record === undefined) continue;
    found.push({
      path: full,
      name,
      created: record.created,
      reason: record.reason,
      size: await sizeOf(full),
    });
  }
  for (const name of await readdir(path.join(workspace, 'backups')).catch((): string[] => [])) {
    if (!name.endsWith('.tar.gz')) continue;
    const full = path.join(workspace, 'backups', name);
    const { size, mtime } = await stat(full);
    found.push({ path: full, name, created: mtime.toISOString(), reason: 'manual', size });
  }
  return found.sort((a, b) => b.created.localeCompare(a.created));
}

/** Bytes of a file, or of everything below a folder. */
export async function sizeOf(file: string): Promise<number> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  let size = 0;
  for (const name of await readdir(file)) size += await sizeOf(path.join(file, name));
  return size;
}

export interface RestoreOptions {
  readonly surroundings: Surroundings;
  readonly version: string;
  /** An archive or a backup directory. */
  readonly backup: string;
  /** Where to, when not to where it came from. */
  readonly destination?: string;
  readonly check?: boolean;
}

export interface RestoreResult {
  readonly record: BackupRecord;
  readonly destination: string;
  /** Backup of what was there. */
  readonly previous?: string;
}

/**
 * Restores a backup (03 §10): checksums, lock, backup of the current state, extraction beside, swap, registry. Any
 * failure leaves what was there.
 * @throws ProvisioningError `BACKUP_DAMAGED` (exit 1)
 */
export async function restoreWorkspace(options: RestoreOptions): Promise<RestoreResult> {
  const { surroundings } = options;
  const isFolder = (await stat(options.backup).catch(() => undefined))?.isDirectory() === true;
  const scratch = await mkdtemp(path.join(path.dirname(path.resolve(options.backup)), '.restore-'));
  try {
    const source = isFolder ? options.backup : await unpackBackup(options.backup, scratch);
    const record = await readBackupRecord(source);
    const destination = options.destination ?? record.original_path;
    const workspace = { name: record.name, path: destination };
    if (options.check === true) return { record, destination };
    const restore = async (): Promise<RestoreResult> => {
      const exists = await present(destination);
      const previous = exists
        ? await backupDirectory(workspace, {
            reason: 'pre_restore',
            now: surroundings.now(),
            version: options.version,
          })
        : undefined;
      await restoreDirectory(source, destination);
      if (mainFile(destination) === undefined) {
        if (previous !== undefined) await restoreDirectory(previous, destination);
        throw damaged(options.backup);
      }
      await registered(surroundings, record.name, destination);
      return { record, destination, ...(previous === undefined ? {} : { previous }) };
    };
    return (await present(destination))
      ? await withWorkspaceLock(
          { surroundings, workspace, operation: 'Restoring a backup', type: 'write' },
          restore,
        )
      : await restore();
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function registered(surroundings: Surroundings, name: string, where: string): Promise<void> {
  await new WorkspaceRegistry(surroundings).update((data) => ({
    ...data,
    workspaces: data.workspaces.map((known) => (known.name === name ? { ...known, path: where } : known)),
  }));
}

/** Copies a workspace to another place, for `migrate --from DIR --to DIR`. */
export async function copyWorkspace(from: string, to: string): Promise<void> {
  const fresh = `${to}.copy-${process.pid}`;
  const { cp } = await import('node:fs/promises');
  await cp(from, fresh, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  await swap(fresh, to, `${to}.replaced-${process.pid}`);
}
