import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parse, stringify } from 'yaml';
import { writeFileAtomic } from '../files/atomic.ts';
import { sha256Of } from '../workspace/backup-contents.ts';
import { damaged } from '../workspace/backup-directory.ts';

/** A backup of the data of a taskserv, kept beside the archive. */
export interface ServiceBackup {
  readonly server: string;
  readonly taskserv: string;
  /** Relative to the folder of the backups. */
  readonly file: string;
}

/** The manifest of a backup of an infrastructure (21 §4.4), beside its archive. */
export interface InfrastructureBackup {
  /** `<infra>-YYYYMMDD-HHMMSS`. */
  readonly id: string;
  readonly infra: string;
  readonly workspace: string;
  readonly type: 'full' | 'incremental';
  /** The full backup that an incremental one adds to. */
  readonly base?: string;
  readonly title?: string;
  readonly created: string;
  readonly version: string;
  /** Bytes of the archive. */
  readonly size: number;
  /** Of the archive. */
  readonly archive_sha256: string;
  /** Every file of the infrastructure at that time, whether this archive or the one before has it. */
  readonly sha256: Readonly<Record<string, string>>;
  readonly services: readonly ServiceBackup[];
  readonly snapshots: readonly { readonly server: string; readonly provider: string; readonly id: string }[];
}

interface Workspace {
  readonly path: string;
}

export function backupFolder({ path }: Workspace): string {
  return join(path, 'backups');
}

export function archiveOf(workspace: Workspace, id: string): string {
  return join(backupFolder(workspace), `${id}.tar.gz`);
}

function manifestOf(workspace: Workspace, id: string): string {
  return join(backupFolder(workspace), `${id}.yaml`);
}

export function writeManifest(workspace: Workspace, backup: InfrastructureBackup): Promise<void> {
  return writeFileAtomic(manifestOf(workspace, backup.id), stringify(backup), 0o600);
}

/** Backups of an infrastructure, or of all, newest first. */
export async function listInfrastructureBackups(
  workspace: Workspace,
  infra?: string,
): Promise<readonly InfrastructureBackup[]> {
  const names = await readdir(backupFolder(workspace)).catch((): string[] => []);
  const found: InfrastructureBackup[] = [];
  for (const name of names.filter((one) => one.endsWith('.yaml'))) {
    const text = await readFile(join(backupFolder(workspace), name), 'utf8');
    const backup = parse(text) as InfrastructureBackup | null;
    if (typeof backup?.id !== 'string' || (infra !== undefined && backup.infra !== infra)) continue;
    found.push(backup);
  }
  return found.sort((a, b) => b.created.localeCompare(a.created));
}

/**
 * The backup of that id, or the newest of an infrastructure.
 * @throws ProvisioningError `BACKUP_NOT_FOUND` (exit 5)
 */
export async function findInfrastructureBackup(
  workspace: Workspace,
  infra: string,
  wanted: string,
): Promise<InfrastructureBackup> {
  const all = await listInfrastructureBackups(workspace, infra);
  const found = wanted === 'latest' ? all[0] : all.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  throw new ProvisioningError({
    code: 'BACKUP_NOT_FOUND',
    kind: 'not-found',
    message: `Backup not found: ${wanted}`,
    hint:
      all.length === 0
        ? `Make one: provisioning backup create --infra ${infra}`
        : `Backups: ${all.map(({ id }) => id).join(', ')}`,
  });
}

/** @throws ProvisioningError `BACKUP_DAMAGED` when an archive is not the one that was written */
export async function verifyArchive(workspace: Workspace, backup: InfrastructureBackup): Promise<void> {
  const file = archiveOf(workspace, backup.id);
  if ((await sha256Of(file).catch(() => '')) !== backup.archive_sha256) throw damaged(file);
}
