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
    await unregisterExtension(userDirectories(surroundingsOf(this.runtime)).config, args.name, type);
    await this.out.result({ name: args.name, type, registered: false }, () => [
      `${this.out.style.mark('ok')} Unregistered ${type} ${args.name}`,
    ]);
  }
}
