import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';

export default class ValidateQuick extends ProvisioningCommand {
  static override summary = 'Check that the configuration parses and has what it needs';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning validate quick'];

  async run(): Promise<void> {
    await this.parse(ValidateQuick);
    const { configuration } = await openConfiguration(this);
    const { warnings, environment } = configuration;
    await this.out.result({ valid: true, environment, warnings }, () => [
      `${this.out.style.mark('ok')} Configuration valid (${environment})`,
    ]);
  }
}
