import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { reportHealth } from '../../provider/health.ts';

export default class ProviderHealth extends ProvisioningCommand {
  static override summary = 'Ask providers whether they answer, and how fast';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning provider health local', 'provisioning provider health --all'];
  static override args = { provider: argument({ description: 'name; default all' }) };
  static override flags = { all: boolean({ description: 'all available providers' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ProviderHealth);
    await reportHealth(this, args.provider);
  }
}
