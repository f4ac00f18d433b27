import { string as argument } from '@oclif/core/args';
import { deleteContext } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class ContextDelete extends ProvisioningCommand {
  static override summary = 'Forget a context; the workspace stays';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning context delete staging'];
  static override args = { name: argument({ required: true, description: 'name of the context' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ContextDelete);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would delete the context: ${args.name}`);
      return;
    }
    await deleteContext(surroundingsOf(this.runtime), args.name!);
    await this.out.result({ name: args.name, deleted: true }, () => [
      `${this.out.style.mark('ok')} Context '${args.name}' deleted`,
    ]);
  }
}
