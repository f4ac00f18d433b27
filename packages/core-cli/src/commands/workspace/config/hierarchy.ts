import { string as argument } from '@oclif/core/args';
import { configurationHierarchy } from '@provisioning/core';
import { surroundingsOf } from '../../../session/surroundings.ts';
import { configurationOf, workspaceNamed } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceConfigHierarchy extends ProvisioningCommand {
  static override summary = 'List the layers of the configuration, highest first, with their files';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace config hierarchy'];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceConfigHierarchy);
    const workspace = await workspaceNamed(this, args.workspace);
    const configuration = await configurationOf(this, workspace);
    const layers = await configurationHierarchy(surroundingsOf(this.runtime), configuration);
    await this.out.result(layers, () =>
      layers.flatMap(({ layer, files }) => [
        this.out.style.strong(layer),
        ...files.map(({ file, found }) => `  ${file}${found ? '' : '  (absent)'}`),
      ]),
    );
  }
}
