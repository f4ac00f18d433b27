import { configurationVersions } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { selectOptional } from '../../session/workspace.ts';

export default class ConfigCheckVersion extends ProvisioningCommand {
  static override summary =
    'List the configuration files with the version of their format; exit 1 when one is old';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning config check-version'];

  async run(): Promise<void> {
    await this.parse(ConfigCheckVersion);
    const selection = await selectOptional(this);
    const rows = await configurationVersions(surroundingsOf(this.runtime), selection);
    if (rows.some(({ status }) => status === 'migrate')) {
      this.exitCode = 1;
      this.out.info('Migrate with: provisioning config migrate');
    }
    await this.out.list(
      rows,
      [
        { title: 'FILE', value: (row) => row.file },
        { title: 'FORMAT', value: (row) => row.format_version },
        { title: 'TARGET', value: (row) => row.target },
        { title: 'STATUS', value: (row) => row.status },
      ],
      'configuration files',
    );
  }
}
