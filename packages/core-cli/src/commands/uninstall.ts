import { boolean, string } from '@oclif/core/flags';
import { listWorkspaces, userDirectories } from '@provisioning/core';
import { uninstall } from '@provisioning/distribution';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { openInstallation, servicesOf } from '../installation/session.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { snakeKeys } from '../output/snake-keys.ts';

export default class Uninstall extends ProvisioningCommand {
  static override summary = 'Remove this installation';
  static override description =
    'Removes exactly what was installed, then configuration, data and cache of this user unless --keep-config says otherwise. Workspaces stay, and so do private keys.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning uninstall --dry-run',
    'provisioning uninstall --keep-config --yes',
  ];
  static override flags = {
    prefix: string({ description: 'installation; default the one this program belongs to' }),
    'keep-config': boolean({ description: 'leave configuration, data and cache of this user' }),
    'purge-keys': boolean({ description: 'private keys too; what they encrypted is unreadable then' }),
    'dry-run': boolean({ description: 'say what would be removed' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Uninstall);
    const { prefix } = await openInstallation(this, flags.prefix);
    const surroundings = surroundingsOf(this.runtime);
    const workspaces = await listWorkspaces(surroundings).catch(() => []);
    const services = servicesOf(this, prefix);
    const dryRun = flags['dry-run'] || this.globals.check;
    const result = await uninstall({
      prefix,
      keepConfig: flags['keep-config'],
      yes: this.globals.yes,
      purgeKeys: flags['purge-keys'],
      dryRun,
      directories: userDirectories(surroundings),
      workspaces: workspaces.map(({ path }) => path),
      stopServices: () => services.stop(),
      confirm: (folders) =>
        this.confirm(
          `Remove the installation in ${prefix}, and ${folders.join(', ')} with all that is in them?`,
        ),
      say: (line) => this.out.progress(line),
    });
    await this.out.result(snakeKeys(result), () => [
      ...result.kept.map((path) => `Kept, because it was changed: ${prefix}/${path}`),
      ...result.spared.map((path) => `Kept: ${path}`),
      dryRun ? 'Nothing was removed' : 'Uninstallation complete',
    ]);
  }
}
