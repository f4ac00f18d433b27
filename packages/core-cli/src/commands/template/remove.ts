import { join } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { removeTemplate } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { select } from '../../session/workspace.ts';

export default class TemplateRemove extends ProvisioningCommand {
  static override summary = 'Take a template out of an infrastructure';
  static override description = 'Files that nobody changed go with it; changed ones stay and are listed.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'delete' };
  static override examples = ['provisioning template remove production-kubernetes my-production'];
  static override args = {
    name: argument({ required: true, description: 'name of the template' }),
    infra: argument({ description: 'default the current one' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(TemplateRemove);
    if (args.infra !== undefined) this.globals = { ...this.globals, infra: args.infra };
    const { path, infra } = await select(this, 'required');
    const { check } = this.globals;
    const result = await removeTemplate(join(path, 'infra', infra!), args.name, check);
    const { style } = this.out;
    await this.out.result({ template: args.name, infra, check_mode: check, ...result }, () => [
      `${style.mark('ok')} Template '${args.name}' ${check ? 'would be removed' : 'removed'} from ${infra}`,
      ...result.removed.map((file) => `  • ${file} (removed)`),
      ...result.kept.map((file) => `  • ${file} (kept)`),
    ]);
  }
}
