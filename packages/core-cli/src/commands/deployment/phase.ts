import { deploymentPhase } from '../../deployment/phase.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class DeploymentPhase extends ProvisioningCommand {
  static override summary = 'How far the deployment has come';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning deployment phase', 'provisioning deployment phase --out json'];

  async run(): Promise<void> {
    await this.parse(DeploymentPhase);
    const phase = await deploymentPhase(this);
    const { style } = this.out;
    const [full, empty] = style.colour ? ['█', '░'] : ['#', '.'];
    const bar = `${style.good(full.repeat(phase.phase))}${style.dim(empty.repeat(phase.of - phase.phase))}`;
    await this.out.result(phase, () => [`Phase ${phase.phase}/${phase.of}: ${phase.reached}`, bar]);
  }
}
