import { join } from 'node:path';
import type { Settings } from '../service/settings.ts';
import { SqliteStore } from './sqlite/store.ts';
import type { Store } from './store.ts';

/** The store that the settings ask for; nothing is contacted yet. */
export function openStore(settings: Settings): Store {
  return new SqliteStore(join(settings.paths.data_dir, 'orchestrator.db'));
}
