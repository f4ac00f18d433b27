import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  cp,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parse, stringify } from 'yaml';
import { backupComponents, backupFiles, sha256Of, stamp } from './backup-contents.ts';

export type BackupReason = 'manual' | 'pre_migration' | 'pre_restore' | 'pre_delete';

/** `backup.yaml` of a backup (03 §10). */
export interface BackupRecord {
  readonly name: string;
  readonly created: string;
  readonly reason: BackupReason;
  readonly original_path: string;
  readonly version: string;
  readonly files: number;
  readonly sha256: Readonly<Record<string, string>>;
}

export const backupRecordFile = 'backup.yaml';
const treeFolder = 'tree';

/**
 * Copies a whole workspace, secrets included, beside itself in `.workspace_backups/`, or into `folder`.
 * @returns the path of the backup
 */
export async function backupDirectory(
  workspace: { readonly name: string; readonly path: string },
  options: {
    readonly reason: BackupReason;
    readonly now: Date;
    readonly version: string;
    readonly folder?: string;
  },
): Promise<string> {
  const folder = options.folder ?? path.join(workspace.path, '.workspace_backups');
  let target = path.join(folder, `${workspace.name}_backup_${stamp(options.now)}`);
  for (let number = 2; await present(target); number++)
    target = path.join(folder, `${workspace.name}_backup_${stamp(options.now)}-${number}`);
  const partial = `${target}.partial`;
  try {
    const files = await backupFiles(workspace.path, backupComponents);
    const sums: Record<string, string> = {};
    await mkdir(path.join(partial, treeFolder), { recursive: true, mode: 0o700 });
    for (const file of files)
      sums[file] = await copyInto(workspace.path, path.join(partial, treeFolder), file);
    await keepEmptyFolders(workspace.path, path.join(partial, treeFolder));
    const record: BackupRecord = {
      name: workspace.name,
      created: options.now.toISOString(),
      reason: options.reason,
      original_path: workspace.path,
      version: options.version,
      files: files.length,
      sha256: sums,
    };
    await writeFile(path.join(partial, backupRecordFile), stringify(record), { mode: 0o600 });
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return target;
}

async function copyInto(from: string, to: string, file: string): Promise<string> {
  const source = path.join(from, file);
  const target = path.join(to, file);
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  const found = await lstat(source);
  if (found.isSymbolicLink()) {
    const link = await readlink(source);
    await symlink(link, target);
    return createHash('sha256').update(link).digest('hex');
  }
  await copyFile(source, target);
  await chmod(target, found.mode & 0o777);
  return sha256Of(target);
}

/** Folders without files are part of a layout too. */
async function keepEmptyFolders(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (
      !entry.isDirectory() ||
      ['.workspace_backups', 'backups', '.git', 'node_modules'].includes(entry.name)
    )
      continue;
    await mkdir(path.join(to, entry.name), { recursive: true, mode: 0o700 });
    if (entry.name === '.cache' || entry.name === 'tmp') continue;
    await keepEmptyFolders(path.join(from, entry.name), path.join(to, entry.name));
  }
}

/** The record of a backup. @throws ProvisioningError `BACKUP_DAMAGED` */
export async function readBackupRecord(backup: string): Promise<BackupRecord> {
  try {
    const record = parse(await readFile(path.join(backup, backupRecordFile), 'utf8')) as BackupRecord;
    if (typeof record.sha256 === 'object' && record.sha256 !== null) return record;
  } catch {
    // Told below, the same for every way in which it can be unreadable.
  }
  throw damaged(backup);
}

/** Checks every file of a backup. @throws ProvisioningError `BACKUP_DAMAGED` naming the backup */
export async function verifyBackup(backup: string): Promise<BackupRecord> {
  const record = await readBackupRecord(backup);
  for (const [file, sum] of Object.entries(record.sha256)) {
    const full = path.join(backup, treeFolder, file);
    const found = await lstat(full).catch(() => undefined);
    if (found === undefined) throw damaged(full);
    const actual = found.isSymbolicLink()
      ? createHash('sha256')
          .update(await readlink(full))
          .digest('hex')
      : await sha256Of(full);
    if (actual !== sum) throw damaged(full);
  }
  return record;
}

/**
 * Puts a verified backup in the place of a workspace: built beside it, then the directories are swapped. Backups and
 * archives of the workspace are carried over. A failure swaps back.
 */
export async function restoreDirectory(backup: string, destination: string): Promise<void> {
  await verifyBackup(backup);
  const fresh = `${destination}.restore-${process.pid}`;
  const old = `${destination}.replaced-${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  try {
    await cp(path.join(backup, treeFolder), fresh, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
    await chmod(fresh, 0o700);
    await swap(fresh, destination, old);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** `fresh` takes the place of `destination`; what backups it has goes along. */
export async function swap(fresh: string, destination: string, old: string): Promise<void> {
  if (!(await present(destination))) {
    await rename(fresh, destination);
    return;
  }
  await rename(destination, old);
  try {
    await rename(fresh, destination);
    for (const name of ['.workspace_backups', 'backups', '.git']) {
      const from = path.join(old, name);
      if (!(await present(from))) continue;
      await rm(path.join(destination, name), { recursive: true, force: true });
      await rename(from, path.join(destination, name));
    }
  } catch (error) {
    await rm(destination, { recursive: true, force: true });
    await rename(old, destination);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

export async function present(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

export function damaged(file: string): ProvisioningError {
  return new ProvisioningError({
    code: 'BACKUP_DAMAGED',
    message: `Backup is damaged: ${file}`,
    hint: 'Nothing was changed. Try another one: provisioning workspace list-backups',
  });
}
