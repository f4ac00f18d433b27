import { ProvisioningError } from '@provisioning/extensions-sdk';
import { fetchBytes, fromBytes } from './content.ts';
import { type Descriptor, platformName } from './descriptor.ts';
import { type Digest } from './digest.ts';
import { interrupted } from './errors.ts';
import { type Index, type Manifest, parseManifest, successors } from './manifest.ts';
import { isDistributable, isManifestType } from './media-types.ts';
import type { CallOptions, Source, Target } from './target.ts';

/** What happened to one piece of content. */
export type CopyOutcome = 'copied' | 'skipped' | 'mounted';

export interface CopyOptions extends CallOptions {
  /** Blobs in flight at once. Default 4. */
  readonly concurrency?: number;
  /** Of an index, copy only the entry of this platform (`linux/amd64`), or the one without a platform. */
  readonly platform?: string;
  /** Copy signatures, bills of materials and whatever else refers to the artifact. Default `false`. */
  readonly referrers?: boolean;
  /**
   * The artifact is new to the destination: the manifest and blobs of up to 1 MiB are sent without asking first whether
   * they are there, which would take as long as sending them. Default `false`.
   */
  readonly fresh?: boolean;
  /** Called once for each piece of content when it is at its destination. */
  readonly onContent?: (descriptor: Descriptor, outcome: CopyOutcome) => void;
}

/** Content up to this size is sent as fast as it is asked for. */
const smallBytes = 1024 * 1024;
const maxNodes = 100_000;
const maxNesting = 8;

/**
 * Copies the artifact that `reference` names with everything it needs, between any two targets: pull, push, mirror,
 * export and import are all this. Manifests are written after what they name, so a tag never points to missing content.
 * @returns the descriptor of the artifact, the same on both sides.
 */
export async function copy(
  source: Source,
  reference: string,
  destination: Target,
  as: string | undefined = reference,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const named = await source.resolve(reference, options);
  const root =
    options.platform === undefined ? named : await selectPlatform(source, named, options.platform, options);
  await new GraphCopy(source, destination, options).run(root, as);
  return root;
}

/** Copies one artifact by descriptor, without naming it at the destination. */
export async function copyGraph(
  source: Source,
  destination: Target,
  root: Descriptor,
  options: CopyOptions = {},
): Promise<void> {
  await new GraphCopy(source, destination, options).run(root, undefined);
}

/**
 * The entry of an index for a platform, else the one without platform; a plain manifest is its own answer (09 §4).
 * @throws ProvisioningError `PLATFORM_NOT_FOUND`.
 */
export async function selectPlatform(
  source: Source,
  root: Descriptor,
  platform: string,
  options: CallOptions = {},
): Promise<Descriptor> {
  if (!isManifestType(root.mediaType)) return root;
  const manifest = parseManifest(await fetchBytes(source, root, options), root.mediaType);
  if (manifest.kind === 'manifest') return root;
  const exact = manifest.manifests.find(
    (entry) => entry.platform !== undefined && platformName(entry.platform) === platform,
  );
  const chosen = exact ?? manifest.manifests.find((entry) => entry.platform === undefined);
  if (chosen !== undefined) return chosen;
  throw new ProvisioningError({
    code: 'PLATFORM_NOT_FOUND',
    kind: 'not-found',
    message: `No artifact for platform ${platform}`,
    hint: `it exists for ${manifest.manifests.map((entry) => entry.platform && platformName(entry.platform)).join(', ') || 'no platform at all'}`,
  });
}

/** One run of a copy: every digest once, whatever refers to it, under one limit of transfers. */
class GraphCopy {
  readonly #source: Source;
  readonly #destination: Target;
  readonly #options: CopyOptions;
  readonly #done = new Map<Digest, Promise<void>>();
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(source: Source, destination: Target, options: CopyOptions) {
    this.#source = source;
    this.#destination = destination;
    this.#options = options;
    this.#free = Math.max(1, options.concurrency ?? 4);
    this.#signal =
      options.signal === undefined
        ? this.#abort.signal
        : AbortSignal.any([options.signal, this.#abort.signal]);
  }

  async run(root: Descriptor, reference: string | undefined): Promise<void> {
    try {
      await this.#node(root, reference, 0);
    } catch (error) {
      // The other transfers of this run are of no use any more.
      this.#abort.abort(error);
      await Promise.allSettled(this.#done.values());
      throw this.#options.signal?.aborted === true ? interrupted('The copy') : error;
    }
  }

  #node(descriptor: Descriptor, reference: string | undefined, nesting: number): Promise<void> {
    const known = this.#done.get(descriptor.digest);
    if (known !== undefined) return known;
    if (this.#done.size >= maxNodes || nesting > maxNesting) {
      return Promise.reject(
        new ProvisioningError({
          code: 'INVALID_MANIFEST',
          message: `Invalid manifest: ${descriptor.digest} names too much content or is nested too deeply`,
        }),
      );
    }
    const work = isManifestType(descriptor.mediaType)
      ? this.#manifest(descriptor, reference, nesting)
      : this.#limited(() => this.#blob(descriptor));
    this.#done.set(descriptor.digest, work);
    return work;
  }

  async #manifest(descriptor: Descriptor, reference: string | undefined, nesting: number): Promise<void> {
    const call = { signal: this.#signal };
    const present = await this.#limited(() => this.#isPresent(descriptor));
    if (present) {
      if (reference !== undefined) await this.#destination.tag(descriptor, reference, call);
    } else {
      const bytes = await this.#limited(() => fetchBytes(this.#source, descriptor, call));
      await this.#children(parseManifest(bytes, descriptor.mediaType), nesting);
      await this.#limited(() =>
        this.#destination.push(descriptor, fromBytes(bytes), {
          ...call,
          ...(reference === undefined ? {} : { reference }),
        }),
      );
    }
    this.#options.onContent?.(descriptor, present ? 'skipped' : 'copied');
    if (this.#options.referrers === true && nesting < maxNesting) {
      const referring = await this.#limited(() => this.#source.referrers(descriptor, call));
      // A dishonest registry may answer with a circle; what is under way already is not waited for.
      const fresh = referring.filter((entry) => !this.#done.has(entry.digest));
      await this.#all(fresh.map((entry) => this.#node(entry, undefined, nesting + 1)));
    }
  }

  async #children(manifest: Manifest | Index, nesting: number): Promise<void> {
    const content = successors(manifest).filter(({ mediaType }) => isDistributable(mediaType));
    await this.#all(content.map((child) => this.#node(child, undefined, nesting + 1)));
  }

  async #blob(descriptor: Descriptor): Promise<void> {
    const call = { signal: this.#signal };
    if (await this.#isPresent(descriptor)) {
      this.#options.onContent?.(descriptor, 'skipped');
      return;
    }
    if ((await this.#destination.mount?.(descriptor, this.#source, call)) === true) {
      this.#options.onContent?.(descriptor, 'mounted');
      return;
    }
    await this.#destination.push(
      descriptor,
      (offset) => this.#source.fetch(descriptor, { ...call, offset }),
      call,
    );
    this.#options.onContent?.(descriptor, 'copied');
  }

  async #isPresent(descriptor: Descriptor): Promise<boolean> {
    if (this.#options.fresh === true && descriptor.size <= smallBytes) return false;
    return this.#destination.exists(descriptor, { signal: this.#signal });
  }

  /** The first failure stops the rest at once instead of waiting for transfers that lead nowhere. */
  async #all(work: readonly Promise<void>[]): Promise<void> {
    await Promise.all(work.map((one) => one.catch((error: unknown) => Promise.reject(this.#fail(error)))));
  }

  #fail(error: unknown): unknown {
    if (!this.#abort.signal.aborted) this.#abort.abort(error);
    return this.#abort.signal.reason ?? error;
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      this.#signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
