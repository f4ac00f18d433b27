import { join } from 'node:path';
import type { ServerSpec } from '@provisioning/extensions-sdk';
import type { Engine } from '../docker/client.ts';
import { EngineError } from '../docker/http.ts';
import type { Labels } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { withFileLock } from '../files/file-lock.ts';
import { heldByContainers } from '../docker/answers.ts';
import { freeAddress, isInSubnet } from './addresses.ts';
import { labelKeys, managedBy, networkName } from './labels.ts';
import type { Session } from './session.ts';

/** Held while servers join or the last one leaves, so that a network is not removed under a server being made. */
export function withNetworkLock<T>(session: Session, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(session.environment.cacheDir, 'networks.lock'), work);
}

/** A place in a network. */
export interface Place {
  readonly name: string;
  /** The server's address for as long as it exists; absent where the engine chooses one at each start. */
  readonly address?: string;
}

/**
 * The network a server joins, the infrastructure's own or the one `network_mode` names, and its address there. It keeps
 * `wished` when that is free, so that nothing that names the server has to change. The caller holds the lock.
 */
export async function joinNetwork(
  session: Session,
  { engine }: Pick<ConnectedEngine, 'engine'>,
  spec: Pick<ServerSpec, 'hostname' | 'network'>,
  options: { readonly wished?: string; readonly avoid?: ReadonlySet<string> } = {},
): Promise<Place> {
  const mode = session.config.network_mode;
  if (mode !== 'bridge') return { name: mode };
  const cidr = spec.network?.cidr;
  const wanted = typeof cidr === 'string' ? cidr : undefined;
  const name = await ensureNamedNetwork(
    session,
    engine,
    networkName(session.owner),
    session.labels(),
    wanted,
  );
  const network = await engine.inspectNetwork(name);
  const subnet = network?.IPAM?.Config?.find(({ Subnet }) => Subnet?.includes('.'))?.Subnet;
  // Docker gives chosen addresses only in subnets that were chosen as well.
  if (subnet === undefined || !(engine.isPodman || network?.Labels?.[labelKeys.subnet] === subnet))
    return { name };
  const connected = Object.values(network?.Containers ?? {}).map(
    ({ IPv4Address }) => IPv4Address?.split('/')[0],
  );
  const reserved = [...(await session.containers()), ...(await session.balancers())]
    .filter(({ Labels }) => Labels[labelKeys.hostname] !== spec.hostname)
    .map(({ Labels }) => Labels[labelKeys.address]);
  const used = [...connected, ...reserved, ...(options.avoid ?? [])];
  const taken = new Set(used.filter((address) => address !== undefined));
  const { wished } = options;
  const free = wished !== undefined && isInSubnet(wished, subnet) && !taken.has(wished);
  const address = free ? wished : freeAddress(subnet, taken);
  return address === undefined ? { name } : { name, address };
}

/** A network of ours, made when it is not there; with the subnet if that is free. The caller holds the lock. */
export async function ensureNamedNetwork(
  session: Session,
  engine: Engine,
  name: string,
  labels: Labels,
  subnet?: string,
): Promise<string> {
  const existing = await engine.inspectNetwork(name);
  if (existing !== undefined) {
    if (existing.Labels?.[managedBy.key] === managedBy.value) return name;
    throw new EngineError(`the network ${name} exists and is not ours`, 409);
  }
  const free = subnet ?? (engine.isPodman ? undefined : await freeSubnet(engine, name, labels));
  try {
    await engine.createNetwork(
      name,
      { ...labels, ...(free === undefined ? {} : { [labelKeys.subnet]: free }) },
      free,
    );
  } catch (error) {
    if (error instanceof EngineError && error.status === 409 && /already (exists|used)/i.test(error.message))
      return name;
    if (free === undefined) throw error;
    session.environment.log(
      'warn',
      `Subnet ${free} is not free (${(error as Error).message}); taking another`,
    );
    await engine.createNetwork(name, labels);
  }
  return name;
}

/** A subnet that Docker itself finds free: it is asked for one and then told to use that one. */
async function freeSubnet(engine: Engine, name: string, labels: Labels): Promise<string | undefined> {
  await engine.createNetwork(name, labels);
  const network = await engine.inspectNetwork(name);
  await engine.removeNetwork(name);
  return network?.IPAM?.Config?.[0]?.Subnet;
}

/** Removes the network when no server and no load balancer of the infrastructure is left. */
export async function removeNetworkIfEmpty(session: Session, engine: Engine): Promise<void> {
  await withNetworkLock(session, async () => {
    if ((await session.containers()).length + (await session.balancers()).length > 0) return;
    const name = networkName(session.owner);
    const network = await engine.inspectNetwork(name);
    if (network?.Labels?.[managedBy.key] !== managedBy.value) return;
    await engine.removeNetwork(name).catch((error: unknown) => {
      // Somebody's own container may be on it; anything else is for the next attempt.
      if (!(error instanceof EngineError) || !heldByContainers(error)) throw error;
      session.environment.log('warn', `Network ${name} stays: ${(error as Error).message}`);
    });
  });
}
