import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestMismatch, parseDigest, sizeMismatch } from '../oci/digest.ts';
import { readAll, verified } from '../oci/content.ts';
import type { CallOptions, ContentSource } from '../oci/target.ts';
import { isTransient, protocolError } from './errors.ts';
import type { RepositoryAccess } from './access.ts';

export interface UploadOptions extends CallOptions {
  /** Blobs larger than this are sent in chunks that can be resumed. Default 64 MiB. */
  readonly chunkBytes?: number;
  /** Failures in a row after which an upload gives up. Default 3. */
  readonly uploadRetries?: number;
}

const defaultChunkBytes = 64 * 1024 * 1024;
/** Blobs up to this size go out together with the head of their request. */
const smallBytes = 1024 * 1024;

/**
 * Uploads one blob (distribution-spec "Pushing blobs"): small ones in one `PUT`, large ones in chunks that go on after a
 * broken connection where the registry says it stopped.
 */
export async function uploadBlob(
  repository: RepositoryAccess,
  descriptor: Descriptor,
  content: ContentSource,
  options: UploadOptions,
): Promise<void> {
  const chunked = descriptor.size > (options.chunkBytes ?? defaultChunkBytes);
  const retries = options.uploadRetries ?? 3;
  for (let attempt = 0; ; attempt++) {
    const session = await openSession(repository, options);
    try {
      if (chunked) await new ChunkedUpload(repository, descriptor, content, session, options).run();
      else await putWhole(repository, descriptor, content, session.location, options);
      return;
    } catch (error) {
      await repository.cancelUpload(session.location);
      if (options.signal?.aborted === true) throw options.signal.reason;
      if (attempt >= retries || !isTransient(error)) throw error;
      await delay(200 * 2 ** attempt);
    }
  }
}

interface Session {
  readonly location: URL;
  /** Smallest chunk the registry takes. */
  readonly minimum: number;
}

async function openSession(repository: RepositoryAccess, options: CallOptions): Promise<Session> {
  const response = await repository.client.read({
    ...options,
    method: 'POST',
    target: repository.path('blobs/uploads/'),
    headers: { 'content-length': '0' },
    scopes: repository.scopes('pull', 'push'),
    repository: repository.name,
    accept: [202],
  });
  const minimum = Number(response.headers['oci-chunk-min-length'] ?? 0);
  return {
    location: locationOf(repository, response.headers.location, response.url),
    minimum: Number.isSafeInteger(minimum) && minimum > 0 ? minimum : 0,
  };
}

function locationOf(repository: RepositoryAccess, header: string | undefined, base: URL): URL {
  if (header === undefined) throw protocolError(repository.client.host, 'an upload session without Location');
  return repository.client.resolve(new URL(header, base));
}

function closing(session: URL, digest: string): URL {
  return new URL(`${session.href}${session.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`);
}

async function putWhole(
  repository: RepositoryAccess,
  descriptor: Descriptor,
  content: ContentSource,
  session: URL,
  options: CallOptions,
): Promise<void> {
  // A source that fails or lies must end the request; the error of the source says more than the broken connection.
  let failure: unknown;
  try {
    const response = await repository.client.read({
      ...options,
      method: 'PUT',
      target: closing(session, descriptor.digest),
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(descriptor.size) },
      body: async () => {
        const stream = verified(await content(0), descriptor);
        if (descriptor.size <= smallBytes) return readAll(stream, descriptor.size, descriptor.digest);
        stream.on('error', (error) => (failure = error));
        return stream;
      },
      scopes: repository.scopes('pull', 'push'),
      repository: repository.name,
      retries: 0,
    });
    checkStored(repository, descriptor, response.headers['docker-content-digest']);
  } catch (error) {
    throw failure ?? error;
  }
}

function checkStored(repository: RepositoryAccess, descriptor: Descriptor, announced: unknown): void {
  const sameAlgorithm =
    typeof announced === 'string' && announced.startsWith(`${parseDigest(descriptor.digest).algorithm}:`);
  if (sameAlgorithm && announced !== descriptor.digest) {
    throw protocolError(repository.client.host, `it stored ${announced} instead of ${descriptor.digest}`);
  }
}

/** `PATCH` by `PATCH`, hashing what the registry has confirmed, and the closing `PUT`. */
class ChunkedUpload {
  readonly #repository: RepositoryAccess;
  readonly #descriptor: Descriptor;
  readonly #content: ContentSource;
  readonly #options: UploadOptions;
  readonly #chunk: number;
  #location: URL;
  #position = 0;
  #hash;

  constructor(
    repository: RepositoryAccess,
    descriptor: Descriptor,
    content: ContentSource,
    session: Session,
    options: UploadOptions,
  ) {
    this.#repository = repository;
    this.#descriptor = descriptor;
    this.#content = content;
    this.#options = options;
    this.#location = session.location;
    this.#chunk = Math.max(options.chunkBytes ?? defaultChunkBytes, session.minimum);
    this.#hash = createHash(parseDigest(descriptor.digest).algorithm);
  }

  async run(): Promise<void> {
    let source: ChunkReader | undefined;
    let failures = 0;
    try {
      while (this.#position < this.#descriptor.size) {
        source ??= new ChunkReader(await this.#content(this.#position));
        const before = this.#position;
        try {
          await this.#patch(source);
          failures = 0;
        } catch (error) {
          source.close();
          source = undefined;
          if (this.#options.signal?.aborted === true) throw this.#options.signal.reason;
          if (++failures > (this.#options.uploadRetries ?? 3) || !isTransient(error)) throw error;
          await delay(200 * 2 ** failures);
          await this.#recover(before);
        }
      }
      await source?.expectEnd(this.#descriptor);
    } finally {
      source?.close();
    }
    const found = this.#hash.digest('hex');
    const { algorithm, hex } = parseDigest(this.#descriptor.digest);
    if (found !== hex) throw digestMismatch(this.#descriptor, `${algorithm}:${found}`);
    await this.#close();
  }

  async #patch(source: ChunkReader): Promise<void> {
    const length = Math.min(this.#chunk, this.#descriptor.size - this.#position);
    const hash = this.#hash.copy();
    const body = source.take(length, (bytes) => hash.update(bytes));
    let failure: unknown;
    body.on('error', (error) => (failure = error));
    const response = await this.#repository.client
      .read({
        ...this.#call(),
        method: 'PATCH',
        target: this.#location,
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(length),
          'content-range': `${this.#position}-${this.#position + length - 1}`,
        },
        body: () => body,
        accept: [202, 204],
        retries: 0,
      })
      .catch((error: unknown) => {
        throw failure ?? error;
      });
    const { headers, url } = response;
    if (headers.location !== undefined) this.#location = locationOf(this.#repository, headers.location, url);
    this.#hash = hash;
    this.#position += length;
  }

  #call() {
    return {
      ...(this.#options.signal === undefined ? {} : { signal: this.#options.signal }),
      scopes: this.#repository.scopes('pull', 'push'),
      repository: this.#repository.name,
    };
  }

  /** Asks how much arrived (distribution-spec end-13) and brings hash and position there. */
  async #recover(before: number): Promise<void> {
    const response = await this.#repository.client.read({
      ...this.#call(),
      method: 'GET',
      target: this.#location,
      accept: [204, 202, 400, 404, 416],
    });
    // Distribution drops a session whose last chunk broke off; the upload then starts over in a new one.
    if (response.status >= 400) throw sessionLost(this.#repository.client.host);
    const range = /^(?:bytes=)?0-(\d+)$/.exec(String(response.headers['range'] ?? ''));
    // `0-0` is also what registries answer for an empty session; one byte is then sent as part of the next chunk.
    const last = range === null ? -1 : Number(range[1]);
    const arrived = last <= 0 ? 0 : last + 1;
    if (response.headers.location !== undefined) {
      this.#location = locationOf(this.#repository, response.headers.location, response.url);
    }
    if (arrived === before) return;
    if (arrived > this.#descriptor.size)
      throw protocolError(this.#repository.client.host, 'it has more than was sent');
    this.#hash = createHash(parseDigest(this.#descriptor.digest).algorithm);
    const reader = new ChunkReader(await this.#content(0));
    try {
      if (arrived > 0)
        for await (const bytes of reader.take(arrived, () => undefined)) this.#hash.update(bytes as Buffer);
    } finally {
      reader.close();
    }
    this.#position = arrived;
  }

  async #close(): Promise<void> {
    const response = await this.#repository.client.read({
      ...this.#call(),
      method: 'PUT',
      target: closing(this.#location, this.#descriptor.digest),
      headers: { 'content-length': '0' },
    });
    checkStored(this.#repository, this.#descriptor, response.headers['docker-content-digest']);
  }
}

/** Cuts one stream into bodies of a given length without holding more than a chunk of it in memory. */
class ChunkReader {
  readonly #stream: Readable;
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    // The stream of a fetch from offset 0 verifies itself at its end; the upload has its own hash for that.
    this.#stream = stream;
    this.#iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  take(length: number, onBytes: (bytes: Buffer) => void): Readable {
    return Readable.from(this.#cut(length, onBytes), { objectMode: false, highWaterMark: 256 * 1024 });
  }

  async *#cut(length: number, onBytes: (bytes: Buffer) => void): AsyncGenerator<Buffer> {
    let wanted = length;
    while (wanted > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#iterator.next();
        if (next.done === true) throw endedEarly(wanted);
        this.#rest = next.value;
        continue;
      }
      const bytes = this.#rest.subarray(0, wanted);
      this.#rest = this.#rest.subarray(bytes.length);
      wanted -= bytes.length;
      onBytes(bytes);
      yield bytes;
    }
  }

  async expectEnd(descriptor: Descriptor): Promise<void> {
    const next = await this.#iterator.next();
    if (this.#rest.length > 0 || next.done !== true)
      throw sizeMismatch(descriptor, descriptor.size + 1, true);
  }

  close(): void {
    this.#stream.destroy();
  }
}

function sessionLost(host: string): ProvisioningError {
  return new ProvisioningError({
    code: 'UPLOAD_SESSION_LOST',
    kind: 'unavailable',
    message: `Registry ${host} lost the upload session`,
    retryable: true,
  });
}

function endedEarly(missing: number): ProvisioningError {
  return new ProvisioningError({
    code: 'SIZE_MISMATCH',
    message: `The content ends ${missing} bytes early`,
    hint: 'the source is damaged or dishonest; nothing was stored',
  });
}
