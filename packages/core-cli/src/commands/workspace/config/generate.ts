import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { join } from 'node:path';
import { generatedProviderFile, writeNewFile } from '@provisioning/core';
import { currentCatalogue } from '../../../session/modules.ts';
import { surroundingsOf } from '../../../session/surroundings.ts';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceConfigGenerate extends ProvisioningCommand {
  static override summary = 'Write the configuration file of a provider from its defaults';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning workspace config generate provider upcloud'];
  static override args = {
    kind: argument({ required: true, description: 'what the file is for', options: ['provider'] }),
    name: argument({ required: true, description: 'provider' }),
  };
  static override flags = { force: boolean({ description: 'overwrite a file that exists' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceConfigGenerate);
    const selection = await select(this, 'none');
    const { catalogue } = await currentCatalogue(this);
    const record = await catalogue.get('provider', args.name!);
    const text = await generatedProviderFile(record, selection, surroundingsOf(this.runtime));
    const file = join(selection.path, 'config', 'providers', `${record.name}.toml`);
    await writeNewFile(file, text, { force: flags.force, check: this.globals.check });
    await this.out.result({ file, check_mode: this.globals.check }, () => [
      this.globals.check ? `Would write: ${file}` : `${this.out.style.mark('ok')} Written: ${file}`,
    ]);
  }
}
