import { writeFileAtomic } from '@provisioning/core';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type FetchPlace, maxArchiveBytes, verifyArchive } from '../artifacts/download.ts';
import { readAll } from '../oci/content.ts';
import { checkBlob } from '../signing/blob.ts';
import {
  type IndexExtension,
  type IndexVersion,
  maxIndexBytes,
  parseIndex,
  type StaticIndex,
} from './format.ts';

/** How long a fetched index is used without asking again (10 §7). */
const freshMs = 300_000;

interface Remembered {
  readonly etag: string | null;
  readonly fetched_at: number;
  readonly body: string;
}

/** A static index behind an address (10 §7), remembered between commands. */
export class IndexClient {
  readonly #session: FetchPlace;
  /** Ends with a slash. */
  readonly base: string;
  #index: Promise<StaticIndex> | undefined;

  constructor(session: FetchPlace, url: string) {
    this.#session = session;
    this.base = url.replace(/(?:index\.json|\/+)?$/, '/');
  }

  /** The index. @throws ProvisioningError `INDEX_UNAVAILABLE`, `INDEX_INVALID`; signature errors, exit 4. */
  read(options: { readonly refresh?: boolean } = {}): Promise<StaticIndex> {
    if (options.refresh === true) this.#index = undefined;
    this.#index ??= this.#read(options.refresh === true);
    return this.#index;
  }

  async #read(refresh: boolean): Promise<StaticIndex> {
    const url = `${this.base}index.json`;
    const body = Buffer.from(await this.#body(url, refresh), 'utf8');
    await checkBlob(this.#session, body, url, async () => {
      const response = await this.#session.open(new URL(`${url}.sig`));
      if (response.status === 200) return readAll(response.body, 64 * 1024, `${url}.sig`);
      response.body.resume();
      return undefined;
    });
    return parseIndex(body, url);
  }

  async #body(url: string, refresh: boolean): Promise<string> {
    const { cacheFolder, offline } = this.#session.settings;
    const file = join(cacheFolder, 'index', `${createHash('sha256').update(url).digest('hex')}.json`);
    const known = await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as Remembered,
      () => undefined,
    );
    if (known !== undefined && (offline || (!refresh && Date.now() - known.fetched_at < freshMs)))
      return known.body;
    const headers: Record<string, string> = known?.etag == null ? {} : { 'if-none-match': known.etag };
    const response = await this.#session.open(new URL(url), headers);
    if (response.status !== 200 && response.status !== 304) {
      response.body.resume();
      throw new ProvisioningError({
        code: 'INDEX_UNAVAILABLE',
        kind: 'unavailable',
        message: `${url} answers ${response.status}`,
        hint: 'check dependencies.registry.http.url',
      });
    }
    const fetched =
      response.status === 304
        ? undefined
        : (await readAll(response.body, maxIndexBytes, url)).toString('utf8');
    if (fetched === undefined) response.body.resume();
    const etag = response.headers['etag'];
    const remembered: Remembered = {
      etag: typeof etag === 'string' ? etag : (known?.etag ?? null),
      fetched_at: Date.now(),
      body: fetched ?? known!.body,
    };
    await mkdir(join(cacheFolder, 'index'), { recursive: true });
    await writeFileAtomic(file, JSON.stringify(remembered), 0o644);
    return remembered.body;
  }

  /** An address of the index, made absolute. It stays where the index is or names another place outright. */
  resolve(url: string): string {
    return new URL(url, this.base).href;
  }

  /** Fetches the package of a version and checks it. @throws ProvisioningError `DIGEST_MISMATCH`. */
  async download(extension: IndexExtension, version: IndexVersion): Promise<Buffer> {
    const url = this.resolve(version.url);
    const response = await this.#session.open(new URL(url));
    if (response.status !== 200) {
      response.body.resume();
      throw new ProvisioningError({
        code: 'ARTIFACT_NOT_FOUND',
        kind: 'not-found',
        message: `Artifact not found: ${url}`,
        hint: `the index names it as the package of ${extension.name} ${version.version}`,
      });
    }
    const announced = response.headers['x-checksum-sha256'];
    const bytes = await readAll(response.body, version.size ?? maxArchiveBytes, url);
    verifyArchive(bytes, version.sha256, url);
    if (typeof announced === 'string') verifyArchive(bytes, announced, url);
    return bytes;
  }
}
