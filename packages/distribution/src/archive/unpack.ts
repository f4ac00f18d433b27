import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, rm, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { decompressed } from './gzip.ts';
import { type TarEntry, unsafe } from './tar-format.ts';
import { readTar } from './tar-reader.ts';

/** Limits of an archive (09 §3). */
export interface UnpackLimits {
  /** Default 20 000. */
  readonly entries?: number;
  /** Bytes after decompression. Default 512 MiB. */
  readonly bytes?: number;
  readonly signal?: AbortSignal;
}

const maxPathLength = 1024;
const maxDepth = 64;

/**
 * Path of an entry inside the target, normalised.
 * @throws ProvisioningError `UNSAFE_ARCHIVE` for anything that is absolute, climbs up or means something else on another
 * system.
 */
export function safePath(path: string): string {
  if (path.includes('\0') || path.includes('\\') || path.length > maxPathLength)
    throw unsafe(path, 'a bad name');
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) throw unsafe(path, 'an absolute path');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw unsafe(path, 'a path that leaves the target');
  if (parts.length > maxDepth) throw unsafe(path, 'folders nested too deeply');
  return parts.join('/');
}

/** A link target that stays inside, seen from the link. @throws ProvisioningError `UNSAFE_ARCHIVE`. */
export function safeTarget(path: string, target: string): string {
  if (target === '' || target.includes('\0') || target.includes('\\')) throw unsafe(path, 'a bad link');
  if (target.startsWith('/') || /^[A-Za-z]:/.test(target)) throw unsafe(path, 'a link to an absolute path');
  const reached = posix.normalize(posix.join(posix.dirname(path), target));
  if (reached === '..' || reached.startsWith('../')) throw unsafe(path, 'a link out of the target');
  return target;
}

/**
 * Unpacks a tar archive, plain or gzip, into a folder that is created for it. All or nothing: on any failure the folder
 * is removed. Nothing is ever written through a link.
 * @returns the paths of the files.
 * @throws ProvisioningError `UNSAFE_ARCHIVE`, `ARCHIVE_DAMAGED`, and what the stream itself fails with.
 */
export async function unpack(
  stream: Readable,
  folder: string,
  limits: UnpackLimits = {},
): Promise<readonly string[]> {
  const run = new Unpacking(folder, limits);
  // A stream that fails before it is read keeps its error for the reading below.
  stream.on('error', () => undefined);
  await mkdir(folder, { recursive: false });
  try {
    for await (const item of readTar(run.counted(decompressed(stream)))) {
      limits.signal?.throwIfAborted();
      await run.entry(item, item.body);
    }
    return run.files;
  } catch (error) {
    stream.destroy();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

class Unpacking {
  readonly files: string[] = [];
  readonly #folder: string;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #folders = new Set<string>(['', '.']);
  #entries = 0;
  #current = 'the archive';

  constructor(folder: string, limits: UnpackLimits) {
    this.#folder = folder;
    this.#maxEntries = limits.entries ?? 20_000;
    this.#maxBytes = limits.bytes ?? 512 * 1024 * 1024;
  }

  /** Ends a decompression bomb by what comes out of it, whatever sizes its headers claim. */
  async *counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > this.#maxBytes) throw unsafe(this.#current, `more than ${this.#maxBytes} bytes unpacked`);
      yield chunk;
    }
  }

  async entry(entry: TarEntry, body: AsyncIterable<Buffer>): Promise<void> {
    this.#current = entry.path;
    if (++this.#entries > this.#maxEntries) throw unsafe(entry.path, `more than ${this.#maxEntries} entries`);
    if (entry.type === 'other') throw unsafe(entry.path, 'a device or another special file');
    if (entry.size > this.#maxBytes) throw unsafe(entry.path, `more than ${this.#maxBytes} bytes unpacked`);
    const path = safePath(entry.path);
    if (entry.type === 'directory') return this.#makeFolder(path);
    if (path === '') throw unsafe(entry.path, 'an entry without a name');
    await this.#makeFolder(posix.dirname(path));
    const full = join(this.#folder, path);
    if (await exists(full)) throw unsafe(entry.path, 'two entries of one name');
    if (entry.type === 'symlink') await symlink(safeTarget(path, entry.target ?? ''), full);
    else if (entry.type === 'link') await this.#hardLink(entry, full);
    else await this.#file(full, entry, body);
    if (entry.type !== 'symlink') this.files.push(path);
  }

  /** Creates folders one by one; a link or file on the way is never followed. */
  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await this.#makeFolder(posix.dirname(path));
    const full = join(this.#folder, path);
    try {
      await mkdir(full);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!(await lstat(full)).isDirectory())
        throw unsafe(path, 'a path that leads through a link or a file');
    }
    this.#folders.add(path);
  }

  async #hardLink(entry: TarEntry, full: string): Promise<void> {
    const target = safePath(entry.target ?? '');
    if (!this.files.includes(target))
      throw unsafe(entry.path, 'a link to something that is not a file of the archive');
    await this.#makeFolder(posix.dirname(target));
    await link(join(this.#folder, target), full);
  }

  async #file(full: string, entry: TarEntry, body: AsyncIterable<Buffer>): Promise<void> {
    const handle = await open(full, 'wx', (entry.mode & 0o111) === 0 ? 0o644 : 0o755);
    try {
      for await (const chunk of body) await handle.write(chunk);
    } finally {
      await handle.close();
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

/** A name beside a folder for staging its next content, on the same file system. */
export function stagingFolder(folder: string): string {
  return join(dirname(folder), `.staging-${process.pid}-${randomBytes(4).toString('hex')}`);
}
