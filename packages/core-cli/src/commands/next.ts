import { deploymentPhase, failedWork } from '../deployment/phase.ts';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';

export default class Next extends ProvisioningCommand {
  static override summary = 'What to do next';
  static override description = 'Up to three commands with their reasons. What failed comes first.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning next', 'provisioning next --out json'];

  async run(): Promise<void> {
    await this.parse(Next);
    const [phase, failed] = await Promise.all([deploymentPhase(this), failedWork(this)]);
    const commands = [...(failed === undefined ? [] : [failed]), ...phase.commands].slice(0, 3);
    const { style } = this.out;
    await this.out.result({ ...phase, commands }, () => [
      style.strong(phase.title),
      ...commands.map(({ command, reason }) => `  ${style.note(command)}\n      ${reason}`),
    ]);
  }
}
