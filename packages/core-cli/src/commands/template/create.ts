import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { createTemplate } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTemplates } from '../../session/modules.ts';
import { select } from '../../session/workspace.ts';

export default class TemplateCreate extends ProvisioningCommand {
  static override summary = 'Make a template of the workspace from another one';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'create' };
  static override examples = ['provisioning template create staging-kubernetes --from production-kubernetes'];
  static override args = { name: argument({ required: true, description: 'name of the new template' }) };
  static override flags = {
    from: string({ description: 'template to start from', required: true }),
    description: string({ description: 'one line about it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TemplateCreate);
    const { path } = await select(this, 'none');
    const folder = await createTemplate({
      catalogue: await openTemplates(path),
      workspacePath: path,
      name: args.name,
      from: flags.from,
      description: flags.description,
    });
    await this.out.result({ name: args.name, from: flags.from, path: folder }, () => [
      `${this.out.style.mark('ok')} Template '${args.name}' created from ${flags.from}`,
      `Location: ${folder}`,
    ]);
  }
}
