import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { configurationOf, select } from '../../session/workspace.ts';
import { show } from './show.ts';

export default class ConfigGet extends ProvisioningCommand {
  static override summary = 'Print one value of the configuration';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning config get providers.default',
    'provisioning config get orchestrator --out json',
  ];
  static override args = { key: argument({ required: true, description: 'dotted key' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ConfigGet);
    const configuration = await configurationOf(this, await select(this, 'optional').catch(() => undefined));
    configuration.require(args.key);
    const { value } = configuration.provenance(args.key);
    await this.out.result(value, () => [show(value)]);
  }
}
