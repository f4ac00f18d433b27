import { ProviderError } from '../provider-error.ts';
import { backoff } from './backoff.ts';
import type { Clock } from './clock.ts';

/** A resource as `createOnce` needs to know it. */
export interface Created {
  readonly id: string;
  readonly created_at: string;
}

/**
 * Creates a resource exactly once although answers get lost and listings lag behind (06 §8, 06.A5).
 *
 * A create call whose outcome is unknown is followed by look-ups under our tags, for as long as the service's listing
 * may lag; only then it is repeated. Should the first call have worked after all, the copies that carry the same
 * idempotency key are removed: nobody can have used them yet, and the oldest one stays.
 */
export async function createOnce<T extends Created>(options: {
  /** Resources under our tags with this idempotency key, or with the name; the oldest wins. */
  readonly find: () => Promise<readonly T[]>;
  readonly create: () => Promise<T>;
  readonly remove: (copy: T) => Promise<void>;
  readonly attempts: number;
  /** Seconds within which a listing shows what was created. Default 10. */
  readonly settle?: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}): Promise<T> {
  const { find, create, remove, attempts, clock, signal, settle = 10 } = options;
  let unclear = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const created = await create();
      return unclear ? await keepOldest(created, find, remove) : created;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ProviderError) || !isUnclear(error)) throw error;
      unclear ||= error.providerCode !== 'rate_limited';
      const found = await lookUp(find, error.providerCode === 'rate_limited' ? 0 : settle, clock, signal);
      if (found !== undefined) return await keepOldest(found, find, remove);
      if (attempt >= attempts || error.providerCode === 'conflict') throw error;
      await clock.sleep((error.retryAfter ?? backoff(attempt + 1, clock)) * 1000, signal);
    }
  }
}

/** The call may have worked (no answer, an error inside the service) or may work later. `conflict`: the name is ours already. */
function isUnclear({ providerCode }: ProviderError): boolean {
  return ['timeout', 'unavailable', 'rate_limited', 'conflict'].includes(providerCode);
}

async function lookUp<T extends Created>(
  find: () => Promise<readonly T[]>,
  seconds: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  const end = clock.now() + seconds * 1000;
  for (;;) {
    const [found] = sorted(await find());
    if (found !== undefined || clock.now() >= end) return found;
    await clock.sleep(2000, signal);
  }
}

async function keepOldest<T extends Created>(
  known: T,
  find: () => Promise<readonly T[]>,
  remove: (copy: T) => Promise<void>,
): Promise<T> {
  const all = await find();
  const [oldest = known, ...copies] = sorted(all.some(({ id }) => id === known.id) ? all : [...all, known]);
  for (const copy of copies) await remove(copy);
  return oldest;
}

function sorted<T extends Created>(resources: readonly T[]): T[] {
  return [...resources].sort((a, b) => a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id));
}
