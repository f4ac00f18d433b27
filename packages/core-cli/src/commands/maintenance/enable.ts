import { string } from '@oclif/core/flags';
import { openMaintenance, userName } from '@provisioning/core';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { maintenancePlace } from '../../maintenance/place.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class MaintenanceEnable extends ProvisioningCommand {
  static override summary = 'Open a maintenance window: no alerts, no scaling by itself';
  static override description = 'The window ends by itself. Enabling again sets its end anew.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update' };
  static override examples = [
    'provisioning maintenance enable --duration 30m',
    'provisioning maintenance enable --infra prod --duration 2h --reason "new disks"',
  ];
  static override flags = {
    duration: string({ description: 'how long', default: '30m' }),
    reason: string({ description: 'for those who look at the status' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(MaintenanceEnable);
    const seconds = parseDuration(flags.duration, 'duration', 60);
    const place = await maintenancePlace(this);
    const now = this.runtime.now();
    const window = {
      started: new Date(now).toISOString(),
      until: new Date(now + seconds * 1000).toISOString(),
      user: userName(surroundingsOf(this.runtime)),
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    };
    const { check } = this.globals;
    if (!check) await openMaintenance(place, window);
    await this.out.result({ ...(check ? { check_mode: true } : {}), infra: place.infra, ...window }, () => [
      check
        ? `Would open a maintenance window of ${place.infra} until ${window.until}`
        : `${this.out.style.mark('ok')} Maintenance of ${place.infra} until ${window.until}`,
    ]);
  }
}
