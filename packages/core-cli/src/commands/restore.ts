import { boolean, string } from '@oclif/core/flags';
import { type RestoreComponent, restoreComponents } from '@provisioning/core';
import { restoreBackup } from '../backup/restore.ts';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';

export default class Restore extends ProvisioningCommand {
  static override summary = 'Put an infrastructure back to a backup, and deploy what it says';
  static override description =
    'The backup is verified, what changes is shown, and what is there is kept as a backup of its own. What exists is\nreconciled, not made twice. --test stops after the verification and the plan.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning restore --backup latest --test',
    'provisioning restore --backup prod-20261123-020000 --components servers,taskservs --yes',
  ];
  static override flags = {
    backup: string({ description: 'latest, or an id of backup list', default: 'latest' }),
    components: string({
      description: 'parts; default all',
      multiple: true,
      options: [...restoreComponents],
    }),
    test: boolean({ description: 'verify and show what would change' }),
    'no-deploy': boolean({ description: 'files only; servers stay as they are' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Restore);
    if (flags.test) this.globals = { ...this.globals, check: true };
    const components = (flags.components as RestoreComponent[] | undefined) ?? restoreComponents;
    await restoreBackup(this, {
      ...{ backup: flags.backup, components, filesOnly: flags['no-deploy'], verb: 'restore' },
    });
  }
}
