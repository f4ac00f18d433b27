import type { CallOptions, Target } from '../oci/target.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { effectiveArtifactType, encodeManifest, parseManifest } from '../oci/manifest.ts';
import { describe } from '../oci/descriptor.ts';
import { manifestAccept, mediaTypes } from '../oci/media-types.ts';
import { fromBytes } from '../oci/content.ts';
import { nextPage } from './paging.ts';
import type { RepositoryAccess } from './access.ts';

/**
 * What refers to a manifest: the referrers API, and where a registry has none the index under the fallback tag
 * `sha256-<hex>` (distribution-spec "Referrers Tag Schema").
 */
export class ReferrersIndex {
  readonly #repository: RepositoryAccess & Pick<Target, 'push'>;
  #supported: boolean | undefined;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(repository: RepositoryAccess & Pick<Target, 'push'>) {
    this.#repository = repository;
  }

  async list(
    subject: Descriptor,
    options: CallOptions & { readonly artifactType?: string },
  ): Promise<readonly Descriptor[]> {
    const all =
      (this.#supported === false ? undefined : await this.#fromApi(subject, options)) ??
      (await this.#fallback(subject, options));
    const { artifactType } = options;
    // A registry may or may not have filtered already (`OCI-Filters-Applied`); filtering twice is harmless.
    return artifactType === undefined ? all : all.filter((entry) => entry.artifactType === artifactType);
  }

  async #fromApi(
    subject: Descriptor,
    options: CallOptions & { readonly artifactType?: string },
  ): Promise<readonly Descriptor[] | undefined> {
    const { client, name } = this.#repository;
    const query =
      options.artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(options.artifactType)}`;
    let target: string | URL | undefined = this.#repository.path(`referrers/${subject.digest}${query}`);
    const found: Descriptor[] = [];
    for (let page = 0; target !== undefined && page < 1000; page++) {
      const response: Awaited<ReturnType<typeof client.read>> = await client.read({
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        method: 'GET',
        target,
        headers: { accept: mediaTypes.imageIndex },
        scopes: this.#repository.scopes('pull'),
        repository: name,
        accept: [200, 400, 404, 405],
      });
      const type = String(response.headers['content-type'] ?? '')
        .split(';')[0]!
        .trim();
      if (response.status !== 200 || type !== mediaTypes.imageIndex) {
        this.#supported = false;
        return undefined;
      }
      const index = parseManifest(response.body, mediaTypes.imageIndex);
      if (index.kind === 'index') found.push(...index.manifests);
      target = nextPage(response, client);
    }
    this.#supported = true;
    return found;
  }

  #tag(subject: Descriptor): string {
    return subject.digest.replace(':', '-').slice(0, 128);
  }

  async #fallback(subject: Descriptor, options: CallOptions): Promise<readonly Descriptor[]> {
    const response = await this.#repository.client.read({
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      method: 'GET',
      target: this.#repository.path(`manifests/${this.#tag(subject)}`),
      headers: { accept: manifestAccept },
      scopes: this.#repository.scopes('pull'),
      repository: this.#repository.name,
      accept: [200, 404],
    });
    if (response.status === 404) return [];
    const index = parseManifest(response.body, mediaTypes.imageIndex);
    return index.kind === 'index' ? index.manifests : [];
  }

  /** Lists a manifest under the fallback tag of its subject, for registries that do not index it themselves. */
  add(subject: Descriptor, descriptor: Descriptor, bytes: Uint8Array, options: CallOptions): Promise<void> {
    const manifest = parseManifest(bytes, descriptor.mediaType);
    const artifactType = effectiveArtifactType(manifest);
    const entry: Descriptor = {
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
    };
    return this.#change(subject, options, (entries) =>
      entries.some(({ digest }) => digest === entry.digest) ? entries : [...entries, entry],
    );
  }

  remove(subject: Descriptor, descriptor: Descriptor, options: CallOptions): Promise<void> {
    if (this.#supported === true) return Promise.resolve();
    return this.#change(subject, options, (entries) => {
      const rest = entries.filter(({ digest }) => digest !== descriptor.digest);
      return rest.length === entries.length ? entries : rest;
    });
  }

  /** The tag schema has no locking; changes of one process are at least made one after another. */
  #change(
    subject: Descriptor,
    options: CallOptions,
    edit: (entries: readonly Descriptor[]) => readonly Descriptor[],
  ): Promise<void> {
    const work = this.#changes.then(async () => {
      const before = await this.#fallback(subject, options);
      const after = edit(before);
      if (after === before) return;
      const bytes = encodeManifest({ mediaType: mediaTypes.imageIndex, manifests: after });
      const reference = this.#tag(subject);
      await this.#repository.push(describe(mediaTypes.imageIndex, bytes), fromBytes(bytes), {
        ...options,
        reference,
      });
    });
    this.#changes = work.catch(() => undefined);
    return work;
  }
}
