import { string as argument } from '@oclif/core/args';
import { parseKind, unregisterExtension, userDirectories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class ExtensionUnregister extends ProvisioningCommand {
  static override summary = 'Forget a registered folder; the folder stays';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning extension unregister my-cloud provider'];
  static override args = {
    name: argument({ required: true, description: 'name of the extension' }),
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(ExtensionUnregister);
    const type = parseKind(args.type);
    const { check } = this.globals;
    const { config } = userDirectories(surroundingsOf(this.runtime));
    await unregisterExtension(config, args.name, type, check);
    await this.out.result(
      { name: args.name, type, registered: false, ...(check ? { check_mode: true } : {}) },
      () => [
        `${this.out.style.mark('ok')} ${check ? 'Would unregister' : 'Unregistered'} ${type} ${args.name}`,
      ],
    );
  }
}
