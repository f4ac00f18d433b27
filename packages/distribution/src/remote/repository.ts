import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { chunksOf, largeBytes, type Lending } from '../oci/chunks.ts';
import { fromBytes, readAll, verified, verifiedChunks } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest, parseDigest, verifyBytes } from '../oci/digest.ts';
import { artifactNotFound, blobNotFound } from '../oci/errors.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isManifestType, manifestAccept, maxManifestBytes } from '../oci/media-types.ts';
import type { CallOptions, ContentSource, Source, Target } from '../oci/target.ts';
import { RepositoryAccess } from './access.ts';
import type { RegistryClient, Response } from './client.ts';
import { isTransient, protocolError } from './errors.ts';
import { nextPage } from './paging.ts';
import { ReferrersIndex } from './referrers.ts';
import { uploadBlob, type UploadOptions } from './upload.ts';

/** Manifests that were just read or written; a copy asks for the same ones several times. */
const rememberedManifests = 64;

/** A repository of a remote registry (distribution-spec 1.1). */
export class RemoteRepository extends RepositoryAccess implements Target {
  readonly #referrers: ReferrersIndex;
  readonly #upload: UploadOptions;
  readonly #manifests = new Map<Digest, Buffer>();

  constructor(client: RegistryClient, name: string, upload: UploadOptions = {}) {
    super(client, name);
    this.#upload = upload;
    this.#referrers = new ReferrersIndex(this);
  }

  #remember(digest: Digest, bytes: Buffer): void {
    this.#manifests.delete(digest);
    this.#manifests.set(digest, bytes);
    const oldest = this.#manifests.keys().next().value;
    if (this.#manifests.size > rememberedManifests && oldest !== undefined) this.#manifests.delete(oldest);
  }

  async resolve(reference: string, options: CallOptions = {}): Promise<Descriptor> {
    const response = await this.client.read({
      ...options,
      method: 'GET',
      target: this.path(`manifests/${reference}`),
      headers: { accept: manifestAccept },
      scopes: this.scopes('pull'),
      repository: this.name,
      accept: [200, 404],
      limit: maxManifestBytes,
    });
    if (response.status === 404)
      throw artifactNotFound(`${this.client.host}/${this.name}${separator(reference)}${reference}`);
    const mediaType = contentType(response.headers['content-type']);
    const announced = response.headers['docker-content-digest'];
    const algorithm = isDigest(reference) ? parseDigest(reference).algorithm : 'sha256';
    const digest = isDigest(reference) ? reference : digestOf(response.body, algorithm);
    const descriptor = { mediaType, digest, size: response.body.length };
    verifyBytes(descriptor, response.body);
    if (typeof announced === 'string' && announced.startsWith(`${algorithm}:`)) {
      verifyBytes({ ...descriptor, digest: announced as Digest }, response.body);
    }
    parseManifest(response.body, mediaType);
    this.#remember(digest, response.body);
    return descriptor;
  }

  async exists(descriptor: Descriptor, options: CallOptions = {}): Promise<boolean> {
    const manifest = isManifestType(descriptor.mediaType);
    const response = await this.client.send({
      ...options,
      method: 'HEAD',
      target: this.path(`${manifest ? 'manifests' : 'blobs'}/${descriptor.digest}`),
      ...(manifest ? { headers: { accept: manifestAccept } } : {}),
      scopes: this.scopes('pull'),
      repository: this.name,
      accept: [200, 404],
    });
    response.body.resume();
    return response.status === 200;
  }

  async fetch(
    descriptor: Descriptor,
    options: CallOptions & { readonly offset?: number } = {},
  ): Promise<Readable> {
    const offset = options.offset ?? 0;
    if (isManifestType(descriptor.mediaType)) {
      const bytes = await this.#manifestBytes(descriptor, options);
      const stream = await fromBytes(bytes)(offset);
      return offset === 0 ? verified(stream, descriptor) : stream;
    }
    const first = await this.#openBlob(descriptor, offset, options);
    const lending = { lent: false };
    const chunks = this.#resuming(descriptor, offset, first, { ...options, lending });
    if (offset === 0) return verifiedChunks(chunks, descriptor, undefined, lending);
    return Readable.from(chunks, { objectMode: false, highWaterMark: 1 });
  }

  async #manifestBytes(descriptor: Descriptor, options: CallOptions): Promise<Buffer> {
    const known = this.#manifests.get(descriptor.digest);
    if (known !== undefined) return known;
    const response = await this.client.read({
      ...options,
      method: 'GET',
      target: this.path(`manifests/${descriptor.digest}`),
      headers: { accept: manifestAccept },
      scopes: this.scopes('pull'),
      repository: this.name,
      accept: [200, 404],
      limit: maxManifestBytes,
    });
    if (response.status === 404) throw blobNotFound(descriptor.digest, `${this.client.host}/${this.name}`);
    verifyBytes(descriptor, response.body);
    this.#remember(descriptor.digest, response.body);
    return response.body;
  }

  async #openBlob(descriptor: Descriptor, offset: number, options: CallOptions): Promise<Response> {
    const response = await this.client.send({
      ...options,
      method: 'GET',
      target: this.path(`blobs/${descriptor.digest}`),
      ...(offset === 0 ? {} : { headers: { range: `bytes=${offset}-` } }),
      scopes: this.scopes('pull'),
      repository: this.name,
      accept: [200, 206, 404],
      large: descriptor.size >= largeBytes,
    });
    if (response.status === 404) {
      response.body.resume();
      throw blobNotFound(descriptor.digest, `${this.client.host}/${this.name}`);
    }
    const range = response.headers['content-range'];
    if (response.status === 206 && (offset === 0 || !range?.startsWith(`bytes ${offset}-`))) {
      response.body.destroy();
      throw protocolError(this.client.host, `it answered range ${JSON.stringify(range)} to bytes=${offset}-`);
    }
    return response;
  }

  /** The bytes from an offset on; a connection that breaks is opened again where it broke. */
  async *#resuming(
    descriptor: Descriptor,
    offset: number,
    first: Response,
    options: CallOptions & { readonly lending: Lending },
  ): AsyncGenerator<Buffer> {
    let position = offset;
    let failures = 0;
    let response = first;
    for (;;) {
      let skip = response.status === 206 ? 0 : position;
      try {
        for await (const chunk of chunksOf(response.body, options.lending)) {
          const rest = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.length));
          skip -= chunk.length - rest.length;
          if (rest.length === 0) continue;
          position += rest.length;
          failures = 0;
          yield rest;
        }
        if (position >= descriptor.size) return;
        throw Object.assign(new Error('the connection ended early'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
      } catch (error) {
        if (options.signal?.aborted === true) throw options.signal.reason;
        if (++failures > 3 || !isTransient(error))
          throw brokenTransfer(this.client.host, descriptor, position, error);
      }
      await delay(100 * 2 ** failures);
      response = await this.#openBlob(descriptor, position, options);
    }
  }

  async push(
    descriptor: Descriptor,
    content: ContentSource,
    options: CallOptions & { readonly reference?: string } = {},
  ): Promise<void> {
    if (!isManifestType(descriptor.mediaType)) {
      await uploadBlob(this, descriptor, content, { ...this.#upload, ...options });
      return;
    }
    const bytes = await readAll(verified(await content(0), descriptor), maxManifestBytes, 'The manifest');
    await this.#putManifest(descriptor, bytes, options.reference ?? descriptor.digest, options);
  }

  async #putManifest(
    descriptor: Descriptor,
    bytes: Buffer,
    reference: string,
    options: CallOptions,
  ): Promise<void> {
    const response = await this.client.read({
      ...options,
      method: 'PUT',
      target: this.path(`manifests/${reference}`),
      headers: { 'content-type': descriptor.mediaType, 'content-length': String(bytes.length) },
      body: () => bytes,
      scopes: this.scopes('pull', 'push'),
      repository: this.name,
    });
    const announced = response.headers['docker-content-digest'];
    if (typeof announced === 'string' && announced !== descriptor.digest) {
      throw protocolError(this.client.host, `it stored ${announced} instead of ${descriptor.digest}`);
    }
    this.#remember(descriptor.digest, bytes);
    const { subject } = parseManifest(bytes, descriptor.mediaType);
    if (subject !== undefined && response.headers['oci-subject'] === undefined) {
      await this.#referrers.add(subject, descriptor, bytes, options);
    }
  }

  async tag(descriptor: Descriptor, reference: string, options: CallOptions = {}): Promise<void> {
    await this.#putManifest(descriptor, await this.#manifestBytes(descriptor, options), reference, options);
  }

  /**
   * Removes a tag. Registries that only delete by digest answer 405 or 400; the caller decides whether the digest may
   * go (09 §7 `oci delete`).
   */
  async untag(reference: string, options: CallOptions = {}): Promise<void> {
    await this.#delete(reference, options);
  }

  /** Deletes a manifest and every tag of it. */
  async delete(descriptor: Descriptor, options: CallOptions = {}): Promise<void> {
    const bytes = await this.#manifestBytes(descriptor, options);
    await this.#delete(descriptor.digest, options);
    const { subject } = parseManifest(bytes, descriptor.mediaType);
    this.#manifests.delete(descriptor.digest);
    if (subject !== undefined) await this.#referrers.remove(subject, descriptor, options);
  }

  async #delete(reference: string, options: CallOptions): Promise<void> {
    const response = await this.client.read({
      ...options,
      method: 'DELETE',
      target: this.path(`manifests/${reference}`),
      scopes: this.scopes('pull', 'delete'),
      repository: this.name,
      accept: [200, 202, 404],
    });
    if (response.status === 404)
      throw artifactNotFound(`${this.client.host}/${this.name}${separator(reference)}${reference}`);
  }

  async tags(options: CallOptions = {}): Promise<readonly string[]> {
    const found = new Set<string>();
    let target: string | URL | undefined = this.path('tags/list?n=1000');
    for (let page = 0; target !== undefined && page < 10_000; page++) {
      const response: Awaited<ReturnType<RegistryClient['read']>> = await this.client.read({
        ...options,
        method: 'GET',
        target,
        scopes: this.scopes('pull'),
        repository: this.name,
        accept: [200, 404],
      });
      if (response.status === 404) throw artifactNotFound(`${this.client.host}/${this.name}`);
      const listed = stringList(response.body, 'tags');
      const before = found.size;
      for (const tag of listed) found.add(tag);
      // A page that brings nothing new ends the list, whatever its Link header says.
      target = found.size === before ? undefined : nextPage(response, this.client);
    }
    return [...found].sort();
  }

  referrers(
    descriptor: Descriptor,
    options: CallOptions & { readonly artifactType?: string } = {},
  ): Promise<readonly Descriptor[]> {
    return this.#referrers.list(descriptor, options);
  }

  async mount(descriptor: Descriptor, from: Source, options: CallOptions = {}): Promise<boolean> {
    if (
      !(from instanceof RemoteRepository) ||
      from.client.host !== this.client.host ||
      from.name === this.name
    ) {
      return false;
    }
    const query = new URLSearchParams({ mount: descriptor.digest, from: from.name });
    const response = await this.client.read({
      ...options,
      method: 'POST',
      target: this.path(`blobs/uploads/?${query}`),
      headers: { 'content-length': '0' },
      scopes: [...this.scopes('pull', 'push'), ...from.scopes('pull')],
      repository: this.name,
      accept: [201, 202],
    });
    if (response.status === 201) return true;
    // 202 opened an upload session that is not needed.
    const location = response.headers.location;
    if (location !== undefined) await this.cancelUpload(new URL(location, response.url));
    return false;
  }
}

function separator(reference: string): string {
  return isDigest(reference) ? '@' : ':';
}

function contentType(header: string | undefined): string {
  return (header ?? '').split(';')[0]!.trim().toLowerCase();
}

/** A list of strings out of a registry's answer; anything else in it is dropped. */
export function stringList(bytes: Buffer, key: string): readonly string[] {
  let value: unknown;
  try {
    value = (JSON.parse(bytes.toString('utf8')) as Record<string, unknown>)[key];
  } catch {
    return [];
  }
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function brokenTransfer(host: string, descriptor: Descriptor, position: number, cause: unknown): Error {
  const error = protocolError(
    host,
    `it ended ${descriptor.digest} after ${position} of ${descriptor.size} bytes`,
  );
  return Object.assign(error, { cause });
}
