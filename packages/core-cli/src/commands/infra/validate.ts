import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { definitionIssues, invalid } from '../../validation/definition.ts';
import { readiness, readinessLines } from '../../validation/readiness.ts';
import { counted } from '../../output/counted.ts';

export default class InfraValidate extends ProvisioningCommand {
  static override summary = 'Check the definition of an infrastructure without touching anything';
  static override description =
    'The definition, the extensions it names, credentials, modules and keys. Exit 3 when something is missing.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning infra validate',
    'provisioning infra validate --infra demo --out json',
  ];
  static override args = { infra: argument({ description: 'name; default the current one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(InfraValidate);
    await using session = await openInfrastructure(this, args.infra);
    const { infrastructure, selection } = session;
    const issues = await definitionIssues(session);
    if (infrastructure.servers.length === 0) issues.push({ message: 'At least one server required' });
    if (issues.length > 0) throw invalid(infrastructure.name, issues);
    const checks = await readiness(this, { workspace: selection, sessions: [session] });
    const taskservs = new Set(
      infrastructure.servers.flatMap((server) => server.taskservs.map(({ name }) => name)),
    );
    for (const warning of infrastructure.warnings) this.out.warn(warning);
    const valid = checks.every(({ status }) => status !== 'error');
    if (!valid) this.exitCode = 3;
    const counts = { servers: infrastructure.servers.length, taskservs: taskservs.size };
    await this.out.result(
      {
        ...{ valid, name: infrastructure.name, ...counts, checks },
        errors: checks.filter(({ status }) => status === 'error').map(({ message }) => ({ message })),
        warnings: infrastructure.warnings.map((message) => ({ message })),
      },
      () => [
        ...readinessLines(checks, this.out),
        `${this.out.style.mark('ok')} Infrastructure '${infrastructure.name}': ${counted(counts.servers, 'server')}, ${counted(counts.taskservs, 'taskserv')}`,
      ],
    );
  }
}
