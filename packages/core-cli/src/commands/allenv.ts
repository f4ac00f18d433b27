import { configurationHierarchy, shownConfiguration, userDirectories } from '@provisioning/core';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { tellOfInstallation } from '../installation/after-installing.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { openConfiguration } from '../session/workspace.ts';

export default class AllEnv extends ProvisioningCommand {
  static override summary = 'Show places, files and the whole configuration; secrets are masked';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning allenv', 'provisioning allenv --out yaml'];

  async run(): Promise<void> {
    await this.parse(AllEnv);
    const surroundings = surroundingsOf(this.runtime);
    const { configuration, selection } = await openConfiguration(this);
    const { config, data, cache } = userDirectories(surroundings);
    const layers = await configurationHierarchy(surroundings, configuration);
    const document = {
      workspace: selection?.name ?? null,
      infra: selection?.infra ?? null,
      environment: configuration.environment,
      paths: { base: surroundings.installation, config, data, cache, workspace: selection?.path ?? null },
      files: layers.flatMap(({ layer, files }) =>
        files.filter(({ found }) => found).map(({ file }) => ({ layer, file })),
      ),
      configuration: shownConfiguration(configuration),
    };
    await tellOfInstallation(this, true);
    const { stringify } = await import('yaml');
    await this.out.result(document, () => stringify(document).trimEnd().split('\n'));
  }
}
