import { listInfrastructureBackups } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { bytes } from '../../output/bytes.ts';
import { select } from '../../session/workspace.ts';

export default class BackupList extends ProvisioningCommand {
  static override summary = 'List the backups of infrastructures, newest first';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning backup list', 'provisioning backup list --infra prod --out json'];

  async run(): Promise<void> {
    await this.parse(BackupList);
    const selection = await select(this, 'none');
    const all = await listInfrastructureBackups(selection, this.globals.infra);
    const rows = all.map(({ sha256, ...backup }) => ({ ...backup, files: Object.keys(sha256).length }));
    await this.out.list(
      rows,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'TYPE', value: ({ type }) => type },
        { title: 'CREATED', value: ({ created }) => created.slice(0, 19).replace('T', ' ') },
        { title: 'SIZE', value: ({ size }) => bytes(size), align: 'right' },
        { title: 'TITLE', value: ({ title }) => title ?? '' },
      ],
      'backups',
    );
  }
}
