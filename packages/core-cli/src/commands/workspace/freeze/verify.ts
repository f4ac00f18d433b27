import { string as argument } from '@oclif/core/args';
import { verifyFrozen } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { counted } from '../../../output/counted.ts';

export default class WorkspaceFreezeVerify extends ProvisioningCommand {
  static override summary = 'Check every file of a frozen version; exit 1 on a difference';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace freeze verify v1'];
  static override args = { version: argument({ required: true, description: 'frozen version' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceFreezeVerify);
    const selection = await select(this, 'none');
    const { version, digest, files } = await verifyFrozen(selection.path, args.version!);
    await this.out.result({ version, digest, files: files.length, intact: true }, () => [
      `${this.out.style.mark('ok')} Frozen version '${version}' is intact (${counted(files.length, 'file')})`,
    ]);
  }
}
