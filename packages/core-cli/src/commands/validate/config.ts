import { boolean } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { configurationOf, select } from '../../session/workspace.ts';

export default class ValidateConfig extends ProvisioningCommand {
  static override summary = 'Check the configuration: syntax, types, values, interpolation';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning validate config',
    'provisioning validate config --strict --out json',
  ];
  static override flags = {
    strict: boolean({ description: 'warnings are errors' }),
    detailed: boolean({ description: 'list what was read' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ValidateConfig);
    const configuration = await configurationOf(this, await select(this, 'optional').catch(() => undefined));
    const { warnings } = configuration;
    if (flags.strict && warnings.length > 0) {
      throw new ProvisioningError({
        code: 'CONFIG_INVALID',
        kind: 'configuration',
        message: `Configuration has ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}, and --strict makes them errors`,
        issues: warnings.map((message) => ({ message })),
      });
    }
    for (const warning of warnings) this.out.warn(warning);
    const files = configuration
      .fragments()
      .flatMap((fragment) => (fragment.document === undefined ? [] : [fragment.document.file]));
    const { style } = this.out;
    await this.out.result({ valid: true, errors: [], warnings, files: [...new Set(files)] }, () => [
      `${style.mark('ok')} Configuration valid`,
      ...(flags.detailed ? [...new Set(files)].map((file) => `  ${file}`) : []),
      'No errors found',
      'All required fields present',
      'Configuration validation passed!',
    ]);
  }
}
