import { infraPath, listInfrastructures, type ServerRecord, StateFile } from '@provisioning/core';

/** A line of `server list`, the contract pipelines rely on (01 §5, S:41547). */
export interface ServerListing {
  readonly name: string;
  readonly hostname: string;
  readonly provider: string;
  readonly plan: string;
  readonly zone: string;
  readonly cores: number;
  readonly memory: number;
  readonly ip_address: string | null;
  readonly status: string;
  readonly infra: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The provider's id, once there is one. */
  readonly id: string | null;
  /** Something that was begun has not come to its end. Not printed. */
  readonly unfinished?: boolean;
  /** When this was learned. Not printed. */
  readonly updated_at?: string;
}

/** The servers that the state cache knows, of one infrastructure or of all of a workspace. */
export async function cachedServers(
  workspace: { readonly name: string; readonly path: string },
  infra: string | undefined,
): Promise<ServerListing[]> {
  const names = infra === undefined ? await listInfrastructures(workspace.path) : [infra];
  const perInfra = await Promise.all(
    names.map(async (name) => {
      const state = await new StateFile(infraPath({ workspace, infra: name })).read();
      return Object.entries(state.servers).map(([hostname, record]) => listing(hostname, record, name));
    }),
  );
  return perInfra.flat();
}

function listing(hostname: string, record: ServerRecord, infra: string): ServerListing {
  return {
    name: record.name,
    hostname,
    provider: record.provider,
    plan: record.plan,
    zone: record.zone,
    cores: record.cores,
    memory: record.memory,
    ip_address: addressOf(record.ip_addresses),
    status: record.status,
    infra,
    tags: record.tags,
    id: record.id,
    unfinished: record.operation !== undefined,
    updated_at: record.updated_at,
  };
}

/** The address people use: public before private. */
export function addressOf(addresses: Readonly<Record<string, string | undefined>>): string | null {
  return addresses['public'] ?? addresses['private'] ?? addresses['utility'] ?? addresses['ipv6'] ?? null;
}
