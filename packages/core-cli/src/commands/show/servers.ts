import { string as argument } from '@oclif/core/args';
import { LayerResolver } from '@provisioning/core';
import { ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { encode } from '../../output/formats.ts';
import { findServer } from '../../server/find.ts';
import { cachedServers } from '../../server/listing.ts';
import { type InfrastructureSession, openInfrastructure } from '../../session/infrastructure.ts';
import { layerPlaces } from '../../session/modules.ts';
import ServerList from '../server/list.ts';

export default class ShowServers extends ProvisioningCommand {
  static override summary = 'List servers, or show one: as it is defined, and as it was last seen';
  static override description = 'With taskserv and a name: what that taskserv is set to on the server.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning show servers',
    'provisioning show servers web-01',
    'provisioning show servers db-01 taskserv postgres --out json',
  ];
  static override args = {
    server: argument({ description: 'hostname; default all' }),
    noun: argument({ description: 'taskserv', options: ['taskserv'] }),
    taskserv: argument({ description: 'name of a taskserv of the server' }),
  };
  static override flags = ServerList.flags;

  async run(): Promise<void> {
    const { args } = await this.parse(ShowServers);
    if (args.server === undefined) return new ServerList(this.argv, this.host).run();
    await using session = await openInfrastructure(this);
    const { hostname } = await findServer(session, args.server);
    const definition = session.infrastructure.servers.find((server) => server.hostname === hostname);
    const document =
      args.noun === undefined
        ? { definition: definition ?? null, state: await lastSeen(session, hostname) }
        : await this.#taskserv(session, hostname, definition, args.taskserv);
    const lines = (await encode(document, 'yaml', true)).trimEnd().split('\n');
    await this.out.result(document, () => lines);
  }

  /** What a taskserv is set to: the layers, and above them what the server says itself. */
  async #taskserv(
    { selection, configuration }: InfrastructureSession,
    hostname: string,
    definition: Server | undefined,
    wanted: string | undefined,
  ): Promise<object> {
    const entry = definition?.taskservs.find(({ name }) => name === wanted);
    if (entry === undefined) throw notThere(hostname, wanted, definition);
    const { name, profile, version, enabled } = entry;
    await using resolver = new LayerResolver(await layerPlaces(this, selection, configuration));
    const { config } = await resolver.resolve('taskserv', name, { values: entry.config });
    return { server: hostname, taskserv: name, profile, version: version ?? null, enabled, config };
  }
}

function notThere(hostname: string, wanted: string | undefined, definition: Server | undefined): Error {
  const names = definition?.taskservs.map(({ name }) => name) ?? [];
  return wanted === undefined
    ? new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: `Missing required argument: taskserv\nUsage: provisioning show servers ${hostname} taskserv <name>`,
      })
    : new ProvisioningError({
        code: 'NOT_INSTALLED',
        kind: 'not-found',
        message: [
          `${hostname} has no taskserv ${wanted}`,
          '',
          'Available taskservs:',
          ...names.map((name) => `  - ${name}`),
        ].join('\n'),
      });
}

async function lastSeen({ selection }: InfrastructureSession, hostname: string): Promise<object | null> {
  const servers = await cachedServers(selection, selection.infra);
  return servers.find((server) => server.hostname === hostname) ?? null;
}
