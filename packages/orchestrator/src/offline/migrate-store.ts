import { takeDataFolder } from '@provisioning/service-kit';
import { openStore } from '../journal/open.ts';
import { SwitchStore } from '../journal/switch-store.ts';
import { storeInForce } from '../migration/marker.ts';
import { Migrations } from '../migration/migrations.ts';
import { repairStore } from '../recovery/repair.ts';
import { planDefaultsOf } from '../program/executor.ts';
import type { ServiceOptions } from '../program/start.ts';
import type { OfflineCommand } from './command.ts';

/** `{from, to, backup_first, verify, check}` → the migration as it ended, with the orchestrator stopped (12 §10). */
export const migrateStore: OfflineCommand = (request, options) =>
  withStore(options, async (store) => {
    const migrations = new Migrations({ store, settings: options.settings, shared: false });
    const { status, done } = migrations.begin({
      from: request['from'] as string | undefined,
      to: String(request['to']),
      backupFirst: request['backup_first'] !== false,
      verify: request['verify'] !== false,
      check: request['check'] === true,
    });
    await done;
    return status;
  });

/** `{check}` → what was found and put right, with the orchestrator stopped. */
export const repair: OfflineCommand = ({ check }, options) =>
  withStore(options, (store) =>
    repairStore(store, planDefaultsOf(options.settings), {
      check: check === true,
      moving: () => false,
      now: Date.now,
    }),
  );

/** The store in force, held by this process alone. */
async function withStore<T>(
  { settings, origins = {} }: ServiceOptions,
  work: (store: SwitchStore) => Promise<T>,
): Promise<T> {
  const folder = takeDataFolder(settings.paths.data_dir, 'orchestrator', 'Orchestrator');
  try {
    const type = storeInForce(settings, origins);
    const store = new SwitchStore(await openStore({ ...settings, storage: { ...settings.storage, type } }));
    await store.open();
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  } finally {
    folder.release();
  }
}
