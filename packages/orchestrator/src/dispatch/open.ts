import type { Executor } from '../execution/executor.ts';
import type { Journal } from '../journal/journal.ts';
import type { PostgresStore } from '../journal/postgres/store.ts';
import type { Store } from '../journal/store.ts';
import type { Settings } from '../settings/settings.ts';
import { requireSharedStore } from './bullmq/shared-store.ts';
import type { Dispatcher } from './dispatcher.ts';
import { EmbeddedDispatcher } from './embedded.ts';

export interface DispatcherParts {
  readonly store: Store;
  readonly executor: Executor;
  readonly journal: () => Journal;
  readonly onError: (error: Error) => void;
}

/** The dispatcher that the settings ask for. @throws ProvisioningError when the store does not fit it */
export async function openDispatcher(
  settings: Settings,
  { store, executor, journal, onError }: DispatcherParts,
): Promise<Dispatcher> {
  if (settings.dispatcher === 'embedded') {
    return new EmbeddedDispatcher(executor, { grace: settings.executor.cancel_grace_seconds * 1000 });
  }
  requireSharedStore(store.type);
  const { BullDispatcher } = await import('./bullmq/dispatcher.ts');
  return new BullDispatcher({
    redisUrl: settings.redis.url,
    store: store as PostgresStore,
    journal,
    onError,
  });
}
