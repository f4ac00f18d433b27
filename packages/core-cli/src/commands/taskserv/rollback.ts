import { string } from '@oclif/core/flags';
import { planRollback, supersedeRuns, TaskservPackages } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { taskservArguments, taskservTargets } from '../../taskserv/targets.ts';

export default class TaskservRollback extends ProvisioningCommand {
  static override summary = 'Go back to the version and configuration a taskserv had before';
  static override description =
    'The last three ways it was installed from here are kept, without their secrets: those of the present definition are used. The definition stays as it is; the next deploy follows it.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning taskserv rollback coredns',
    'provisioning taskserv rollback haproxy lb-01 --to 2.6',
  ];
  static override args = taskservArguments;
  static override flags = {
    servers: string({ description: 'servers instead of the last argument', multiple: true }),
    to: string({ description: 'version instead of the one before' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservRollback);
    await using session = await openInfrastructure(this);
    const { names, hostnames } = await taskservTargets(session, args.taskserv ?? [], flags);
    const name = names[0]!;
    const plan = await planRollback(session.context, session.infrastructure, {
      name,
      hostnames,
      packages: new TaskservPackages(),
      to: flags.to,
    });
    const [step] = plan.steps;
    const versions = `${step!.from_version} → ${step!.to_version}`;
    await carryOut(this, session, plan, {
      name: `taskserv rollback ${name}`,
      command: 'taskserv.rollback',
      kind: 'taskserv',
      nothing: 'Nothing to do',
      done: `Rollback complete: ${name} ${versions} on ${plan.steps.map(({ target }) => target).join(', ')}`,
      next: [`change the definition of ${name}, too: the next deploy does what it says`, 'provisioning plan'],
      question: `Roll back ${name} ${versions} on ${plan.infra}?`,
      confirm: true,
      // An update that was left is not to be gone on with after the way back.
      begin: () => Promise.resolve(() => supersedeRuns(session.context, [name])),
    });
  }
}
