import { validatePaths } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';

export default class ValidatePaths extends ProvisioningCommand {
  static override summary = 'Check the paths of the configuration';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning validate paths', 'provisioning validate paths --out json'];

  async run(): Promise<void> {
    await this.parse(ValidatePaths);
    const { configuration } = await openConfiguration(this);
    const report = await validatePaths(configuration);
    if (!report.valid) this.exitCode = 3;
    await this.out.result(report, () => [
      ...report.errors.map(({ path, message }) => `${this.out.style.mark('error')} ${path}: ${message}`),
      ...report.warnings.map(({ path, message }) => `${this.out.style.mark('warning')} ${path}: ${message}`),
      ...(report.valid
        ? [`${this.out.style.mark('ok')} Paths valid (${report.checks_performed} checked)`]
        : []),
    ]);
  }
}
