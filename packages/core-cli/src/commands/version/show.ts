import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class VersionShow extends ProvisioningCommand {
  static override summary = 'Version of this program, and with --verbose of its parts';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning version', 'provisioning version --verbose'];
  static override flags = {
    dependencies: boolean({ description: 'versions of the runtime and its libraries' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(VersionShow);
    const { version } = this.host.catalogue;
    if (!this.globals.verbose && !flags.dependencies) {
      await this.out.result({ version }, () => [version]);
      return;
    }
    const parts = {
      provisioning: version,
      node: process.versions.node,
      v8: process.versions.v8,
      sqlite: process.versions['sqlite'],
    };
    const rows = Object.entries(parts).map(([component, number]) => ({
      component,
      version: number ?? 'none',
    }));
    await this.out.list(
      rows,
      [
        { title: 'COMPONENT', value: (row) => row.component },
        { title: 'VERSION', value: (row) => row.version },
      ],
      'components',
    );
  }
}
