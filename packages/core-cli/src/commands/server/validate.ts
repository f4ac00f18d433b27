import { string as argument } from '@oclif/core/args';
import { checkPlan, firewallWarnings, observeReachable, selectServers } from '@provisioning/core';
import type { Issue } from '@provisioning/extensions-sdk';
import { asProvisioningError } from '../../errors/as-error.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { definitionIssues, invalid } from '../../validation/definition.ts';

export default class ServerValidate extends ProvisioningCommand {
  static override summary = 'Check the definitions of servers without touching anything';
  static override description =
    'Fields, provider, taskservs and plan. Plans are those that the provider answers with; where it cannot be asked they are\nleft out, which is said.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning server validate',
    'provisioning server validate web-01 --out json',
  ];
  static override args = {
    server: argument({ multiple: true, description: 'hostnames or globs; default all' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(ServerValidate);
    // Loading checks the fields of every server: one that is wrong ends the command here, with file and line.
    await using session = await openInfrastructure(this);
    const { context, infrastructure } = session;
    const servers = selectServers(infrastructure, args.server as string[] | undefined);
    const issues = await definitionIssues(session, servers);
    const known = servers.filter(
      ({ provider }) => !issues.some(({ message }) => message.endsWith(`unknown provider '${provider}'`)),
    );
    const observed = await observeReachable(context, [...new Set(known.map(({ provider }) => provider))]);
    const warnings = firewallWarnings(known);
    for (const [name, { unreachable, plans }] of observed)
      if (unreachable !== undefined && plans.length === 0)
        warnings.push(`Plans of ${name} are not checked: ${unreachable}`);
    for (const server of known) {
      const provider = observed.get(server.provider)!;
      if (server.plan !== '' && (provider.unreachable === undefined || provider.plans.length > 0))
        issues.push(...planIssue(server.hostname, () => checkPlan(server, provider)));
    }
    for (const warning of warnings) this.out.warn(warning);
    if (issues.length > 0) throw invalid(infrastructure.name, issues);
    const { style } = this.out;
    const names = servers.map(({ hostname }) => hostname);
    await this.out.result({ valid: true, servers: names, errors: [], warnings }, () =>
      names.map((name) => `${style.mark('ok')} ${name}: valid`),
    );
  }
}

function planIssue(hostname: string, check: () => unknown): Issue[] {
  try {
    check();
    return [];
  } catch (error) {
    const { message, code } = asProvisioningError(error);
    return [{ message: `Server '${hostname}': ${message}`, code }];
  }
}
