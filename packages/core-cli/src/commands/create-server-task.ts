import { string as argument } from '@oclif/core/args';
import { integer } from '@oclif/core/flags';
import { hasChanges, planDeploy } from '@provisioning/core';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { carryOut } from '../plan/carry-out.ts';
import { openInfrastructure } from '../session/infrastructure.ts';

export default class CreateServerTask extends ProvisioningCommand {
  static override summary = 'Create servers, then the taskservs on their lists';
  static override description =
    'As server create followed by taskserv create for the same servers. Nothing is deleted, and clusters are left alone;\ndeploy does all of it.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning create-server-task web-01 --check',
    'provisioning cst "web-*" --yes',
  ];
  static override args = {
    server: argument({ multiple: true, description: 'hostnames or globs; default all' }),
  };
  static override flags = { parallel: integer({ description: 'servers worked on at once', min: 1 }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CreateServerTask);
    await using session = await openInfrastructure(this);
    const targets = args.server as string[] | undefined;
    const plan = await planDeploy(session.context, session.infrastructure, {
      ...(targets === undefined ? {} : { targets }),
      keepUndefined: true,
      readOnly: this.globals.check,
    });
    const { infra } = plan;
    await carryOut(this, session, plan, {
      name: `create-server-task ${infra}`,
      command: 'create-server-task',
      nothing: `Nothing to do: the servers of ${infra} stand with their taskservs`,
      done: `Servers of ${infra} and their taskservs are there`,
      question: `Create servers and taskservs in ${plan.workspace}:${infra}?`,
      confirm: hasChanges(plan),
      parallel: flags.parallel,
      next: ['provisioning server list'],
    });
  }
}
