import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlobFolder } from '../layout/blobs.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { RegistryError } from './answers.ts';

/** Sessions nobody has touched for this long are forgotten. */
const idleMs = 3_600_000;

interface Session {
  readonly id: string;
  readonly repository: string;
  readonly path: string;
  readonly hashes: ReadonlyMap<string, Hash>;
  size: number;
  busy: boolean;
  touched: number;
}

/** Blob uploads of a registry: files that grow outside `blobs` until their digest is known to be right. */
export class Uploads {
  readonly #folder: string;
  readonly #blobs: BlobFolder;
  readonly #sessions = new Map<string, Session>();

  constructor(root: string, blobs: BlobFolder) {
    this.#folder = join(root, 'uploads');
    this.#blobs = blobs;
  }

  async start(repository: string): Promise<string> {
    await this.#expire();
    await mkdir(this.#folder, { recursive: true });
    const id = randomUUID();
    const path = join(this.#folder, id);
    await (await open(path, 'wx', 0o600)).close();
    const hashes = new Map(['sha256', 'sha512'].map((algorithm) => [algorithm, createHash(algorithm)]));
    this.#sessions.set(id, { id, repository, path, hashes, size: 0, busy: false, touched: Date.now() });
    return id;
  }

  size(repository: string, id: string): number {
    return this.#find(repository, id).size;
  }

  #find(repository: string, id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined || session.repository !== repository) {
      throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', 'upload session unknown');
    }
    session.touched = Date.now();
    return session;
  }

  /** Appends a body; what arrived before a broken connection stays, and the client asks how much that was. */
  async append(
    repository: string,
    id: string,
    request: IncomingMessage,
    range: string | undefined,
  ): Promise<number> {
    const session = this.#find(repository, id);
    if (session.busy)
      throw new RegistryError(409, 'BLOB_UPLOAD_INVALID', 'another request writes to this session');
    checkRange(range, session.size, request);
    session.busy = true;
    try {
      const counted = new Counter(session);
      await pipeline(request, counted, createWriteStream(session.path, { flags: 'a' }));
    } catch {
      throw new RegistryError(400, 'BLOB_UPLOAD_INVALID', 'the body ended early');
    } finally {
      session.busy = false;
    }
    return session.size;
  }

  /** Ends a session: the content becomes a blob if its digest is the one named. */
  async finish(repository: string, id: string, digest: Digest): Promise<number> {
    const session = this.#find(repository, id);
    const { algorithm, hex } = parseDigest(digest);
    const found = session.hashes.get(algorithm)!.copy().digest('hex');
    if (found !== hex)
      throw new RegistryError(400, 'DIGEST_INVALID', 'provided digest does not match the uploaded content');
    const final = this.#blobs.path(digest);
    await mkdir(dirname(final), { recursive: true });
    await rename(session.path, final);
    this.#sessions.delete(id);
    return session.size;
  }

  async cancel(repository: string, id: string): Promise<void> {
    const session = this.#find(repository, id);
    this.#sessions.delete(id);
    await rm(session.path, { force: true });
  }

  async #expire(): Promise<void> {
    for (const session of this.#sessions.values()) {
      if (session.busy || Date.now() - session.touched < idleMs) continue;
      this.#sessions.delete(session.id);
      await rm(session.path, { force: true });
    }
  }
}

/** Chunks come in order and without gaps (distribution-spec "Pushing a blob in chunks"). */
function checkRange(range: string | undefined, size: number, request: IncomingMessage): void {
  if (range === undefined) return;
  const match = /^(?:bytes )?(\d+)-(\d+)$/.exec(range);
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  const [start, end] = match === null ? [-1, -1] : [Number(match[1]), Number(match[2])];
  const fits = start === size && end >= start && (Number.isNaN(length) || length === end - start + 1);
  if (!fits)
    throw new RegistryError(416, 'BLOB_UPLOAD_INVALID', `chunk out of order, the next byte is ${size}`, {
      range: rangeOf(size),
    });
}

/** `Range` of an upload session; an empty one is `0-0` too, which is what clients expect. */
export function rangeOf(size: number): string {
  return `0-${Math.max(0, size - 1)}`;
}

class Counter extends Transform {
  readonly #session: Session;

  constructor(session: Session) {
    super({ highWaterMark: 256 * 1024 });
    this.#session = session;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    for (const hash of this.#session.hashes.values()) hash.update(chunk);
    this.#session.size += chunk.length;
    callback(null, chunk);
  }
}
