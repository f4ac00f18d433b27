import { installedVersion } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { openInstallation } from '../installation/session.ts';

export default class Update extends ProvisioningCommand {
  static override summary = 'Say whether there is a newer version (--check)';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning update --check'];

  async run(): Promise<void> {
    await this.parse(Update);
    if (!this.globals.check) {
      throw new ProvisioningError({
        code: 'MISSING_OPTION',
        kind: 'usage',
        message: 'provisioning update needs --check, or a resource to update',
        hint: 'To bring this installation to the latest version: provisioning upgrade',
      });
    }
    const { receipt, releases } = await openInstallation(this, undefined);
    const current = receipt === undefined ? this.host.catalogue.version : installedVersion(receipt);
    const latest = await releases.resolve('core', 'latest');
    const notes = `${releases.base}/${latest}/RELEASE_NOTES_${latest}.md`;
    await this.out.result({ current, latest, newer: current !== latest, notes }, () => [
      `Current: ${current}`,
      `Latest:  ${latest}`,
      `Release notes: ${notes}`,
    ]);
  }
}
