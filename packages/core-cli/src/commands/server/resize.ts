import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { checkPlan, operations, priceServers, observeProviders } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { definedServer } from '../../server/find.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerResize extends ProvisioningCommand {
  static override summary = 'Give a server another plan';
  static override description =
    'Stops it where its provider wants that, changes it, starts it and looks at it; a failure puts the old plan back.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update', slow: true };
  static override examples = ['provisioning server resize web-01 --plan 4xCPU-8GB --check'];
  static override args = { server: argument({ required: true, description: 'hostname' }) };
  static override flags = {
    plan: string({ required: true, description: 'plan of the provider, or a portable one' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerResize);
    await using session = await openInfrastructure(this);
    const { context, infrastructure } = session;
    const server = definedServer(session, args.server);
    const observed = await observeProviders(context, [server.provider]);
    const plan = checkPlan({ ...server, plan: flags.plan }, observed.get(server.provider)!);
    const { hostname, provider, lock, running_wait, running_timeout } = server;
    const input = { server: { hostname, provider, lock, running_wait, running_timeout }, plan };
    const changes = await operations.get('server.resize')!.plan(context, input);
    const [before, after] = await Promise.all(
      [server, { ...server, plan: flags.plan }].map((one) => priceServers(context, [one], observed)),
    );
    const difference = (after?.totals[0]?.monthly ?? 0) - (before?.totals[0]?.monthly ?? 0);
    const currency = after?.totals[0]?.currency ?? '';
    await carryOut(
      this,
      session,
      {
        workspace: context.workspace.name,
        infra: infrastructure.name,
        environment: infrastructure.environment,
        changes,
        graph: changes.some(({ action }) => action === 'update')
          ? [
              {
                id: `resize-${server.hostname}`,
                type: 'server.resize',
                name: server.hostname,
                input,
                dependencies: [],
                resources: [`server/${server.hostname}`],
              },
            ]
          : [],
        blocked: server.lock ? [`Server '${server.hostname}' is locked`] : [],
        warnings: [
          ...(currency === ''
            ? []
            : [`Price difference: ${difference >= 0 ? '+' : ''}${difference.toFixed(2)} ${currency}/month`]),
          ...(server.plan === flags.plan
            ? []
            : ['The definition says another plan; change it there too, or the next deploy brings it back']),
        ],
      },
      {
        name: `server resize ${server.hostname}`,
        command: 'server.resize',
        kind: 'server',
        nothing: `Nothing to do: ${server.hostname} has plan ${plan}`,
        done: `Server ${server.hostname} has plan ${plan}`,
        question: `Resize ${server.hostname} to ${plan}?`,
        confirm: true,
      },
    );
  }
}
