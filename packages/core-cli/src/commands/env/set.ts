import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { setEnvironment } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { select } from '../../session/workspace.ts';

export default class EnvSet extends ProvisioningCommand {
  static override summary = 'Choose the environment of the workspace from now on';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning env set dev', 'provisioning env switch prod'];
  static override args = {
    environment: argument({ required: true, description: 'dev, test, prod or your own' }),
  };
  static override flags = {
    validate: boolean({ description: 'load the configuration with it first', allowNo: true, default: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EnvSet);
    const selection = await select(this, 'none');
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would set the environment of ${selection.name} to ${args.environment}`);
      return;
    }
    const { before, after } = await setEnvironment(
      surroundingsOf(this.runtime),
      selection,
      args.environment!,
      { validate: flags.validate },
    );
    await this.out.result({ workspace: selection.name, before, after }, () => [
      `${this.out.style.mark('ok')} Environment of ${selection.name}: ${before} ${this.out.style.colour ? '→' : '->'} ${after}`,
    ]);
  }
}
