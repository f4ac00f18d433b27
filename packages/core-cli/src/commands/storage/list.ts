import { listStorage } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class StorageList extends ProvisioningCommand {
  static override summary =
    'List the volumes and buckets of the infrastructure, the volumes of its servers too';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning storage list', 'provisioning storage list --out json'];

  async run(): Promise<void> {
    await this.parse(StorageList);
    await using session = await openInfrastructure(this);
    const rows = await listStorage(session.context, session.infrastructure);
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: ({ name }) => name },
        { title: 'PROVIDER', value: ({ provider }) => provider },
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'SIZE', value: ({ size }) => (size === null ? '-' : `${size} GB`), align: 'right' },
        { title: 'SERVER', value: ({ server }) => server ?? '-' },
        { title: 'STATE', value: ({ state }) => state },
      ],
      'storage',
    );
  }
}
