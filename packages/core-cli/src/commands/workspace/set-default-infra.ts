import { string as argument } from '@oclif/core/args';
import { setDefaultInfra } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceSetDefaultInfra extends ProvisioningCommand {
  static override summary = 'Choose the infrastructure commands use without --infra';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning workspace set-default-infra demo main'];
  static override args = {
    workspace: argument({ required: true, description: 'name' }),
    infra: argument({ required: true, description: 'infrastructure' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceSetDefaultInfra);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would set the default infrastructure of ${args.workspace} to ${args.infra}`);
      return;
    }
    await setDefaultInfra(surroundingsOf(this.runtime), args.workspace!, args.infra!);
    await this.out.result({ workspace: args.workspace, default_infra: args.infra }, () => [
      `${this.out.style.mark('ok')} Default infrastructure of ${args.workspace}: ${args.infra}`,
    ]);
  }
}
