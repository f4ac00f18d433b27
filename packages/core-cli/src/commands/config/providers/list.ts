import { configuredSections } from '@provisioning/core';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { sectionColumns } from '../../../output/sections.ts';
import { openConfiguration } from '../../../session/workspace.ts';

export default class ConfigProvidersList extends ProvisioningCommand {
  static override summary = 'List the providers the configuration names, with their files';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning config providers list'];

  async run(): Promise<void> {
    await this.parse(ConfigProvidersList);
    const { configuration } = await openConfiguration(this);
    await this.out.list(configuredSections(configuration, 'providers'), sectionColumns, 'providers');
  }
}
