import { writeFileAtomic } from '@provisioning/core';
import { cp, lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { PlannedMigration } from './collect.ts';

/** What a migration changes, relative to the workspace; everything else of it stays untouched. */
const wholeFolders = ['config', '.manifest'] as const;

/** `migration.json` of a backup: what was done, and what validation compares with. */
export interface MigrationRecord {
  readonly workspace: string;
  readonly date: string;
  readonly modules: readonly PlannedMigration[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  /** Folders that were saved; one that was not there before is removed by a rollback. */
  readonly folders: readonly { readonly path: string; readonly existed: boolean }[];
  /** Digests of the rendered definitions before, by infrastructure. */
  readonly rendered: Readonly<Record<string, string>>;
}

function backupsFolder(workspacePath: string): string {
  return join(workspacePath, '.workspace_backups');
}

function stamp(now: Date): string {
  return now
    .toISOString()
    .replace(/[-:]/g, '')
    .replace('T', '_')
    .replace(/\.\d+Z$/, '');
}

/** Saves what a migration is going to change (09 §13.1). @returns the backup's folder. */
export async function createMigrationBackup(
  workspacePath: string,
  changed: readonly string[],
  record: Omit<MigrationRecord, 'date' | 'folders'>,
  now: Date,
): Promise<string> {
  const folder = join(backupsFolder(workspacePath), `${record.workspace}_oci_${stamp(now)}`);
  await mkdir(folder, { recursive: true });
  const folders: { path: string; existed: boolean }[] = [];
  for (const path of [...wholeFolders, ...changed]) {
    const existed = await exists(join(workspacePath, path));
    folders.push({ path, existed });
    if (existed) await cp(join(workspacePath, path), join(folder, 'files', path), copying);
  }
  const whole: MigrationRecord = { ...record, date: now.toISOString(), folders };
  await writeFileAtomic(join(folder, 'migration.json'), `${JSON.stringify(whole, null, 2)}\n`, 0o644);
  return folder;
}

/** The newest backup of a migration. @throws ProvisioningError `NO_MIGRATION`, exit 5. */
export async function newestMigration(
  workspacePath: string,
): Promise<{ readonly folder: string; readonly record: MigrationRecord }> {
  const names = (await readdir(backupsFolder(workspacePath)).catch((): string[] => []))
    .filter((name) => /_oci_\d{8}_\d{6}$/.test(name))
    .sort((a, b) => (a.slice(-15) < b.slice(-15) ? 1 : -1));
  for (const name of names) {
    const folder = join(backupsFolder(workspacePath), name);
    const text = await readFile(join(folder, 'migration.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return { folder, record: JSON.parse(text) as MigrationRecord };
  }
  throw new ProvisioningError({
    code: 'NO_MIGRATION',
    kind: 'not-found',
    message: `No migration of ${workspacePath} was found`,
    hint: 'provisioning migrate-to-oci <workspace> --dry-run shows what a migration would do',
  });
}

/** Puts back what a migration changed. Each folder is replaced as a whole; the backup stays. */
export async function restoreMigration(workspacePath: string, folder: string): Promise<void> {
  const record = JSON.parse(await readFile(join(folder, 'migration.json'), 'utf8')) as MigrationRecord;
  for (const { path, existed } of record.folders) {
    const target = join(workspacePath, path);
    await rm(target, { recursive: true, force: true });
    if (existed) await cp(join(folder, 'files', path), target, copying);
  }
}

const copying = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true } as const;

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
