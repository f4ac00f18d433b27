import { createWriteStream } from 'node:fs';
import { copyFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import type { BundleEntry } from '../compatibility/matrix.ts';

/** One published version of a line. */
export interface ReleasedVersion {
  readonly withdrawn?: boolean;
  readonly insecure?: boolean;
  readonly notes?: string;
}

/** `index.json` beside the releases: what there is and what became of it. */
export interface ReleaseIndex {
  readonly lines: Readonly<
    Record<string, { readonly latest?: string; readonly versions: Readonly<Record<string, ReleasedVersion>> }>
  >;
  readonly bundles?: Readonly<Record<string, BundleEntry>>;
  /** `stable`, `lts` → id of a bundle. */
  readonly pointers?: Readonly<Record<string, string>>;
}

const attempts = 3;

/** Where releases come from: `<base>/<version>/<file>` behind http(s), a `file:` address or a folder (11 §5). */
export class ReleaseSource {
  /** Empty when nobody has said where releases are; looking for one then fails. */
  readonly base: string;
  readonly #folder: string | undefined;
  readonly #signal: AbortSignal | undefined;
  #index: Promise<ReleaseIndex> | undefined;

  constructor(base: string, signal?: AbortSignal) {
    this.base = base.replace(/\/+$/, '');
    this.#signal = signal;
    this.#folder = /^https?:\/\//.test(base)
      ? undefined
      : base.startsWith('file:')
        ? fileURLToPath(base)
        : this.base;
  }

  /**
   * What there is; a folder without an index is read by its names.
   * @throws ProvisioningError `RELEASES_NOT_SET`, exit 3.
   */
  index(): Promise<ReleaseIndex> {
    if (this.base === '') return Promise.reject(notSet());
    this.#index ??= this.#readIndex();
    return this.#index;
  }

  /**
   * The exact version behind `latest` or a version that is given.
   * @throws ProvisioningError `RELEASE_NOT_FOUND`, exit 5.
   */
  async resolve(line: string, wanted: string): Promise<string> {
    const known = (await this.index()).lines[line];
    if (wanted !== 'latest') {
      if (known !== undefined && Object.hasOwn(known.versions, wanted)) return wanted;
      throw this.#notFound(`${line} ${wanted}`, Object.keys(known?.versions ?? {}));
    }
    const latest = known?.latest ?? newestStable(known?.versions ?? {});
    if (latest === undefined) throw this.#notFound(line, Object.keys(known?.versions ?? {}));
    return latest;
  }

  /** Text of a small file of a version, or of the base. */
  async text(...path: string[]): Promise<string> {
    if (this.base === '') throw notSet();
    if (this.#folder !== undefined) {
      return readFile(join(this.#folder, ...path), 'utf8').catch((error: unknown) => {
        throw missing(error, join(this.#folder!, ...path));
      });
    }
    const response = await this.#fetch(path);
    return response.text();
  }

  /** Brings a file of a version to `target`, in three attempts. */
  async download(version: string, file: string, target: string): Promise<void> {
    if (this.#folder !== undefined) {
      const from = join(this.#folder, version, file);
      await copyFile(from, target).catch((error: unknown) => {
        throw missing(error, from);
      });
      return;
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.#fetch([version, file], 1);
        const body = Readable.fromWeb(response.body as never);
        await pipeline(body, createWriteStream(target), { signal: this.#signal });
        return;
      } catch (error) {
        await rm(target, { force: true });
        if (this.#signal?.aborted === true || isFinal(error) || attempt === attempts) throw error;
        await delay(attempt * 500, undefined, { signal: this.#signal });
      }
    }
  }

  async #fetch(path: readonly string[], tries = attempts): Promise<Response> {
    const address = [this.base, ...path.map(encodeURIComponent)].join('/');
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await fetch(address, { signal: this.#signal });
        if (response.ok && response.body !== null) return response;
        await response.body?.cancel();
        throw unavailable(address, response.status);
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (isFinal(error) || attempt >= tries) throw asDownloadError(error, address);
        await delay(attempt * 500, undefined, { signal: this.#signal });
      }
    }
  }

  async #readIndex(): Promise<ReleaseIndex> {
    try {
      return JSON.parse(await this.text('index.json')) as ReleaseIndex;
    } catch (error) {
      if (this.#folder === undefined || (error as { code?: string }).code !== 'RELEASE_NOT_FOUND')
        throw error;
      return scan(this.#folder);
    }
  }

  #notFound(what: string, there: readonly string[]): ProvisioningError {
    const versions = semver.rsort([...there].filter((one) => semver.valid(one) !== null)).slice(0, 8);
    return new ProvisioningError({
      code: 'RELEASE_NOT_FOUND',
      kind: 'not-found',
      message: `No release of ${what} at ${this.base}`,
      hint:
        versions.length === 0
          ? 'PROVISIONING_RELEASES_URL says where releases are'
          : `there is: ${versions.join(', ')}`,
    });
  }
}

/** The newest version that is neither withdrawn nor a pre-release. */
export function newestStable(versions: Readonly<Record<string, ReleasedVersion>>): string | undefined {
  const usable = Object.entries(versions)
    .filter(([version, { withdrawn, insecure }]) => semver.valid(version) !== null && !withdrawn && !insecure)
    .map(([version]) => version);
  const stable = usable.filter((version) => semver.prerelease(version) === null);
  return semver.rsort(stable.length > 0 ? stable : usable)[0];
}

/** An index from the names of the files: `<version>/provisioning-<line>-<version>.tar.gz`. */
async function scan(folder: string): Promise<ReleaseIndex> {
  const lines: Record<string, { versions: Record<string, ReleasedVersion> }> = {};
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw missing(error, folder);
  });
  for (const { name: version } of entries.filter((entry) => entry.isDirectory())) {
    const pattern = new RegExp(
      `^provisioning-([a-z]+)-${version.replace(/[.+]/g, String.raw`\$&`)}\\.tar\\.gz$`,
    );
    for (const file of await readdir(join(folder, version))) {
      const line = pattern.exec(file)?.[1];
      if (line !== undefined) (lines[line] ??= { versions: {} }).versions[version] = {};
    }
  }
  return { lines };
}

function notSet(): ProvisioningError {
  return new ProvisioningError({
    code: 'RELEASES_NOT_SET',
    kind: 'configuration',
    message: 'Nobody has said where releases are',
    hint: 'set PROVISIONING_RELEASES_URL to the address, or the folder, that has them',
  });
}

function missing(error: unknown, path: string): unknown {
  if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return error;
  return new ProvisioningError({
    code: 'RELEASE_NOT_FOUND',
    kind: 'not-found',
    message: `Release file not found: ${path}`,
    hint: 'PROVISIONING_RELEASES_URL says where releases are',
  });
}

function unavailable(address: string, status: number): ProvisioningError {
  const gone = status === 404 || status === 410;
  return new ProvisioningError({
    code: gone ? 'RELEASE_NOT_FOUND' : 'DOWNLOAD_FAILED',
    kind: gone ? 'not-found' : 'unavailable',
    message: `Download failed: ${address} answered ${status}`,
    hint: gone ? 'check the version and PROVISIONING_RELEASES_URL' : 'try again later',
    retryable: status >= 500 || status === 429,
  });
}

function isFinal(error: unknown): boolean {
  return error instanceof ProvisioningError && !error.retryable;
}

function asDownloadError(error: unknown, address: string): unknown {
  if (error instanceof ProvisioningError) return error;
  const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
  return new ProvisioningError({
    code: 'DOWNLOAD_FAILED',
    kind: 'unavailable',
    message: `Download failed: ${address} (${cause})`,
    hint: 'check the network and PROVISIONING_RELEASES_URL',
    retryable: true,
    cause: error,
  });
}
