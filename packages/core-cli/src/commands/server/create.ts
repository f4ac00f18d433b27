import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { defineServer, portablePlan } from '../../server/ad-hoc.ts';
import { createServers } from '../../server/creation.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { fromConfigDescription, openFromConfig } from '../../wizard/from-config.ts';

export default class ServerCreate extends ProvisioningCommand {
  static override summary = 'Create the servers that are defined and not there';
  static override description =
    'Only the servers, not the services on them; deploy does both. Names may be globs, groups, or what names begin with;\nwithout any, all servers. A creation that was interrupted is finished. A name with a plan adds a server to the definition.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning server create --check',
    'provisioning server create web-01 --yes',
    "provisioning server create 'web-*' --parallel 4 --rollback",
    'provisioning server create --name job-01 --plan 2xCPU-4GB',
    'provisioning -i demo s c',
  ];
  static override args = {
    server: argument({ multiple: true, description: 'hostnames, globs or groups; default all' }),
  };
  static override flags = {
    name: string({ description: 'hostname instead of the argument' }),
    servers: string({ description: 'hostnames instead of the argument', multiple: true }),
    plan: string({ description: 'plan of a server that is added to the definition' }),
    zone: string({ description: 'its zone' }),
    provider: string({ description: 'its provider' }),
    count: integer({ description: 'how many of it, as a group', min: 1 }),
    'from-config': {
      ...string({ description: fromConfigDescription, exclusive: ['plan'] }),
      optionalValue: '',
    },
    parallel: integer({ description: 'servers created at once', min: 1 }),
    rollback: boolean({ description: 'a failure deletes the servers of this run' }),
    force: boolean({ description: 'replace servers in state error; go over the budget' }),
    'fix-local-hosts': boolean({
      description: 'make the servers known in /etc/hosts and ~/.ssh/config',
      allowNo: true,
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerCreate);
    const names = [
      ...(args.server ?? []),
      ...(flags.name === undefined ? [] : [flags.name]),
      ...(flags.servers ?? []),
    ];
    const last = names.at(-1);
    const plan = flags.plan ?? (names.length === 2 && portablePlan(last) ? names.pop() : undefined);
    await using _added = plan === undefined ? undefined : await defineServer(this, { ...flags, names, plan });
    const answers = flags['from-config'];
    await using session =
      answers === undefined ? await openInfrastructure(this) : await openFromConfig(this, answers);
    const parallel = flags.parallel ?? maximum(session.configuration.get('operations.max_parallel'));
    await createServers(this, session, {
      ...(names.length === 0 ? {} : { names }),
      ...(parallel === undefined ? {} : { parallel }),
      rollback: flags.rollback === true,
      force: flags.force === true,
      ...(flags['fix-local-hosts'] === undefined ? {} : { fixLocalHosts: flags['fix-local-hosts'] }),
    });
  }
}

function maximum(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
