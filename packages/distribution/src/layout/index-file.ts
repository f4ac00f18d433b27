import { withFileLock, writeFileAtomic } from '@provisioning/core';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Descriptor } from '../oci/descriptor.ts';
import { encodeManifest, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';

/** Version of the image layout that is written and read (image-spec "oci-layout file"). */
const layoutVersion = '1.0.0';

/** `index.json` and `oci-layout` of an image layout; changes go through one lock for all processes. */
export class IndexFile {
  readonly #root: string;
  #chain: Promise<unknown> = Promise.resolve();
  #prepared = false;
  /** What was read last, and of which version of the file: every replacement is a new file. */
  #cached: { readonly mark: string; readonly entries: readonly Descriptor[] } | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Entries in file order. A layout that does not exist yet is empty. @throws ProvisioningError `INVALID_LAYOUT`. */
  async read(): Promise<readonly Descriptor[]> {
    const path = join(this.#root, 'index.json');
    let bytes: Buffer;
    let mark: string;
    try {
      const details = await stat(path, { bigint: true });
      mark = `${details.ino} ${details.mtimeNs} ${details.size}`;
      if (this.#cached?.mark === mark) return this.#cached.entries;
      await this.#checkVersion();
      bytes = await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    try {
      const index = parseManifest(bytes, mediaTypes.imageIndex);
      const entries = index.kind === 'index' ? index.manifests : [];
      this.#cached = { mark, entries };
      return entries;
    } catch (error) {
      throw new ProvisioningError({
        code: 'INVALID_LAYOUT',
        message: `${path} cannot be read: ${(error as Error).message}`,
        hint: 'restore the file, or remove the folder and fill it again',
        cause: error,
      });
    }
  }

  /** Applies a change to the entries under the lock. Changes of one process are made in the order of the calls. */
  update(change: (entries: readonly Descriptor[]) => readonly Descriptor[]): Promise<void> {
    const work = this.#chain.then(async () => {
      await this.#prepare();
      await withFileLock(join(this.#root, '.index'), async () => {
        const before = await this.read();
        const after = change(before);
        if (after === before) return;
        const bytes = encodeManifest({ mediaType: mediaTypes.imageIndex, manifests: after });
        await writeFileAtomic(join(this.#root, 'index.json'), bytes, 0o644);
      });
    });
    this.#chain = work.catch(() => undefined);
    return work;
  }

  async #prepare(): Promise<void> {
    if (this.#prepared) return;
    await mkdir(join(this.#root, 'blobs', 'sha256'), { recursive: true });
    const marker = join(this.#root, 'oci-layout');
    const present = await readFile(marker).catch(() => undefined);
    if (present === undefined)
      await writeFileAtomic(marker, JSON.stringify({ imageLayoutVersion: layoutVersion }), 0o644);
    this.#prepared = true;
  }

  async #checkVersion(): Promise<void> {
    const marker = join(this.#root, 'oci-layout');
    const text = await readFile(marker, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return;
    let version: unknown;
    try {
      version = (JSON.parse(text) as { imageLayoutVersion?: unknown }).imageLayoutVersion;
    } catch {
      version = 'unreadable';
    }
    if (version !== layoutVersion) {
      throw new ProvisioningError({
        code: 'INVALID_LAYOUT',
        message: `${marker}: image layout version ${String(version)} is not supported, expected ${layoutVersion}`,
      });
    }
  }
}
