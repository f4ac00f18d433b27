import { string as argument } from '@oclif/core/args';
import { switchContext } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class ContextSwitch extends ProvisioningCommand {
  static override summary = 'Activate the workspace, infrastructure and environment of a context';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning context switch staging'];
  static override args = { name: argument({ required: true, description: 'name of the context' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ContextSwitch);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would switch to: ${args.name}`);
      return;
    }
    const context = await switchContext(surroundingsOf(this.runtime), args.name!);
    await this.out.result(context, () => [
      `${this.out.style.mark('ok')} Context '${context.name}': ${context.workspace}${context.infra === undefined ? '' : `:${context.infra}`}`,
    ]);
  }
}
