import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { infraPath } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { select } from '../../session/workspace.ts';

export default class TaskservMigrationLogs extends ProvisioningCommand {
  static override summary = 'Show the log of the last migration of a taskserv';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning taskserv migration-logs postgres'];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(TaskservMigrationLogs);
    const selection = await select(this, 'required');
    const folder = join(infraPath({ workspace: selection, infra: selection.infra! }), 'data', 'migrations');
    const names = await readdir(folder).catch((): string[] => []);
    const last = names
      .filter((name) => name.startsWith(`${args.taskserv}-`))
      .sort()
      .at(-1);
    if (last === undefined) {
      throw new ProvisioningError({
        code: 'NO_MIGRATION',
        kind: 'not-found',
        message: `No migration of ${args.taskserv} was made from here`,
      });
    }
    const file = join(folder, last);
    const text = await readFile(file, 'utf8');
    const lines = text.trimEnd().split('\n');
    await this.out.result({ taskserv: args.taskserv, file, lines }, () => [file, ...lines]);
  }
}
