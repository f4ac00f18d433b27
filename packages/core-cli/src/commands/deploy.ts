import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { hasChanges, planDeploy, recordDeployed } from '@provisioning/core';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { carryOut } from '../plan/carry-out.ts';
import { openFrozenInfrastructure } from '../session/frozen.ts';
import { openInfrastructure } from '../session/infrastructure.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { fromConfigDescription, openFromConfig } from '../wizard/from-config.ts';

export default class Deploy extends ProvisioningCommand {
  static override summary = 'Bring servers and services to what the definition says';
  static override description =
    'Plans, asks, and hands the work to the orchestrator, which is started when it does not run. Ctrl-C stops watching, not\nthe work. What is right already is left alone; what was changed by hand is repaired.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'deploy', slow: true };
  static override examples = [
    'provisioning deploy',
    'provisioning deploy staging --check',
    'provisioning deploy --target web-01 --yes',
    'provisioning deploy --yes --no-wait',
    'provisioning deploy --from-config',
    'provisioning deploy --frozen v1 --check',
  ];
  static override args = {
    infra: argument({ description: 'name of the infrastructure; default the current one' }),
  };
  static override flags = {
    target: string({ description: 'only these servers; globs work', multiple: true }),
    parallel: integer({ description: 'servers worked on at once', min: 1 }),
    'from-config': {
      ...string({ description: fromConfigDescription, exclusive: ['frozen'] }),
      optionalValue: '',
    },
    frozen: string({
      description: 'a frozen version instead of the workspace as it is; an older one rolls back',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Deploy);
    if (args.infra !== undefined) this.globals = { ...this.globals, infra: args.infra };
    const { frozen, 'from-config': answers } = flags;
    if (frozen !== undefined) this.globals = { ...this.globals, direct: true };
    await using session =
      frozen !== undefined
        ? await openFrozenInfrastructure(this, frozen)
        : answers !== undefined
          ? await openFromConfig(this, answers)
          : await openInfrastructure(this);
    const plan = await planDeploy(session.context, session.infrastructure, {
      targets: flags.target,
      readOnly: this.globals.check,
    });
    const { infra } = plan;
    await carryOut(this, session, plan, {
      name: `deploy ${infra}`,
      command: 'deploy',
      nothing: `Nothing to do: ${infra} is as defined`,
      done: `Deployed ${infra}`,
      question: `Deploy to ${plan.workspace}:${infra}?`,
      confirm: hasChanges(plan),
      parallel: flags.parallel,
      type: 'deploy',
      next: [
        'provisioning server list',
        `provisioning server ssh ${session.infrastructure.servers[0]?.hostname ?? '<server>'}`,
      ],
    });
    if (frozen !== undefined && !this.globals.check)
      await recordDeployed(surroundingsOf(this.runtime), session.selection.path, frozen, infra);
  }
}
