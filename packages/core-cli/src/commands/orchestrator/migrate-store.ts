import { setTimeout as sleep } from 'node:timers/promises';
import { boolean, string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';
import { orchestratorHealth } from '../../orchestrator/control.ts';
import { storeType } from '../../orchestrator/local-store.ts';
import { askProgram } from '../../orchestrator/run-program.ts';
import { settingsFor } from '../../orchestrator/session.ts';

interface Migration {
  readonly status: 'running' | 'completed' | 'failed';
  readonly messages: readonly string[];
  readonly readiness?: object;
  readonly result?: object;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

const stores = new Set([
  'sqlite',
  'filesystem',
  'postgres',
  'surrealdb',
  'surrealdb-embedded',
  'surrealdb-server',
]);

export default class OrchestratorMigrateStore extends ProvisioningCommand {
  static override summary = 'Move the records of the orchestrator to another store, also while it works';
  static override description =
    'A copy is made and compared with the original before the switch; until then, and after a failure, the old store is in\nforce. Where the new one is reached stands in the configuration (storage.postgres.url, storage.surrealdb.*).';
  static override spec: CommandSpec = { access: 'a', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning orchestrator migrate-store --from sqlite --to postgres --check',
    'provisioning orchestrator migrate-store --to postgres --yes',
  ];
  static override flags = {
    from: string({ description: 'store in force; default whichever it is' }),
    to: string({ description: 'sqlite, postgres, surrealdb-embedded or surrealdb-server', required: true }),
    'backup-first': boolean({ description: 'keep a copy as an SQLite file', default: true, allowNo: true }),
    verify: boolean({ description: 'compare the copy before the switch', default: true, allowNo: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorMigrateStore);
    const settings = await settingsFor(this);
    const from = flags.from ?? storeType(settings);
    if (!stores.has(from) || !stores.has(flags.to) || from === flags.to) {
      throw new ProvisioningError({
        code: 'MIGRATION_PATH_UNSUPPORTED',
        kind: 'usage',
        message: `Unsupported migration path: ${from} → ${flags.to}`,
        hint: `Stores: ${[...stores].join(', ')}`,
      });
    }
    const { check } = this.globals;
    if (!check) await this.confirm(`Move the records of the orchestrator from ${from} to ${flags.to}?`);
    const request = {
      ...(flags.from === undefined ? {} : { from }),
      to: flags.to,
      backup_first: flags['backup-first'],
      verify: flags.verify,
      check,
    };
    const migration = (await orchestratorHealth(settings))
      ? await this.#follow(request)
      : await this.#offline(request);
    if (migration.error) throw new ProvisioningError(migration.error);
    await this.out.result(check ? migration.readiness : migration.result, () =>
      check ? [`${this.out.style.mark('ok')} Ready for migration from ${from} to ${flags.to}`] : [],
    );
  }

  /** Lets the running service do it, and tells what it says. */
  async #follow(request: object): Promise<Migration> {
    const api = await apiFor(this);
    let migration = await api.post<Migration>('/store/migration', request);
    for (let said = 0; ;) {
      for (const message of migration.messages.slice(said)) this.out.progress(message);
      said = migration.messages.length;
      if (migration.status !== 'running') return migration;
      await sleep(100, undefined, { signal: this.signal });
      migration = await api.get<Migration>('/store/migration');
    }
  }

  async #offline(request: object): Promise<Migration> {
    const { environment, cwd } = this.runtime;
    const settings = await settingsFor(this);
    const options = { settings, environment, cwd, signal: this.signal };
    const migration = await askProgram<Migration>('migrate-store', request, options);
    for (const message of migration.messages) this.out.progress(message);
    return migration;
  }
}
