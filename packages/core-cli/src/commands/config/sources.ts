import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { configurationOf, select } from '../../session/workspace.ts';

export default class ConfigSources extends ProvisioningCommand {
  static override summary = 'List the layers that make the configuration, lowest first';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning config sources', 'provisioning config sources --out json'];

  async run(): Promise<void> {
    await this.parse(ConfigSources);
    const configuration = await configurationOf(this, await select(this, 'optional').catch(() => undefined));
    const rows = configuration.fragments().map((fragment) => ({
      layer: fragment.layer,
      source: fragment.document?.file ?? fragment.origin ?? 'built in',
      encrypted: fragment.document?.encrypted ?? false,
    }));
    await this.out.list(
      rows,
      [
        { title: 'LAYER', value: (row) => row.layer },
        { title: 'SOURCE', value: (row) => row.source },
        { title: 'ENCRYPTED', value: (row) => (row.encrypted ? 'yes' : '') },
      ],
      'sources',
    );
  }
}
