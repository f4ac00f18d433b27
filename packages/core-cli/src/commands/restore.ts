import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { type RestoreComponent, restoreComponents } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { restoreBackup } from '../backup/restore.ts';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';

export default class Restore extends ProvisioningCommand {
  static override summary = 'Put an infrastructure back to a backup, and deploy what it says';
  static override description =
    'The backup is verified, what changes is shown, and what is there is kept as a backup of its own. What exists is\nreconciled, not made twice. --test stops after the verification and the plan.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning restore --test',
    'provisioning restore prod-20261123-020000 --test',
    'provisioning restore --backup prod-20261123-020000 --components servers,taskservs --yes',
  ];
  static override args = {
    id: argument({ description: 'an id of backup list, or latest; default latest' }),
  };
  static override flags = {
    backup: string({ description: 'the same, as a flag' }),
    components: string({
      description: 'parts; default all',
      multiple: true,
      options: [...restoreComponents],
    }),
    test: boolean({ description: 'verify and show what would change' }),
    'no-deploy': boolean({ description: 'files only; servers stay as they are' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Restore);
    if (args.id !== undefined && flags.backup !== undefined && args.id !== flags.backup) {
      throw new ProvisioningError({
        code: 'BACKUP_TWICE',
        kind: 'usage',
        message: `Two backups are named: ${args.id} and ${flags.backup}`,
        hint: 'Name one: provisioning restore ID',
      });
    }
    if (flags.test) this.globals = { ...this.globals, check: true };
    const components = (flags.components as RestoreComponent[] | undefined) ?? restoreComponents;
    await restoreBackup(this, {
      ...{
        backup: args.id ?? flags.backup ?? 'latest',
        components,
        filesOnly: flags['no-deploy'],
        verb: 'restore',
      },
    });
  }
}
