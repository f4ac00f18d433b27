import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { reportHealth } from '../../provider/health.ts';

export default class ProviderStatus extends ProvisioningCommand {
  static override summary = 'Show the health record of a provider';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning provider status local'];
  static override args = { provider: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ProviderStatus);
    await reportHealth(this, args.provider);
  }
}
