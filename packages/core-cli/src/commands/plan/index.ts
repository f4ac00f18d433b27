import { boolean, string } from '@oclif/core/flags';
import { planDeploy, summarize } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { showPlan } from '../../plan/show.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class Plan extends ProvisioningCommand {
  static override summary = 'Show the difference between the definition and what is there';
  static override description =
    'Asks the providers and the servers, changes nothing. With --detailed-exitcode, exit 2 says that there are changes.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning plan',
    'provisioning plan --detailed-exitcode --out json',
    'provisioning plan --target web-01 --target db-*',
  ];
  static override flags = {
    'detailed-exitcode': boolean({ description: 'exit 2 when there are changes' }),
    target: string({ description: 'only these servers; globs work', multiple: true }),
    all: boolean({ description: 'list what does not change, too' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Plan);
    await using session = await openInfrastructure(this);
    const plan = await planDeploy(session.context, session.infrastructure, {
      targets: flags.target,
      readOnly: this.globals.check,
    });
    const { graph, ...rest } = plan;
    const operations = graph.map(({ id, type, name, dependencies }) => ({ id, type, name, dependencies }));
    const document = { ...rest, summary: summarize(plan), operations };
    await this.out.result(document, () =>
      showPlan(plan, this.out, { unchanged: flags.all || this.globals.verbose }),
    );
    if (flags['detailed-exitcode'] && plan.changes.some(({ action }) => action !== 'unchanged'))
      this.exitCode = 2;
  }
}
