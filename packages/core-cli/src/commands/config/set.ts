import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { type Scope, setConfigurationKey } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { changedLines } from '../../output/difference.ts';
import { loadOptionsOf, selectOptional } from '../../session/workspace.ts';
import { show } from './show.ts';

export default class ConfigSet extends ProvisioningCommand {
  static override summary = 'Set one value in one of your configuration files';
  static override description =
    'The value is read by the type of its key and the result is validated before anything is written. Comments and the order\nof keys stay. Without --scope it goes into your own file.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning config set debug.log_level debug',
    'provisioning config set providers.default local --scope workspace --check',
  ];
  static override args = {
    key: argument({ required: true, description: 'dotted key' }),
    value: argument({ required: true, description: 'value; lists as a,b or JSON' }),
  };
  static override flags = {
    scope: string({
      description: 'which file: yours, or one of the workspace',
      options: ['user', 'local', 'workspace', 'environment', 'infra'],
      default: 'user',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigSet);
    const result = await setConfigurationKey({
      ...loadOptionsOf(this, await selectOptional(this)),
      key: args.key!,
      text: args.value!,
      scope: flags.scope as Scope,
      check: this.globals.check,
    });
    const { file, before, after, oldText, newText } = result;
    await this.out.result({ key: args.key, file, before: before ?? null, after: after ?? null }, () =>
      this.globals.check
        ? [
            `${this.out.style.mark('warning')} Check mode: No changes will be made`,
            file,
            ...changedLines(oldText, newText),
          ]
        : [
            `${this.out.style.mark('ok')} ${args.key} = ${show(after)} (was ${before === undefined ? 'not set' : show(before)})`,
            `  ${file}`,
          ],
    );
  }
}
