import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { pullIntoWorkspace } from '../../extension/pulling.ts';
import { signatureFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';

export default class ExtensionPull extends ProvisioningCommand {
  static override summary = 'Install extensions with their dependencies into the workspace';
  static override description =
    'They are resolved together with what the workspace asks for already; everything is installed or nothing.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning extension pull kubernetes@^1.28',
    'provisioning extension pull taskserv/redis:1.0.0 --verify-signature --save',
  ];
  static override args = {
    names: argument({
      multiple: true,
      required: true,
      description: 'name, kind/name, with :version or @range; any other reference',
    }),
  };
  static override flags = {
    ...registryFlags,
    save: boolean({ description: 'add them to the modules of the workspace' }),
    ...signatureFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionPull);
    await pullIntoWorkspace(this, args.names ?? [], flags);
  }
}
