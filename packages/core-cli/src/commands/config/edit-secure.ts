import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { editSecure } from '../../editor/edit-secure.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class ConfigEditSecure extends ProvisioningCommand {
  static override summary = 'Edit an encrypted configuration file';
  static override description =
    'The plain text exists in a private folder in memory while the editor is open, and never elsewhere; it is gone when the\neditor closes or the command is interrupted. A new file is created encrypted. A file of SOPS is edited through sops.';
  static override spec: CommandSpec = {
    access: 'l',
    workspace: false,
    sideEffect: 'update',
    interactive: true,
  };
  static override examples = ['provisioning config edit-secure config/secure.yaml'];
  static override args = { file: argument({ required: true, description: 'encrypted file' }) };
  static override flags = { editor: string({ description: 'editor instead of $VISUAL, $EDITOR' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigEditSecure);
    await editSecure(this, args.file!, flags.editor);
  }
}
