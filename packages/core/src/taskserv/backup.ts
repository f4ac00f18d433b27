import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type Context, ProvisioningError, type TaskservUse } from '@provisioning/extensions-sdk';
import { shellQuote } from '../transport/index.ts';
import { packBundle } from './bundle.ts';
import type { DesiredTaskserv } from './desired.ts';
import { asRoot, openHost, type ServerReference, type ServerTarget } from './host.ts';
import { prepareTaskserv } from './observe.ts';
import { TaskservPackages } from './package.ts';

/** A backup on this machine (07 §6.4). */
export interface TaskservBackup {
  readonly service: string;
  readonly target: string;
  readonly file: string;
  /** Bytes, compressed. */
  readonly size: number;
  readonly sha256: string;
}

/** Whether a taskserv keeps anything that can be backed up. */
export function hasBackup(desired: Pick<DesiredTaskserv, 'scripts' | 'dataDirectories'>): boolean {
  return desired.scripts.has('backup') || desired.dataDirectories.length > 0;
}

/** `<workspace>/backups/<taskserv>/<infra>-YYYYMMDD.<format>.gz`; one that is taken gets the time as well. */
export async function backupFile(
  context: Pick<Context, 'workspace' | 'infra' | 'now'>,
  taskserv: string,
  hostname: string | undefined,
  format = 'tar',
): Promise<string> {
  const [day = '', time = ''] = new Date(context.now()).toISOString().split('T');
  const folder = join(context.workspace.path, 'backups', taskserv);
  const name = [context.infra, ...(hostname === undefined ? [] : [hostname]), day.replaceAll('-', '')].join(
    '-',
  );
  const suffix = `.${format}.gz`;
  const minutes = `-${time.slice(0, 5).replace(':', '')}`;
  for (const candidate of [name, `${name}${minutes}`, `${name}${minutes}${time.slice(6, 8)}`]) {
    const file = join(folder, `${candidate}${suffix}`);
    if (!(await exists(file))) return file;
  }
  return join(folder, `${name}-${context.now()}${suffix}`);
}

/**
 * Streams the data of a taskserv from its server into a file, with its SHA-256 beside it. Without a script of its own
 * the service is stopped while its data directories are read.
 * @throws ProvisioningError `NO_BACKUP`, `BACKUP_FAILED`.
 */
export async function backupTaskserv(
  context: Context,
  target: ServerTarget,
  use: TaskservUse,
  references: readonly ServerReference[],
  file: string,
): Promise<TaskservBackup> {
  const desired = await prepare(context, target, use, references);
  const { transport, access: how } = await openHost(context, target);
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.part`;
  const out = createWriteStream(part, { mode: 0o600 });
  const hash = createHash('sha256');
  let size = 0;
  try {
    const result = await transport.run(
      `${asRoot(how)}bash -c ${shellQuote(unpacked(backupCommand(desired)))}`,
      {
        input: await bundle(desired),
        signal: context.signal,
        onLine: (line, stream) => {
          if (stream !== 'stdout' || line === '') return;
          const bytes = Buffer.from(line, 'base64');
          hash.update(bytes);
          size += bytes.length;
          out.write(bytes);
        },
      },
    );
    await new Promise<void>((resolve, reject) => {
      out.on('error', reject).end(() => resolve());
    });
    if (result.code !== 0) throw failure('backup', desired.name, target, result.stderr);
  } catch (error) {
    out.destroy();
    await rm(part, { force: true });
    throw error;
  }
  const sha256 = hash.digest('hex');
  await rename(part, file);
  await writeFile(`${file}.sha256`, `${sha256}  ${basename(file)}\n`);
  return { service: desired.name, target: target.hostname, file, size, sha256 };
}

/**
 * Puts a backup back on a server.
 * @throws ProvisioningError `BACKUP_NOT_FOUND`, `CHECKSUM_MISMATCH`, `NO_BACKUP`, `RESTORE_FAILED`.
 */
export async function restoreTaskserv(
  context: Context,
  target: ServerTarget,
  use: TaskservUse,
  references: readonly ServerReference[],
  file: string,
): Promise<void> {
  const desired = await prepare(context, target, use, references);
  await verify(file);
  const { transport, access: how } = await openHost(context, target);
  const head = await bundle(desired);
  const input = Readable.from(
    (async function* () {
      yield head;
      yield* createReadStream(file) as AsyncIterable<Buffer>;
    })(),
  );
  // The bundle is read to its last byte and no further; what follows is the backup.
  const command = unpacked(restoreCommand(desired), head.length);
  const result = await transport.run(`${asRoot(how)}bash -c ${shellQuote(command)}`, {
    input,
    signal: context.signal,
  });
  if (result.code !== 0) throw failure('restore', desired.name, target, `${result.stdout}${result.stderr}`);
}

async function prepare(
  context: Context,
  target: ServerTarget,
  use: TaskservUse,
  references: readonly ServerReference[],
): Promise<DesiredTaskserv> {
  const desired = await prepareTaskserv(context, target, use, {
    packages: new TaskservPackages(),
    references,
  });
  if (hasBackup(desired)) return desired;
  throw new ProvisioningError({
    code: 'NO_BACKUP',
    message: `Taskserv '${desired.name}' has no backup`,
    hint: 'It keeps no data of its own.',
  });
}

function bundle(desired: DesiredTaskserv): Promise<Buffer> {
  return packBundle([
    { name: 'env.sh', content: desired.environment },
    ...[...desired.scripts].map(([name, content]) => ({ name: `scripts/${name}.sh`, content })),
  ]);
}

/** Unpacks the bundle into memory, runs the command there and removes it. `head` keeps tar from reading on. */
function unpacked(command: string, length?: number): string {
  return [
    'umask 077',
    'd=$(mktemp -d /run/provisioning.XXXXXXXX) || exit 1',
    `trap 'cd /; rm -rf "$d"' EXIT`,
    'cd "$d"',
    `${length === undefined ? '' : `head -c ${length} | `}tar -x -f - || exit 1`,
    'export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin WORK="$d"',
    'set -o pipefail',
    '. ./env.sh',
    command,
  ].join('\n');
}

const words = (list: readonly string[]): string => list.map(shellQuote).join(' ');

function backupCommand(desired: DesiredTaskserv): string {
  const encoded = 'gzip -c | base64 -w 61440';
  if (desired.scripts.has('backup')) return `sh -eu scripts/backup.sh </dev/null | ${encoded}`;
  const units = words(desired.units);
  const stop = units === '' ? ':' : `systemctl stop ${units} >&2`;
  const start = units === '' ? ':' : `systemctl start ${units} >&2`;
  const tar = `tar -c -f - -C / ${words(desired.dataDirectories.map((path) => path.slice(1)))}`;
  return `${stop} || exit 1\n${tar} </dev/null | ${encoded}\ncode=$?\n${start} || code=1\nexit "$code"`;
}

function restoreCommand(desired: DesiredTaskserv): string {
  if (desired.scripts.has('restore')) return 'gzip -dc | sh -eu scripts/restore.sh';
  if (desired.scripts.has('backup'))
    return 'echo "There is no way to put this backup back by itself"; exit 1';
  const units = words(desired.units);
  const stop = units === '' ? ':' : `systemctl stop ${units}`;
  const start = units === '' ? ':' : `systemctl start ${units}`;
  const gone = desired.dataDirectories
    .map((path) => `find ${shellQuote(path)} -mindepth 1 -delete`)
    .join('\n');
  return `${stop} || exit 1\n${gone}\ngzip -dc | tar -x -f - -C /\ncode=$?\n${start} || code=1\nexit "$code"`;
}

async function verify(file: string): Promise<void> {
  if (!(await exists(file))) {
    throw new ProvisioningError({
      code: 'BACKUP_NOT_FOUND',
      kind: 'not-found',
      message: `Backup not found: ${file}`,
      hint: 'Backups are in the folder backups of the workspace.',
    });
  }
  const promised = await readFile(`${file}.sha256`, 'utf8').catch(() => undefined);
  if (promised === undefined) return;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  if (hash.digest('hex') === promised.slice(0, 64)) return;
  throw new ProvisioningError({
    code: 'CHECKSUM_MISMATCH',
    message: `The backup ${file} is not what was written: its checksum differs`,
    hint: 'Take another backup.',
  });
}

function failure(
  what: 'backup' | 'restore',
  name: string,
  target: ServerTarget,
  said: string,
): ProvisioningError {
  const lines = said.trim().split('\n').slice(-8);
  return new ProvisioningError({
    code: what === 'backup' ? 'BACKUP_FAILED' : 'RESTORE_FAILED',
    message: `The ${what} of ${name} on ${target.hostname} failed: ${lines.at(-1) ?? 'no message'}`,
    hint: `Look at the service first: provisioning taskserv status ${name}`,
    details: { hostname: target.hostname, output: lines },
  });
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
