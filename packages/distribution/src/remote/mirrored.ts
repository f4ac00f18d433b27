import type { Readable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Descriptor } from '../oci/descriptor.ts';
import type { CallOptions, Source } from '../oci/target.ts';

/** Whether the next place may have what this one did not give. Refusals count: a mirror may be private. */
function goOn(error: unknown): boolean {
  return (
    error instanceof ProvisioningError &&
    (error.kind === 'not-found' || error.kind === 'unavailable' || error.kind === 'permission')
  );
}

/**
 * Reads from the first of several places that has what is asked: mirrors first, the origin last. Digests are the same
 * everywhere, so whoever answers a tag decides the content and every place may deliver it.
 */
export class MirroredSource implements Source {
  readonly #places: readonly Source[];

  constructor(places: readonly Source[]) {
    this.#places = places;
  }

  async #first<T>(ask: (place: Source) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const place of this.#places) {
      try {
        return await ask(place);
      } catch (error) {
        if (!goOn(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  resolve(reference: string, options?: CallOptions): Promise<Descriptor> {
    return this.#first((place) => place.resolve(reference, options));
  }

  fetch(descriptor: Descriptor, options?: CallOptions & { readonly offset?: number }): Promise<Readable> {
    return this.#first((place) => place.fetch(descriptor, options));
  }

  async referrers(
    descriptor: Descriptor,
    options?: CallOptions & { readonly artifactType?: string },
  ): Promise<readonly Descriptor[]> {
    const found = new Map<string, Descriptor>();
    for (const place of this.#places) {
      const entries = await place.referrers(descriptor, options).catch((error: unknown) => {
        if (goOn(error)) return [];
        throw error;
      });
      for (const entry of entries) found.set(entry.digest, entry);
    }
    return [...found.values()];
  }
}
