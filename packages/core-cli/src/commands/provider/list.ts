import { ExtensionCatalogue, userDirectories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { select } from '../../session/workspace.ts';

export default class ProviderList extends ProvisioningCommand {
  static override summary = 'List the providers that can be used here';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning provider list', 'provisioning providers list --out json'];

  async run(): Promise<void> {
    await this.parse(ProviderList);
    const selection = await select(this, 'optional').catch(() => undefined);
    const catalogue = new ExtensionCatalogue({
      workspacePath: selection?.path,
      infra: selection?.infra,
      dataPath: userDirectories(surroundingsOf(this.runtime)).data,
      moduleUrls: [import.meta.url],
    });
    const providers = await catalogue.list('provider');
    const rows = providers.map(({ name, version, description, path, layer }) => ({
      name,
      version,
      description,
      layer,
      path,
    }));
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'VERSION', value: (row) => row.version },
        { title: 'LAYER', value: (row) => row.layer },
        { title: 'DESCRIPTION', value: (row) => row.description },
      ],
      'providers',
    );
  }
}
