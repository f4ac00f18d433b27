import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { readFile } from 'node:fs/promises';
import { replaceConfigurationFile } from '@provisioning/core';
import { editText } from '../../editor/edit-file.ts';
import { editTarget, editTargets } from '../../editor/targets.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { loadOptionsOf, selectOptional } from '../../session/workspace.ts';

export default class ConfigEdit extends ProvisioningCommand {
  static override summary = 'Open a configuration file in your editor';
  static override description =
    'The old file stays until the configuration is valid with the new one; after a mistake you can go on editing.';
  static override spec: CommandSpec = {
    access: 'l',
    workspace: false,
    sideEffect: 'update',
    interactive: true,
  };
  static override examples = ['provisioning config edit', 'provisioning config edit provider aws'];
  static override args = {
    target: argument({ description: `${editTargets.join(', ')}, or a file`, default: 'user' }),
    name: argument({ description: 'provider or service' }),
  };
  static override flags = { editor: string({ description: 'editor instead of $VISUAL, $EDITOR' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigEdit);
    const options = loadOptionsOf(this, await selectOptional(this));
    const file = await editTarget(options, args.target!, args.name);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would edit: ${file}`);
      return;
    }
    const text = await readFile(file, 'utf8').catch(() => '');
    const changed = await editText(this, {
      name: file,
      text,
      ...(flags.editor === undefined ? {} : { editor: flags.editor }),
      store: (next) => replaceConfigurationFile(options, file, next, text),
    });
    await this.out.result({ file, changed }, () => [
      changed ? `${this.out.style.mark('ok')} Saved ${file}` : `Nothing changed in ${file}`,
    ]);
  }
}
