import { closeMaintenance, maintenanceWindow } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { maintenancePlace } from '../../maintenance/place.ts';

export default class MaintenanceDisable extends ProvisioningCommand {
  static override summary = 'End the maintenance window now';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update' };
  static override examples = ['provisioning maintenance disable', 'provisioning maintenance disable --check'];

  async run(): Promise<void> {
    await this.parse(MaintenanceDisable);
    const place = await maintenancePlace(this);
    const window = await maintenanceWindow(place, this.runtime.now());
    const { check } = this.globals;
    if (window !== undefined && !check) await closeMaintenance(place);
    const document = { infra: place.infra, was_enabled: window !== undefined };
    await this.out.result({ ...(check ? { check_mode: true } : {}), ...document }, () => [
      window === undefined
        ? `No maintenance of ${place.infra}`
        : check
          ? `Would end the maintenance of ${place.infra}`
          : `${this.out.style.mark('ok')} Maintenance of ${place.infra} ended`,
    ]);
  }
}
