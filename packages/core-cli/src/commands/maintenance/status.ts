import { listInfrastructures, maintenanceWindow } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { select } from '../../session/workspace.ts';

export default class MaintenanceStatus extends ProvisioningCommand {
  static override summary = 'Show which infrastructures are under maintenance';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning maintenance status',
    'provisioning maintenance status --out json',
  ];

  async run(): Promise<void> {
    await this.parse(MaintenanceStatus);
    const { name, path, infra: selected } = await select(this, 'optional');
    const names = this.globals.infra === undefined ? await listInfrastructures(path) : [selected!];
    const rows = await Promise.all(
      names.map(async (infra) => {
        const place = { workspace: { name, path }, infra };
        const window = await maintenanceWindow(place, this.runtime.now());
        return { infra, enabled: window !== undefined, ...window };
      }),
    );
    await this.out.list(
      rows,
      [
        { title: 'INFRA', value: ({ infra }) => infra },
        { title: 'MAINTENANCE', value: ({ until }) => (until === undefined ? 'no' : `until ${until}`) },
        { title: 'BY', value: ({ user }) => user ?? '' },
        { title: 'REASON', value: ({ reason }) => reason ?? '' },
      ],
      'infrastructures',
    );
  }
}
