import { string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { switchInfrastructures } from '../../network/switch.ts';

export default class NetworkSwitch extends ProvisioningCommand {
  static override summary = 'Move traffic from one infrastructure to another, step by step';
  static override description =
    'Needs a load balancer with servers of both (infra/hostname): a provider’s, or a taskserv’s backends. After each step the new side is looked\nat; when it is not healthy, the share of the step before is set again.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning network switch --from production --to production-green --check',
    'provisioning network switch --from production --to production-green --steps 10,50,90,100 --interval 60s',
  ];
  static override flags = {
    from: string({ required: true, description: 'infrastructure that has the traffic' }),
    to: string({ required: true, description: 'infrastructure that gets it' }),
    steps: string({ description: 'percent for the new one', default: '10,50,90,100' }),
    interval: string({ description: 'time between a step and its health check', default: '60s' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(NetworkSwitch);
    const steps = flags.steps.split(',').map(Number);
    if (steps.some((step, index) => !(step > (steps[index - 1] ?? 0) && step <= 100))) {
      throw new ProvisioningError({
        code: 'SWITCH_STEPS',
        kind: 'usage',
        message: `Steps must rise from 1 to 100: ${flags.steps}`,
        hint: 'For example --steps 10,50,90,100',
      });
    }
    const interval = parseDuration(flags.interval, 'interval') * 1000;
    await switchInfrastructures(this, { from: flags.from, to: flags.to, steps, interval });
  }
}
