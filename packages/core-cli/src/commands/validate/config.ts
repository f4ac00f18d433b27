import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { validateWorkspaceConfiguration } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { configurationOf, loadOptionsOf, selectOptional } from '../../session/workspace.ts';
import { showReport } from '../../validation/show.ts';

export default class ValidateConfig extends ProvisioningCommand {
  static override summary = 'Check the configuration: syntax, types, values, rules, interpolation';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning validate config',
    'provisioning validate config strict --out json',
    'provisioning validate config --detailed',
  ];
  static override args = {
    file: argument({ description: 'a file checked as your own, or the word strict' }),
  };
  static override flags = {
    strict: boolean({ description: 'warnings are errors' }),
    detailed: boolean({ description: 'list what was read and variables that set nothing' }),
    rules: boolean({ description: 'list the rules in effect' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ValidateConfig);
    const selection = await selectOptional(this);
    const options = loadOptionsOf(this, selection);
    const file = args.file === undefined || args.file === 'strict' ? undefined : args.file;
    const report = await validateWorkspaceConfiguration({
      ...options,
      strict: flags.strict || args.file === 'strict',
      ...(file === undefined ? {} : { configFile: resolve(this.runtime.cwd, file) }),
    });
    const { style } = this.out;
    const details =
      (flags.detailed || this.globals.verbose) && report.valid
        ? (await configurationOf(this, selection))
            .fragments()
            .flatMap(({ document }) => (document === undefined ? [] : [document.file]))
        : [];
    if (flags.detailed)
      for (const name of report.unknown_variables) this.out.info(`Unknown environment variable: ${name}`);
    const { rules, ...shown } = report;
    await showReport(this, flags.rules ? report : shown, [
      ...(flags.rules ? rules.map(({ field, assert, message }) => `  ${field}: ${assert} (${message})`) : []),
      ...[...new Set(details)].map((name) => `  ${style.mark('ok')} ${name}`),
      `${style.mark('ok')} Configuration valid`,
      `${style.mark('ok')} No errors found`,
      `${style.mark('ok')} All required fields present`,
      'Configuration validation passed!',
    ]);
  }
}
