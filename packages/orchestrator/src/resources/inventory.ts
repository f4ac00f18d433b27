import {
  infraPath,
  readClusters,
  type ServerRecord,
  StateFile,
  type TaskservRecord,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Infrastructures, KnownInfrastructure, Place } from './infrastructures.ts';

export interface ServerEntry extends ServerRecord {
  readonly hostname: string;
  readonly infra: string;
  readonly workspace: string;
  readonly ip_address?: string;
}

export interface TaskservEntry extends TaskservRecord {
  /** `<server>/<name>`. */
  readonly id: string;
  readonly server: string;
  readonly infra: string;
  readonly workspace: string;
}

/** What was last known of the resources of a workspace: read from its state, nobody is asked. */
export class Inventory {
  readonly #infrastructures: Infrastructures;

  constructor(infrastructures: Infrastructures) {
    this.#infrastructures = infrastructures;
  }

  async servers(place: Place): Promise<ServerEntry[]> {
    const lists = await this.#each(place, async (known) => {
      const { servers } = await stateOf(known);
      return Object.entries(servers).map(([hostname, record]) => ({
        ...record,
        hostname,
        infra: known.infra,
        workspace: known.workspace.name,
        ip_address: addressOf(record.ip_addresses),
      }));
    });
    return lists.flat();
  }

  /** By id or hostname. @throws ProvisioningError `NOT_FOUND`, `CONFLICT` for a name of several infrastructures */
  async server(name: string, place: Place): Promise<ServerEntry> {
    const all = await this.servers(place);
    return only(
      'Server',
      name,
      all.filter((server) => server.id === name || server.hostname === name),
    );
  }

  async taskservs(place: Place): Promise<TaskservEntry[]> {
    const servers = await this.servers(place);
    return servers.flatMap(({ hostname, infra, workspace, taskservs }) =>
      taskservs.map((record) => ({
        ...record,
        id: `${hostname}/${record.name}`,
        server: hostname,
        infra,
        workspace,
      })),
    );
  }

  /** By `<server>/<name>`, or by name where one server has it. */
  async taskserv(name: string, place: Place, server?: string): Promise<TaskservEntry> {
    const all = (await this.taskservs(place)).filter(
      (entry) => server === undefined || entry.server === server,
    );
    return only(
      'Taskserv',
      name,
      all.filter((entry) => entry.id === name || entry.name === name),
    );
  }

  async clusters(place: Place) {
    const lists = await this.#each(place, async (known) => {
      const records = await readClusters({ workspace: known.workspace, infra: known.infra });
      return Object.values(records).map(({ cluster, ...record }) => ({
        id: cluster,
        name: cluster,
        ...record,
        status: record.components.some(({ status }) => status === 'failed') ? 'failed' : 'deployed',
        infra: known.infra,
        workspace: known.workspace.name,
      }));
    });
    return lists.flat();
  }

  async cluster(name: string, place: Place) {
    return only(
      'Cluster',
      name,
      (await this.clusters(place)).filter((cluster) => cluster.name === name),
    );
  }

  async #each<T>(place: Place, read: (known: KnownInfrastructure) => Promise<T>): Promise<T[]> {
    return Promise.all((await this.#infrastructures.known(place)).map(read));
  }
}

function stateOf(known: KnownInfrastructure) {
  return new StateFile(infraPath(known)).read();
}

function addressOf(addresses: Readonly<Record<string, string | undefined>>): string | undefined {
  return addresses['public'] ?? addresses['private'] ?? addresses['utility'] ?? addresses['ipv6'];
}

/** The one there is; a name that several infrastructures have needs `infra` (13 §6). */
function only<T extends { readonly infra: string }>(kind: string, name: string, found: readonly T[]): T {
  const [first] = found;
  if (first === undefined) {
    throw new ProvisioningError({
      code: 'NOT_FOUND',
      kind: 'not-found',
      message: `${kind} not found: ${name}`,
    });
  }
  if (found.length === 1) return first;
  throw new ProvisioningError({
    code: 'CONFLICT',
    kind: 'conflict',
    message: `Ambiguous name '${name}': infra ${found.map(({ infra }) => infra).join(', ')}`,
    hint: 'Add ?infra=',
  });
}
