import { boolean, string } from '@oclif/core/flags';
import { createBackup } from '../../backup/create.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class BackupCreate extends ProvisioningCommand {
  static override summary =
    'Back up an infrastructure: definitions, state, modules and the data of its services';
  static override description =
    'Into the folder backups of the workspace, with the checksum of every file. Secrets are included where they are\nencrypted. An incremental backup holds what has changed since the last full one.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning backup create',
    'provisioning backup create --type incremental --check',
    'provisioning infra backup --infra prod --include-volumes',
  ];
  static override flags = {
    type: string({ description: 'what to hold', options: ['full', 'incremental'], default: 'full' }),
    name: string({ description: 'a title for lists' }),
    'include-volumes': boolean({ description: 'snapshots of the servers at their providers too' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(BackupCreate);
    await createBackup(this, {
      type: flags.type as 'full' | 'incremental',
      volumes: flags['include-volumes'],
      ...(flags.name === undefined ? {} : { title: flags.name }),
    });
  }
}
