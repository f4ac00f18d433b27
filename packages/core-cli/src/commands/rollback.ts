import { boolean, string } from '@oclif/core/flags';
import { restoreBackup } from '../backup/restore.ts';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';

export default class Rollback extends ProvisioningCommand {
  static override summary = 'Take definitions and versions of a backup, and apply the difference';
  static override description =
    'As restore, without the data of services. Servers that the older definition does not have stay: delete them with\nserver delete.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning rollback --to-snapshot prod-20261123-020000 --check',
    'provisioning rollback --infra prod --to-snapshot latest --yes',
  ];
  static override flags = {
    'to-snapshot': string({ description: 'an id of backup list, or latest', required: true }),
    'no-deploy': boolean({ description: 'files only; servers stay as they are' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Rollback);
    const backup = flags['to-snapshot'];
    const components = ['servers', 'taskservs', 'clusters'] as const;
    await restoreBackup(this, { backup, components, filesOnly: flags['no-deploy'], verb: 'rollback' });
  }
}
