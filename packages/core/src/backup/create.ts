import { lstat, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { looksEncrypted } from '../config/cipher.ts';
import { checksumsOf, packBackup } from '../workspace/backup-archive.ts';
import { backupComponents, backupFiles, sha256Of } from '../workspace/backup-contents.ts';
import {
  archiveOf,
  backupFolder,
  type InfrastructureBackup,
  listInfrastructureBackups,
  type ServiceBackup,
  writeManifest,
} from './records.ts';

export interface InfrastructureBackupOptions {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly infra: string;
  readonly type: 'full' | 'incremental';
  readonly title?: string;
  readonly version: string;
  readonly now: number;
}

/** What a backup would hold. */
export interface PlannedBackup {
  readonly id: string;
  readonly type: 'full' | 'incremental';
  readonly base?: string;
  /** Every file of the infrastructure with its checksum. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Files that go into the archive. */
  readonly files: readonly string[];
}

const own = [
  'config/',
  '.manifest/',
  '.taskservs/',
  '.providers/',
  '.clusters/',
  '.provisioning/metadata.yaml',
];

/**
 * The files of an infrastructure (21 §4.4): its folder, the configuration of the workspace, loaded modules, metadata, and
 * secrets that are encrypted. An incremental backup holds what has changed since the last full one; without a full one it
 * becomes one.
 */
export async function planInfrastructureBackup(options: InfrastructureBackupOptions): Promise<PlannedBackup> {
  const { workspace, infra, type, now } = options;
  const all = await backupFiles(workspace.path, backupComponents);
  const files: string[] = [];
  for (const file of all) {
    const belongs = file.startsWith(`infra/${infra}/`) || own.some((start) => file.startsWith(start));
    const secret = file.startsWith('secrets/') && looksEncrypted(await readFile(join(workspace.path, file)));
    if ((belongs || secret) && !(await lstat(join(workspace.path, file))).isSymbolicLink()) files.push(file);
  }
  const sha256 = await checksumsOf(workspace.path, files);
  const full =
    type === 'full'
      ? undefined
      : (await listInfrastructureBackups(workspace, infra)).find((backup) => backup.type === 'full');
  return {
    id: await freeId(workspace, infra, now),
    type: full === undefined ? 'full' : 'incremental',
    ...(full === undefined ? {} : { base: full.id }),
    sha256,
    files: full === undefined ? files : files.filter((file) => full.sha256[file] !== sha256[file]),
  };
}

/** The time as part of the name, the next free second where two are made in one. */
async function freeId(workspace: { readonly path: string }, infra: string, now: number): Promise<string> {
  for (let time = now; ; time += 1000) {
    const text = new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    const id = `${infra}-${text}`;
    const taken = await stat(archiveOf(workspace, id)).catch(() => undefined);
    if (taken === undefined) return id;
  }
}

/** Writes the archive and then its manifest: without one there is no backup. */
export async function writeInfrastructureBackup(
  options: InfrastructureBackupOptions,
  planned: PlannedBackup,
  kept: {
    readonly services?: readonly ServiceBackup[];
    readonly snapshots?: InfrastructureBackup['snapshots'];
  } = {},
): Promise<InfrastructureBackup> {
  const { workspace, infra, version, title } = options;
  const { id, type, base, sha256, files } = planned;
  const created = new Date(options.now).toISOString();
  await mkdir(backupFolder(workspace), { recursive: true, mode: 0o700 });
  const archive = archiveOf(workspace, id);
  const partial = `${archive}.partial`;
  const within = Object.fromEntries(files.map((file) => [file, sha256[file]!]));
  try {
    await packBackup(partial, workspace.path, { id, infra, created, sha256: within }, files);
    await rename(partial, archive);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  const backup: InfrastructureBackup = {
    ...{ id, infra, workspace: workspace.name, type, created, version, sha256 },
    ...(base === undefined ? {} : { base }),
    ...(title === undefined ? {} : { title }),
    size: (await stat(archive)).size,
    archive_sha256: await sha256Of(archive),
    services: kept.services ?? [],
    snapshots: kept.snapshots ?? [],
  };
  await writeManifest(workspace, backup);
  return backup;
}
