import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { openEncrypted, plainName, saveEncrypted } from '@provisioning/core';
import { editText } from '../../editor/edit-file.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class ConfigEditSecure extends ProvisioningCommand {
  static override summary = 'Edit an encrypted configuration file';
  static override description =
    'The plain text exists in a private folder in memory while the editor is open, and never elsewhere; it is gone when the\neditor closes or the command is interrupted. A new file is created encrypted.';
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
    const surroundings = surroundingsOf(this.runtime);
    const opened = await openEncrypted(surroundings, args.file!);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would edit: ${opened.file}`);
      return;
    }
    const changed = await editText(this, {
      name: plainName(opened.file),
      text: opened.text,
      ...(flags.editor === undefined ? {} : { editor: flags.editor }),
      store: (text) => saveEncrypted(surroundings, opened, text),
    });
    await this.out.result({ file: opened.file, changed }, () => [
      changed ? `${this.out.style.mark('ok')} Saved ${opened.file}` : `Nothing changed in ${opened.file}`,
    ]);
  }
}
