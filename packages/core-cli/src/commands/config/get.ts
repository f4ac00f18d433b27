import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { SecretReference } from '@provisioning/core';
import { ProvisioningError, Secret } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';
import { show } from './show.ts';

export default class ConfigGet extends ProvisioningCommand {
  static override summary = 'Print one value of the configuration';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning config get providers.default',
    'provisioning config get orchestrator --out json',
  ];
  static override args = { key: argument({ required: true, description: 'dotted key' }) };

  static override flags = { reveal: boolean({ description: 'print a secret as it is' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigGet);
    const { configuration } = await openConfiguration(this);
    configuration.require(args.key!);
    const own = configuration.get(args.key!);
    const { value, secret } = configuration.provenance(args.key!);
    if (flags.reveal && own instanceof SecretReference) {
      throw new ProvisioningError({
        code: 'SECRET_NOT_REACHABLE',
        kind: 'unavailable',
        message: `${args.key} is kept by ${own.source === 'kms' ? 'the key management service' : 'SOPS'}, which this version does not ask`,
        hint: 'A value in an encrypted file can be revealed.',
      });
    }
    const shown = flags.reveal && secret ? (own instanceof Secret ? own.reveal() : own) : value;
    await this.out.result(shown, () => [show(shown)]);
  }
}
