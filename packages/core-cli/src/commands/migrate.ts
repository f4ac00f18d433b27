import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import {
  type MigrationContext,
  type PendingMigration,
  pendingMigrations,
  runMigrations,
} from '../maintenance/migrate-everything.ts';
import { surroundingsOf } from '../session/surroundings.ts';

export default class Migrate extends ProvisioningCommand {
  static override summary = 'Bring all workspaces and their configuration to the version of this program';
  static override description =
    'What is due is listed first, and nothing happens without a yes. A backup is made of everything that changes; a workspace whose migration fails is restored from it.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update', slow: true };
  static override examples = ['provisioning migrate --check', 'provisioning migrate --yes'];

  async run(): Promise<void> {
    await this.parse(Migrate);
    const context: MigrationContext = {
      surroundings: surroundingsOf(this.runtime),
      version: this.host.catalogue.version,
      signal: this.signal,
      say: (line) => this.out.progress(line),
    };
    const pending = await pendingMigrations(context);
    if (pending.length === 0) {
      await this.out.result({ status: 'nothing', workspaces: [] }, () => ['Nothing to migrate']);
      return;
    }
    if (this.globals.check) {
      await this.out.result({ status: 'planned', workspaces: pending }, () => [
        'Would migrate:',
        ...pending.flatMap(rows),
      ]);
      return;
    }
    for (const line of pending.flatMap(rows)) this.out.progress(line);
    const [only] = pending;
    await this.confirm(
      `Migrate ${pending.length === 1 ? `workspace ${only!.workspace}` : `${pending.length} workspaces`}?`,
    );
    const workspaces = await runMigrations(context, pending);
    await this.out.result({ status: 'migrated', workspaces }, () =>
      workspaces.flatMap(({ workspace, to, backups }) => [
        `${this.out.style.mark('ok')} ${workspace} is at version ${to}`,
        ...backups.map((backup) => `  Backup: ${backup}`),
      ]),
    );
  }
}

function rows({ workspace, path, from, to, steps, files }: PendingMigration): string[] {
  return [
    `${workspace} (${path}): ${from === '' ? 'no version' : from} → ${to}`,
    ...files.map((file) => `  - take over ${file}`),
    ...steps.map((step) => `  - ${step}`),
  ];
}
