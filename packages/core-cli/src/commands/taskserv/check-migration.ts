import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { loadTaskservPackage, planMigration } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { findTaskserv } from '../../taskserv/catalogue.ts';
import { title } from '../../taskserv/check.ts';
import { openTaskservs } from '../../taskserv/open.ts';

export default class TaskservCheckMigration extends ProvisioningCommand {
  static override summary = 'Tell what an update to another version takes';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning taskserv check-migration postgres --from 15.5 --to 16.1',
    'provisioning taskserv check-migration redis --from 7.0 --to 7.2',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };
  static override flags = {
    from: string({ description: 'version that is there', required: true }),
    to: string({ description: 'version that is wanted', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservCheckMigration);
    const { extensions } = await openTaskservs(this);
    const record = await findTaskserv(extensions, args.taskserv);
    const migration = planMigration(await loadTaskservPackage(record.path), flags.from, flags.to);
    const { style } = this.out;
    await this.out.result(migration, () => [
      style.strong(`${title(record.name)} Migration Check:`),
      `From: ${migration.from}`,
      `To: ${migration.to}`,
      `Migration Required: ${
        migration.required ? `${style.mark('warning')} Yes (major version change)` : `${style.mark('ok')} No`
      }`,
      'Steps Required:',
      ...migration.steps.map((step, index) => `  ${index + 1}. ${step}`),
      `Estimated Downtime: ${migration.downtime}`,
      ...(migration.supported ? [] : [`${style.mark('error')} ${migration.reason}`]),
      ...(migration.recommended === undefined ? [] : [`Recommended: ${migration.recommended}`]),
    ]);
  }
}
