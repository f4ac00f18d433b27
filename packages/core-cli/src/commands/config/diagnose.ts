import { string as argument } from '@oclif/core/args';
import { diagnoseKey } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';
import { show } from './show.ts';

export default class ConfigDiagnose extends ProvisioningCommand {
  static override summary = 'Say what the files and what the environment say about a key';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning config diagnose debug.log_level'];
  static override args = { key: argument({ required: true, description: 'dotted key' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ConfigDiagnose);
    const { configuration } = await openConfiguration(this);
    const key = args.key!;
    const chain = configuration.get(key) === undefined ? undefined : configuration.provenance(key);
    const inFile = [chain, ...(chain?.overridden ?? [])].find(
      (one) => one?.file !== undefined && one.layer !== 'default',
    );
    const found = diagnoseKey(inFile?.raw, key, this.runtime.environment);
    const secret = chain?.secret === true && found.env_config !== null;
    const shown = secret ? { ...found, env_config: '***' } : found;
    await this.out.result(shown, () => [
      `${key}`,
      `  file:         ${shown.toml_config === null ? '(not set)' : show(shown.toml_config)}`,
      `  environment:  ${shown.env_config ?? '(not set)'}`,
      ...(shown.migration_needed ? [`  Move it: provisioning config migrate-env ${key}`] : []),
    ]);
  }
}
