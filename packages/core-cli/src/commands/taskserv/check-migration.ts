import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { loadTaskservPackage, planMigration, replacementSteps } from '@provisioning/core';
import { ProvisioningError, type TaskservManifest } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { findTaskserv, softwareVersion } from '../../taskserv/catalogue.ts';
import { title } from '../../taskserv/check.ts';
import { openTaskservs } from '../../taskserv/open.ts';

export default class TaskservCheckMigration extends ProvisioningCommand {
  static override summary = 'Tell what an update to another version takes';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning taskserv check-migration postgres --from 15.5 --to 16.1',
    'provisioning taskserv check-migration redis --from 7.0 --to 7.2',
    'provisioning taskserv check-migration istio --to linkerd',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };
  static override flags = {
    from: string({ description: 'version that is there' }),
    to: string({ description: 'version that is wanted, or a taskserv that takes its place', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservCheckMigration);
    const { extensions } = await openTaskservs(this);
    const record = await findTaskserv(extensions, args.taskserv);
    const taskserv = await loadTaskservPackage(record.path);
    const other = flags.from === undefined ? await extensions.find('taskserv', flags.to) : undefined;
    if (other !== undefined) {
      const { manifest } = await loadTaskservPackage(other.path);
      return await this.#replacement(taskserv.manifest, manifest);
    }
    const migration = planMigration(taskserv, flags.from ?? softwareVersion(record), flags.to);
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

  async #replacement(from: TaskservManifest, to: TaskservManifest): Promise<void> {
    const steps = replacementSteps(from, to);
    if (steps === undefined) {
      throw new ProvisioningError({
        code: 'NO_REPLACEMENT',
        kind: 'usage',
        message: `${to.name} does not take the place of ${from.name}`,
        hint: 'Meshes are replaced by meshes, ingresses by ingresses: provisioning taskserv suggest-mesh',
      });
    }
    await this.out.result({ taskserv: from.name, to: to.name, steps }, () => [
      this.out.style.strong(`From ${from.name} to ${to.name}:`),
      ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    ]);
  }
}
