import type { Readable } from 'node:stream';
import type { Descriptor } from './descriptor.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * Opens content at a byte offset. A destination calls it again to go on after a broken transfer, so every transfer can
 * be resumed by whoever is writing.
 */
export type ContentSource = (offset: number) => Promise<Readable>;

/** Reads content by descriptor. */
export interface Fetcher {
  /**
   * From offset 0 the stream is verified: it fails at its end, or at the first byte too many, when the content is not
   * what the descriptor says. From another offset the caller verifies.
   * @throws ProvisioningError `BLOB_NOT_FOUND`.
   */
  fetch(descriptor: Descriptor, options?: CallOptions & { readonly offset?: number }): Promise<Readable>;
}

/** Stores content by descriptor. */
export interface Pusher {
  /**
   * Stores the content; nothing becomes visible unless it matches the descriptor. Pushing what is there is no error.
   * `reference` names a manifest in the same request where the target can.
   */
  push(
    descriptor: Descriptor,
    content: ContentSource,
    options?: CallOptions & { readonly reference?: string },
  ): Promise<void>;
}

/** Content-addressed storage. */
export interface Storage extends Fetcher, Pusher {
  exists(descriptor: Descriptor, options?: CallOptions): Promise<boolean>;
}

/** Turns a tag or digest into a descriptor. */
export interface Resolver {
  /** @throws ProvisioningError `ARTIFACT_NOT_FOUND`. */
  resolve(reference: string, options?: CallOptions): Promise<Descriptor>;
}

/** What can be read from: enough for a pull. */
export interface Source extends Fetcher, Resolver {
  /** Manifests whose `subject` is the given one (distribution-spec "Listing Referrers"). */
  referrers(
    descriptor: Descriptor,
    options?: CallOptions & { readonly artifactType?: string },
  ): Promise<readonly Descriptor[]>;
}

/** A repository wherever it lives: remote registry, image layout on disk, or memory. `copy` works between any two. */
export interface Target extends Source, Storage {
  /** Names stored content. An existing tag moves. */
  tag(descriptor: Descriptor, reference: string, options?: CallOptions): Promise<void>;
  /** Removes a tag; content stays until nothing names it. @throws ProvisioningError `ARTIFACT_NOT_FOUND`. */
  untag(reference: string, options?: CallOptions): Promise<void>;
  /** Every tag in lexical order. */
  tags(options?: CallOptions): Promise<readonly string[]>;
  /** Makes content of a sibling repository available without a transfer; `false` when that cannot be done. */
  mount?(descriptor: Descriptor, from: Source, options?: CallOptions): Promise<boolean>;
}
