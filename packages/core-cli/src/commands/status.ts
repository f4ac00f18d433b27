import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { statusChecks } from '../status/checks.ts';

export default class Status extends ProvisioningCommand {
  static override summary = 'Check this installation and the workspace; exit 1 when something is wrong';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning status', 'provisioning status --out json'];

  async run(): Promise<void> {
    await this.parse(Status);
    const checks = await statusChecks(this);
    await this.out.result(checks, () =>
      checks.map(({ name, status, message }) => `${this.out.style.mark(status)} ${name}: ${message}`),
    );
    if (checks.some(({ status }) => status === 'error')) this.exitCode = 1;
  }
}
