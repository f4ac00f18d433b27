import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, readFile, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { stringify } from 'yaml';
import { sha256Of } from './backup-contents.ts';
import { backupRecordFile, damaged, readBackupRecord } from './backup-directory.ts';

/** Checksums of the files of a tree; links have none. */
export async function checksumsOf(root: string, files: readonly string[]): Promise<Record<string, string>> {
  const sums: Record<string, string> = {};
  for (const file of files) {
    const full = path.join(root, file);
    if (!(await lstat(full)).isSymbolicLink()) sums[file] = await sha256Of(full);
  }
  return sums;
}

/** Writes files of a tree and the record of the backup into a compressed archive, mode 0600. */
export function packBackup(
  target: string,
  root: string,
  record: object,
  files: readonly string[],
): Promise<void> {
  return packTree(target, root, files, { prefix: 'tree/', record });
}

/** Writes files of a tree into a compressed archive, mode 0600; a record comes first. */
export async function packTree(
  target: string,
  root: string,
  files: readonly string[],
  { prefix = '', record }: { readonly prefix?: string; readonly record?: object } = {},
): Promise<void> {
  const { pack } = await import('tar-stream');
  const archive = pack();
  const written = pipeline(archive, createGzip(), createWriteStream(target, { mode: 0o600 }));
  const feed = async (): Promise<void> => {
    if (record !== undefined) archive.entry({ name: backupRecordFile, mode: 0o600 }, stringify(record));
    for (const file of files) {
      const full = path.join(root, file);
      const found = await lstat(full);
      const header = { name: `${prefix}${file}`, mode: found.mode & 0o777, mtime: found.mtime };
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

/** Unpacks an archive into a folder; names that leave it and links out of it are refused. */
export async function unpackBackup(archive: string, folder: string): Promise<string> {
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
