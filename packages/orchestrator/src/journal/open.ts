import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { databaseFile } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Settings } from '../settings/settings.ts';
import { SqliteStore } from './sqlite/store.ts';
import { keptNothing, type Store } from './store.ts';

export interface OpenOptions {
  /** To look at it only: nothing is created, and an orchestrator that works on it is not disturbed. */
  readonly readOnly?: boolean;
}

/**
 * The store that the settings ask for; nothing is contacted yet.
 * @throws ProvisioningError kind `configuration`
 */
export async function openStore(settings: Settings, { readOnly = false }: OpenOptions = {}): Promise<Store> {
  const { type } = settings.storage;
  switch (type) {
    case 'sqlite':
      return new SqliteStore(fileOf(settings, readOnly), { readOnly });
    case 'postgres': {
      // Loaded only when used: it is no small part of the start-up.
      const { PostgresStore } = await import('./postgres/store.ts');
      return new PostgresStore({ url: postgresUrl(settings), exclusive: !readOnly, readOnly });
    }
    case 'surrealdb-embedded': {
      const { SurrealStore } = await import('./surrealdb/store.ts');
      const { namespace, database } = settings.storage.surrealdb;
      const folder = join(settings.paths.data_dir, 'surrealdb');
      if (readOnly && !existsSync(folder)) throw keptNothing(folder);
      return new SurrealStore({
        type,
        folder,
        place: { url: `surrealkv://${folder}?sync=every`, namespace, database },
      });
    }
    case 'surrealdb-server': {
      const { SurrealStore } = await import('./surrealdb/store.ts');
      return new SurrealStore({ type, place: settings.storage.surrealdb });
    }
  }
}

function fileOf({ paths, storage }: Settings, readOnly: boolean): string {
  const file = databaseFile(paths.data_dir, storage.backend_path);
  if (!readOnly) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return file;
}

/** @throws ProvisioningError when no database is named */
export function postgresUrl(settings: Settings): string {
  const { url } = settings.storage.postgres;
  if (url !== '') return url;
  throw new ProvisioningError({
    code: 'CONFIGURATION_ERROR',
    kind: 'configuration',
    message: 'Configuration error: storage.postgres.url is not set',
    hint: 'Set ORCHESTRATOR_STORAGE_POSTGRES_URL or --postgres-url',
  });
}
