import { string as argument } from '@oclif/core/args';
import { readFrozenManifest } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceFreezeShow extends ProvisioningCommand {
  static override summary = 'Print the manifest of a frozen version';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace freeze show v1'];
  static override args = { version: argument({ required: true, description: 'frozen version' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceFreezeShow);
    const selection = await select(this, 'none');
    const manifest = await readFrozenManifest(selection.path, args.version!);
    await this.out.result(manifest, () => JSON.stringify(manifest, null, 2).split('\n'));
  }
}
