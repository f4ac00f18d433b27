import { createReadStream, createWriteStream } from 'node:fs';
import {
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { stringify } from 'yaml';
import type { Surroundings } from '../config/surroundings.ts';
import { type BackupComponent, backupComponents, backupFiles, sha256Of, stamp } from './backup-contents.ts';
import {
  type BackupRecord,
  backupDirectory,
  backupRecordFile,
  damaged,
  present,
  readBackupRecord,
  restoreDirectory,
  swap,
} from './backup-directory.ts';
import { mainFile } from './layout.ts';
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
  const sums: Record<string, string> = {};
  for (const file of files) {
    const full = path.join(workspace.path, file);
    if (!(await lstat(full)).isSymbolicLink()) sums[file] = await sha256Of(full);
  }
  const record: BackupRecord = {
    name: workspace.name,
    created: surroundings.now().toISOString(),
    reason: 'manual',
    original_path: workspace.path,
    version,
    files: files.length,
    sha256: sums,
  };
  const { pack } = await import('tar-stream');
  const archive = pack();
  const written = pipeline(archive, createGzip(), createWriteStream(target, { mode: 0o600 }));
  const feed = async (): Promise<void> => {
    archive.entry({ name: backupRecordFile, mode: 0o600 }, stringify(record));
    for (const file of files) {
      const full = path.join(workspace.path, file);
      const found = await lstat(full);
      const header = { name: `tree/${file}`, mode: found.mode & 0o777, mtime: found.mtime };
      if (found.isSymbolicLink())
        archive.entry({ ...header, type: 'symlink', linkname: await readlink(full) });
      else {
        const entry = archive.entry({ ...header, size: found.size });
        await pipeline(createReadStream(full), entry);
      }
    }
    archive.finalize();
  };
  await Promise.all([written, feed()]);
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
    const source = isFolder ? options.backup : await unpack(options.backup, scratch);
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

/** Unpacks an archive into a folder; names that leave it and links out of it are refused. */
async function unpack(archive: string, folder: string): Promise<string> {
  const { extract } = await import('tar-stream');
  const tar = extract();
  const reading = pipeline(createReadStream(archive), createGunzip(), tar).catch(() => {
    throw damaged(archive);
  });
  const take = async (): Promise<void> => {
    for await (const entry of tar) {
      const { name, type, linkname, mode } = entry.header;
      const target = path.resolve(folder, name);
      if (!target.startsWith(folder + path.sep) || name.includes('\0')) throw damaged(archive);
      await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
      if (type === 'symlink') {
        const end = path.resolve(path.dirname(target), linkname ?? '');
        if (!end.startsWith(path.join(folder, 'tree') + path.sep)) throw damaged(archive);
        await symlink(linkname ?? '', target);
        entry.resume();
      } else if (type === 'file') {
        await pipeline(
          Readable.from(entry),
          createWriteStream(target, { mode: (mode ?? 0o600) & 0o777, flags: 'wx' }),
        );
      } else entry.resume();
    }
  };
  await Promise.all([reading, take()]).catch((error: unknown) => {
    throw (error as { code?: string }).code === 'BACKUP_DAMAGED' ? error : damaged(archive);
  });
  await checkUnpacked(folder, archive);
  return folder;
}

/** Symlinks have no checksum in an archive; files must all be there and be what they were. */
async function checkUnpacked(folder: string, archive: string): Promise<void> {
  const text = await readFile(path.join(folder, backupRecordFile), 'utf8').catch(() => undefined);
  if (text === undefined) throw damaged(archive);
  const record = await readBackupRecord(folder);
  for (const [file, sum] of Object.entries(record.sha256)) {
    const actual = await sha256Of(path.join(folder, 'tree', file)).catch(() => '');
    if (actual !== sum) throw damaged(archive);
  }
}

/** Copies a workspace to another place, for `migrate --from DIR --to DIR`. */
export async function copyWorkspace(from: string, to: string): Promise<void> {
  const fresh = `${to}.copy-${process.pid}`;
  const { cp } = await import('node:fs/promises');
  await cp(from, fresh, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  await swap(fresh, to, `${to}.replaced-${process.pid}`);
}
