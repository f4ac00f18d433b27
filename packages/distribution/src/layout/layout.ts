import type { Readable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { fetchBytes } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { artifactNotFound, blobNotFound } from '../oci/errors.ts';
import { effectiveArtifactType, parseManifest, successors } from '../oci/manifest.ts';
import { isDistributable, isManifestType, mediaTypes, refNameAnnotation } from '../oci/media-types.ts';
import type { CallOptions, ContentSource, Source, Target } from '../oci/target.ts';
import { BlobFolder } from './blobs.ts';
import { IndexFile } from './index-file.ts';

/**
 * An OCI image layout directory (image-spec "Image Layout"). It holds any number of repositories: entries of
 * `index.json` are named `<repository>:<tag>`, or just `<tag>` in the layout's own unnamed repository.
 */
export class ImageLayout {
  readonly root: string;
  readonly blobs: BlobFolder;
  readonly index: IndexFile;

  constructor(root: string) {
    this.root = root;
    this.blobs = new BlobFolder(root);
    this.index = new IndexFile(root);
  }

  /** One repository; without a name, the one whose tags stand alone (what `skopeo` and `oras` write). */
  repository(name?: string): LayoutRepository {
    return new LayoutRepository(this, name);
  }

  /** Names of all repositories, sorted. */
  async repositories(): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const entry of await this.index.read()) {
      const separator = entry.annotations?.[refNameAnnotation]?.lastIndexOf(':') ?? -1;
      if (separator > 0) names.add(entry.annotations![refNameAnnotation]!.slice(0, separator));
      const own = entry.annotations?.[repositoryAnnotation];
      if (own !== undefined) names.add(own);
    }
    return [...names].sort();
  }

  /**
   * Removes blobs that no entry of the index leads to.
   * @param graceMs younger blobs stay, because a push that is under way has not named them yet. Default one hour.
   */
  async collectGarbage(
    options: { readonly graceMs?: number; readonly dryRun?: boolean; readonly keep?: Iterable<Digest> } = {},
  ): Promise<{ readonly removed: readonly Digest[]; readonly bytes: number }> {
    const used = new Set<Digest>([...(options.keep ?? []), ...(await this.referenced())]);
    const removed: Digest[] = [];
    let bytes = 0;
    for (const blob of await this.blobs.list()) {
      if (used.has(blob.digest) || Date.now() - blob.used < (options.graceMs ?? 3_600_000)) continue;
      if (options.dryRun !== true) await this.blobs.remove(blob.digest);
      removed.push(blob.digest);
      bytes += blob.size;
    }
    if (options.dryRun !== true) await this.blobs.cleanPartial(7 * 86_400_000);
    return { removed, bytes };
  }

  /** Digests of everything that an entry of the index leads to. */
  async referenced(): Promise<ReadonlySet<Digest>> {
    const used = new Set<Digest>();
    for (const entry of await this.index.read()) await this.#mark(entry, used);
    return used;
  }

  async #mark(descriptor: Descriptor, used: Set<Digest>): Promise<void> {
    if (used.has(descriptor.digest)) return;
    used.add(descriptor.digest);
    if (!isManifestType(descriptor.mediaType) || !(await this.blobs.has(descriptor))) return;
    const read = (one: Descriptor): Promise<Readable> => this.blobs.read(one);
    const bytes = await fetchBytes({ fetch: read }, descriptor);
    for (const child of successors(parseManifest(bytes, descriptor.mediaType))) await this.#mark(child, used);
  }
}

/** One repository of an image layout. */
export class LayoutRepository implements Target {
  readonly layout: ImageLayout;
  readonly name: string | undefined;

  constructor(layout: ImageLayout, name: string | undefined) {
    this.layout = layout;
    this.name = name;
  }

  #refName(tag: string): string {
    return this.name === undefined ? tag : `${this.name}:${tag}`;
  }

  #isMine(entry: Descriptor): boolean {
    const refName = entry.annotations?.[refNameAnnotation];
    if (refName === undefined) return entry.annotations?.[repositoryAnnotation] === this.name;
    const separator = refName.lastIndexOf(':');
    return this.name === undefined ? true : separator > 0 && refName.slice(0, separator) === this.name;
  }

  #tagOf(entry: Descriptor): string | undefined {
    const refName = entry.annotations?.[refNameAnnotation];
    return this.name === undefined ? refName : refName?.slice(this.name.length + 1);
  }

  /** This repository's entries of the index: tagged ones, and manifests pushed by digest alone. */
  async entries(): Promise<readonly Descriptor[]> {
    return (await this.layout.index.read()).filter((entry) => this.#isMine(entry));
  }

  async fetch(descriptor: Descriptor, options: { readonly offset?: number } = {}): Promise<Readable> {
    return this.layout.blobs.read(descriptor, options.offset);
  }

  async push(
    descriptor: Descriptor,
    content: ContentSource,
    options: CallOptions & { readonly reference?: string } = {},
  ): Promise<void> {
    if (!(await this.layout.blobs.has(descriptor))) {
      await this.layout.blobs.write(descriptor, content, options.signal);
    }
    if (!isManifestType(descriptor.mediaType)) return;
    if (options.reference !== undefined && !isDigest(options.reference))
      await this.tag(descriptor, options.reference);
    else if (await this.#mustBeListed(descriptor)) await this.list(descriptor);
  }

  /** Referring manifests are found only through the index, so they get an entry of their own. */
  async #mustBeListed(descriptor: Descriptor): Promise<boolean> {
    const manifest = parseManifest(await fetchBytes(this, descriptor), descriptor.mediaType);
    return manifest.subject !== undefined;
  }

  /** Lists a manifest without a tag, so that it survives garbage collection and is found as a referrer. */
  async list(descriptor: Descriptor): Promise<void> {
    const entry: Descriptor = {
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      ...(this.name === undefined ? {} : { annotations: { [repositoryAnnotation]: this.name } }),
    };
    await this.layout.index.update((entries) =>
      entries.some((one) => one.digest === descriptor.digest && this.#isMine(one))
        ? entries
        : [...entries, entry],
    );
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    if (!(await this.layout.blobs.has(descriptor))) return false;
    if (!isManifestType(descriptor.mediaType)) return true;
    // A manifest counts as present only with everything below it, so that copying repairs a layout that lost blobs.
    const manifest = await fetchBytes(this, descriptor).catch(() => undefined);
    if (manifest === undefined) return false;
    const parsed = parseManifest(manifest, descriptor.mediaType);
    if (parsed.subject !== undefined && !(await this.#isListed(descriptor))) return false;
    for (const child of successors(parsed)) {
      if (isDistributable(child.mediaType) && !(await this.exists(child))) return false;
    }
    return true;
  }

  async #isListed(descriptor: Descriptor): Promise<boolean> {
    return (await this.entries()).some((entry) => entry.digest === descriptor.digest);
  }

  async resolve(reference: string): Promise<Descriptor> {
    const entries = await this.entries();
    if (isDigest(reference)) {
      const entry =
        entries.find((one) => one.digest === reference) ?? (await this.#byDigest(entries, reference));
      if (entry === undefined) throw artifactNotFound(this.#full(reference));
      return plain(entry);
    }
    const entry = entries.find((one) => this.#tagOf(one) === reference);
    if (entry === undefined) {
      throw artifactNotFound(
        this.#refName(reference),
        entries.map((one) => this.#refName(this.#tagOf(one) ?? '')),
      );
    }
    return plain(entry);
  }

  #full(digest: string): string {
    return this.name === undefined ? digest : `${this.name}@${digest}`;
  }

  /** A digest named by an index of this repository, such as one platform of it. */
  async #byDigest(entries: readonly Descriptor[], digest: Digest): Promise<Descriptor | undefined> {
    for (const entry of entries) {
      if (entry.mediaType !== mediaTypes.imageIndex && entry.mediaType !== mediaTypes.dockerManifestList)
        continue;
      const index = parseManifest(await fetchBytes(this, entry), entry.mediaType);
      const found = successors(index).find((child) => child.digest === digest);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async tag(descriptor: Descriptor, reference: string): Promise<void> {
    if (!(await this.layout.blobs.has(descriptor))) throw blobNotFound(descriptor.digest, this.layout.root);
    const refName = this.#refName(reference);
    const entry: Descriptor = { ...plain(descriptor), annotations: { [refNameAnnotation]: refName } };
    await this.layout.index.update((entries) => {
      const others = entries.filter((one) => one.annotations?.[refNameAnnotation] !== refName);
      if (others.length === entries.length - 1) {
        const before = entries.find((one) => one.annotations?.[refNameAnnotation] === refName);
        if (before?.digest === entry.digest) return entries;
      }
      return [...others, entry];
    });
  }

  async untag(reference: string): Promise<void> {
    let found = false;
    await this.layout.index.update((entries) => {
      const rest = entries.filter((one) => !(this.#isMine(one) && this.#tagOf(one) === reference));
      found = rest.length < entries.length;
      return found ? rest : entries;
    });
    if (!found) throw artifactNotFound(this.#refName(reference));
  }

  /** Removes a tag, and the manifest with it when no other tag names it. */
  async expire(reference: string): Promise<void> {
    const descriptor = await this.resolve(reference);
    await this.untag(reference);
    const rest = (await this.entries()).filter((entry) => entry.digest === descriptor.digest);
    if (rest.length > 0 && rest.every((entry) => this.#tagOf(entry) === undefined))
      await this.delete(descriptor);
  }

  /** Removes a manifest with all its tags. @throws ProvisioningError `ARTIFACT_NOT_FOUND`. */
  async delete(descriptor: Descriptor): Promise<void> {
    let found = false;
    await this.layout.index.update((entries) => {
      const rest = entries.filter((one) => !(this.#isMine(one) && one.digest === descriptor.digest));
      found = rest.length < entries.length;
      return found ? rest : entries;
    });
    if (!found) throw artifactNotFound(this.#full(descriptor.digest));
  }

  async tags(): Promise<readonly string[]> {
    const found = (await this.entries()).map((entry) => this.#tagOf(entry));
    return [...new Set(found.filter((tag) => tag !== undefined))].sort();
  }

  async referrers(
    descriptor: Descriptor,
    options: { readonly artifactType?: string } = {},
  ): Promise<readonly Descriptor[]> {
    const found = new Map<Digest, Descriptor>();
    for (const entry of await this.entries()) {
      if (
        !isManifestType(entry.mediaType) ||
        found.has(entry.digest) ||
        !(await this.layout.blobs.has(entry))
      )
        continue;
      const manifest = parseManifest(await fetchBytes(this, entry), entry.mediaType);
      if (manifest.subject?.digest !== descriptor.digest) continue;
      const artifactType = effectiveArtifactType(manifest);
      if (options.artifactType !== undefined && options.artifactType !== artifactType) continue;
      found.set(entry.digest, {
        mediaType: entry.mediaType,
        digest: entry.digest,
        size: entry.size,
        ...(artifactType === undefined ? {} : { artifactType }),
        ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
      });
    }
    return [...found.values()];
  }

  /** All repositories of a layout share their blobs. */
  async mount(descriptor: Descriptor, from: Source): Promise<boolean> {
    return (
      from instanceof LayoutRepository &&
      from.layout.root === this.layout.root &&
      (await this.layout.blobs.has(descriptor))
    );
  }
}

/** Repository of an entry that has no tag. */
const repositoryAnnotation = 'dev.provisioning.layout.repository';

function plain(entry: Descriptor): Descriptor {
  return { mediaType: entry.mediaType, digest: entry.digest, size: entry.size };
}

/** Opens an image layout that must exist. @throws ProvisioningError `LAYOUT_NOT_FOUND`. */
export async function openLayout(root: string): Promise<ImageLayout> {
  const { access } = await import('node:fs/promises');
  try {
    await access(`${root}/oci-layout`);
  } catch (error) {
    throw new ProvisioningError({
      code: 'LAYOUT_NOT_FOUND',
      kind: 'not-found',
      message: `No OCI image layout found in ${root}`,
      hint: 'an image layout has the files oci-layout and index.json',
      cause: error,
    });
  }
  return new ImageLayout(root);
}
