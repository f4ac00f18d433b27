import { configuredSections } from '@provisioning/core';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { sectionColumns } from '../../../output/sections.ts';
import { openConfiguration } from '../../../session/workspace.ts';

export default class ConfigServicesList extends ProvisioningCommand {
  static override summary = 'List the services the configuration names, with their files';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning config services list'];

  async run(): Promise<void> {
    await this.parse(ConfigServicesList);
    const { configuration } = await openConfiguration(this);
    await this.out.list(configuredSections(configuration, 'platform'), sectionColumns, 'services');
  }
}
