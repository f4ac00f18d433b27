import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, readdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { makeFolder, writeFileAtomic } from '../../files/atomic.ts';
import { type Surroundings, userDirectories } from '../surroundings.ts';

interface Places {
  readonly surroundings: Surroundings;
  readonly workspacePath?: string;
}

/** Folders of a configuration backup by their name in the archive. */
function folders({ surroundings, workspacePath }: Places): Record<string, string> {
  return {
    user: userDirectories(surroundings).config,
    ...(workspacePath === undefined ? {} : { workspace: path.join(workspacePath, 'config') }),
  };
}

/** `config backup`: the user's files and the workspace's `config/`, mode 0600. @returns the archive */
export async function backupConfiguration(places: Places): Promise<string> {
  const time = places.surroundings.now().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const folder = path.join(userDirectories(places.surroundings).data, 'backups');
  await makeFolder(folder, 0o700);
  const file = path.join(folder, freeName(await readdir(folder), time));
  const { pack } = await import('tar-stream');
  const archive = pack();
  const partial = `${file}.partial`;
  const written = pipeline(archive, createGzip(), createWriteStream(partial, { mode: 0o600 }));
  for (const [name, folder] of Object.entries(folders(places))) {
    for (const entry of await filesBelow(folder)) {
      const full = path.join(folder, entry);
      const { mode } = await stat(full);
      archive.entry({ name: `${name}/${entry}`, mode: mode & 0o777 }, await readFile(full));
    }
  }
  archive.finalize();
  await written;
  await rename(partial, file);
  return file;
}

/** A second backup of one second gets a number: a backup is never replaced. */
function freeName(taken: readonly string[], time: string): string {
  for (let number = 1; ; number++) {
    const name = `config-${time}${number === 1 ? '' : `-${number}`}.tar.gz`;
    if (!taken.includes(name)) return name;
  }
}

/**
 * `config restore`: the current state is backed up first; the archive is read completely before a file is written.
 * @param backup a file, or `latest`
 * @returns the archive restored and the backup of what was there
 */
export async function restoreConfiguration(
  places: Places,
  backup: string,
): Promise<{ readonly file: string; readonly previous: string }> {
  const folder = path.join(userDirectories(places.surroundings).data, 'backups');
  const names = (await readdir(folder).catch((): string[] => []))
    .filter((name) => /^config-.*\.tar\.gz$/.test(name))
    .sort();
  const latest = names.at(-1);
  const file =
    backup === 'latest'
      ? latest === undefined
        ? undefined
        : path.join(folder, latest)
      : path.resolve(places.surroundings.cwd, backup);
  if (file === undefined || (await stat(file).catch(() => undefined)) === undefined) {
    throw new ProvisioningError({
      code: 'BACKUP_NOT_FOUND',
      kind: 'not-found',
      message: `Backup not found: ${backup}`,
      hint: `Backups are in ${folder}`,
    });
  }
  const entries = await readArchive(file);
  const targets = folders(places);
  const previous = await backupConfiguration(places);
  for (const { name, mode, data } of entries) {
    const [root = '', ...rest] = name.split('/');
    const target = targets[root];
    if (target !== undefined) await writeFileAtomic(path.join(target, ...rest), data, mode);
  }
  return { file, previous };
}

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data: Buffer;
}

async function readArchive(file: string): Promise<Entry[]> {
  const { extract } = await import('tar-stream');
  const tar = extract();
  const entries: Entry[] = [];
  const damaged = (): ProvisioningError =>
    new ProvisioningError({ code: 'BACKUP_DAMAGED', message: `Backup is damaged: ${file}` });
  const take = async (): Promise<void> => {
    for await (const entry of tar) {
      const { name, type, mode = 0o600 } = entry.header;
      if (type !== 'file' || name.split('/').includes('..') || path.isAbsolute(name)) throw damaged();
      const chunks: Buffer[] = [];
      for await (const chunk of Readable.from(entry)) chunks.push(chunk as Buffer);
      entries.push({ name, mode: mode & 0o777, data: Buffer.concat(chunks) });
    }
  };
  await Promise.all([pipeline(createReadStream(file), createGunzip(), tar), take()]).catch(() => {
    throw damaged();
  });
  return entries;
}

async function filesBelow(root: string, folder = ''): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => [])) {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(root, name)));
    else if (entry.isFile() && !/\.(lock|partial)$/.test(entry.name)) files.push(name);
  }
  return files.sort();
}
