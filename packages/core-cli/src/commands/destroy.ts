import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { planDestroy } from '@provisioning/core';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { carryOut } from '../plan/carry-out.ts';
import { openInfrastructure } from '../session/infrastructure.ts';
import { counted } from '../output/counted.ts';

export default class Destroy extends ProvisioningCommand {
  static override summary =
    'Delete every server of an infrastructure, with its load balancers and its network';
  static override description =
    'Deletes what the providers report under our tags, defined or not. The name of the infrastructure must be typed, or\n--yes given. The definition stays.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete', slow: true };
  static override examples = [
    'provisioning destroy --check',
    'provisioning destroy',
    'provisioning destroy demo --yes',
  ];
  static override args = {
    infra: argument({ description: 'name of the infrastructure; default the current one' }),
  };
  static override flags = {
    target: string({ description: 'only these servers; globs work', multiple: true }),
    'keep-storage': boolean({ description: 'leave volumes' }),
    force: boolean({ description: 'also servers that are locked' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Destroy);
    if (args.infra !== undefined) this.globals = { ...this.globals, infra: args.infra };
    await using session = await openInfrastructure(this);
    const plan = await planDestroy(session.context, session.infrastructure, {
      targets: flags.target,
      keepStorage: flags['keep-storage'],
      force: flags.force,
      everything: flags.target === undefined,
    });
    const { infra } = plan;
    const count = plan.changes.filter(({ kind }) => kind === 'server').length;
    await carryOut(this, session, plan, {
      name: `destroy ${infra}`,
      command: 'destroy',
      nothing: `Nothing to do: ${infra} has no servers`,
      done: `Destroyed ${infra}: ${counted(count, 'server')} deleted`,
      question: `Delete ${count === 1 ? 'this server' : `these ${counted(count, 'server')}`} of ${plan.workspace}:${infra}?`,
      confirm: true,
      typed: infra,
      next: ['provisioning deploy makes them again'],
    });
  }
}
