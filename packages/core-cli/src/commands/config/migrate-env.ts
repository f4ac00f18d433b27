import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { setConfigurationKey, variableNameOf } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { loadOptionsOf, openConfiguration } from '../../session/workspace.ts';

export default class ConfigMigrateEnv extends ProvisioningCommand {
  static override summary = 'Write the value of an environment variable into your configuration';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning config migrate-env debug.log_level',
    'provisioning config migrate-env --all --check',
  ];
  static override args = { key: argument({ description: 'dotted key' }) };
  static override flags = { all: boolean({ description: 'every variable that sets a key' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigMigrateEnv);
    const { configuration, selection } = await openConfiguration(this);
    const keys = flags.all
      ? configuration
          .leaves()
          .filter((leaf) => !configuration.isSecret(leaf))
          .map((leaf) => leaf.join('.'))
          .filter((key) => this.runtime.environment[variableNameOf(key)] !== undefined)
      : args.key === undefined
        ? []
        : [args.key];
    if (keys.length === 0 && !flags.all) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'Missing required argument: key\nUsage: provisioning config migrate-env <key> | --all',
      });
    }
    const migrated: { key: string; file: string }[] = [];
    for (const key of keys) {
      const text = this.runtime.environment[variableNameOf(key)];
      if (text === undefined) {
        throw new ProvisioningError({
          code: 'VARIABLE_NOT_SET',
          kind: 'not-found',
          message: `Environment variable ${variableNameOf(key)} is not set`,
        });
      }
      const { file } = await setConfigurationKey({
        ...loadOptionsOf(this, selection),
        key,
        text,
        check: this.globals.check,
      });
      migrated.push({ key, file });
    }
    const verb = this.globals.check ? 'Would migrate' : 'Migrated';
    await this.out.result(migrated, () =>
      migrated.length === 0
        ? ['Nothing to migrate']
        : migrated.map(({ key }) => `${verb} ${key} from environment variable`),
    );
  }
}
