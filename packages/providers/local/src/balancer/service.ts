import { join } from 'node:path';
import type { LoadBalancerService, LoadBalancerTarget, LoadBalancerWish } from '@provisioning/extensions-sdk';
import type { ContainerSpec, ContainerSummary, HostConfig } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { invalid, notFound } from '../failure.ts';
import { withFileLock } from '../files/file-lock.ts';
import { packFiles } from '../image/overlay.ts';
import { hardwareAddress } from '../server/addresses.ts';
import { balancerName, isServer, labelKeys, managedBy } from '../server/labels.ts';
import { joinNetwork, removeNetworkIfEmpty, withNetworkLock } from '../server/network.ts';
import { chosenPorts, observed } from '../server/observe.ts';
import { choosePorts } from '../server/ports.ts';
import type { Session } from '../server/session.ts';
import {
  type BalancerState,
  type BalancerTarget,
  askStatistics,
  configurationOf,
  healthyServers,
  stateOf,
} from './configuration.ts';
import { balancerImage } from './image.ts';

const file = '/etc/haproxy/provisioning.cfg';

/** Load balancers: HAProxy in a container on the network of the infrastructure, its ports on 127.0.0.1 too. */
export function loadBalancers(session: Session): LoadBalancerService {
  const locked = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    withFileLock(
      join(session.environment.cacheDir, 'servers', `${balancerName(session.owner, name)}.lock`),
      work,
    );
  const own = async (id: string, operation: string): Promise<ContainerSummary> => {
    const found = (await session.balancers()).find(({ Id }) => Id === id);
    if (found === undefined) throw invalid(operation, `Load balancer ${id} is not of this infrastructure`);
    return found;
  };
  return {
    ensure: (wish) =>
      session.use('Load balancer creation failed', 'loadBalancer.ensure', (connected) =>
        locked(wish.name, async () => {
          checkWish(wish);
          const container = await ensureBalancer(session, connected, wish);
          return { id: container.Id, address: addressOf(container) };
        }),
      ),
    list: () =>
      session.use('Failed to list load balancers', 'loadBalancer.list', async (connected) =>
        Promise.all(
          (await session.balancers()).map(async (container) => ({
            id: container.Id,
            name: nameOf(container),
            address: addressOf(container),
            ...observedState(await readState(connected, container)),
          })),
        ),
      ),
    setTargets: (id, targets) =>
      session.use('Load balancer change failed', 'loadBalancer.setTargets', async (connected) => {
        const name = nameOf(await own(id, 'loadBalancer.setTargets'));
        await locked(name, async () => {
          const container = await own(id, 'loadBalancer.setTargets');
          const { wish } = await readState(connected, container);
          await configure(connected, id, { wish, targets: await resolve(session, targets) });
        });
      }),
    health: (id) =>
      session.use('Load balancer health failed', 'loadBalancer.health', async (connected) => {
        const container = await own(id, 'loadBalancer.health');
        const { targets } = await readState(connected, container);
        const statistics = await connected.engine.exec(id, askStatistics);
        return { healthy: healthyServers(statistics), total: targets.length };
      }),
    delete: (id) =>
      session.use('Load balancer deletion failed', 'loadBalancer.delete', async ({ engine }) => {
        const name = nameOf(await own(id, 'loadBalancer.delete'));
        await locked(name, () => engine.removeContainer(id));
        await removeNetworkIfEmpty(session, engine);
      }),
  };
}

function checkWish({ name, listeners }: LoadBalancerWish): void {
  if (listeners.length === 0)
    throw invalid('loadBalancer.ensure', `Load balancer '${name}' has no listener`, 'Give it a port');
  const other = listeners.find(({ protocol = 'tcp' }) => !['tcp', 'http'].includes(protocol));
  if (other === undefined) return;
  throw invalid(
    'loadBalancer.ensure',
    `Load balancer '${name}' cannot speak ${other.protocol} on port ${other.port}: this provider keeps no certificates`,
    'Use tcp and let the servers end TLS',
  );
}

/** Makes the container, or takes the one there is; with other ports it is made anew and keeps its servers. */
async function ensureBalancer(
  session: Session,
  connected: ConnectedEngine,
  wish: LoadBalancerWish,
): Promise<ContainerSummary> {
  const { engine } = connected;
  const existing = await find(session, wish.name);
  let targets: readonly BalancerTarget[] = [];
  if (existing !== undefined) {
    const state = await readState(connected, existing);
    if (wish.listeners.every(({ port }) => portsOf(state).includes(port))) {
      await configure(connected, existing.Id, { wish, targets: state.targets });
      return existing;
    }
    targets = state.targets;
    await engine.removeContainer(existing.Id);
  }
  const image = await balancerImage(connected, session.config, session.environment);
  const id = await createContainer(session, connected, wish, image);
  try {
    await engine.putArchive(id, await packFiles({ [file]: { content: configurationOf({ wish, targets }) } }));
    await engine.startContainer(id);
  } catch (error) {
    await engine.removeContainer(id);
    throw error;
  }
  return (await find(session, wish.name))!;
}

async function createContainer(
  session: Session,
  { engine, settings }: ConnectedEngine,
  wish: LoadBalancerWish,
  image: string,
): Promise<string> {
  const name = balancerName(session.owner, wish.name);
  const wanted = wish.listeners.map(({ port }) => port);
  const all = await engine.listContainers({ [managedBy.key]: managedBy.value });
  const taken = all.flatMap((container) => [
    ...(container.Ports ?? []).flatMap(({ PublicPort }) => PublicPort ?? []),
    ...Object.values(chosenPorts(container)),
  ]);
  const ports = [...(await choosePorts(name, wanted, new Set(taken)))].filter(([port]) =>
    wanted.includes(port),
  );
  return withNetworkLock(session, async () => {
    const { name: network, address } = await joinNetwork(session, { engine }, { hostname: name });
    const shared = network === 'host' || network === 'none';
    const bindings = ports.map(([port, host]) => [
      `${port}/tcp`,
      [{ HostIp: '127.0.0.1', HostPort: String(host) }],
    ]);
    const hostConfig: HostConfig = {
      ...(settings.ulimits.length > 0 ? { Ulimits: settings.ulimits } : {}),
      ...(shared ? {} : { PortBindings: Object.fromEntries(bindings) as HostConfig['PortBindings'] }),
      RestartPolicy: { Name: 'unless-stopped' },
      NetworkMode: network,
    };
    const endpoint = {
      Aliases: [wish.name],
      ...(address === undefined
        ? {}
        : { IPAMConfig: { IPv4Address: address }, MacAddress: hardwareAddress(address) }),
    };
    const spec: ContainerSpec = {
      Image: image,
      Cmd: ['haproxy', '-W', '-db', '-f', file],
      Labels: {
        ...session.labels(),
        [labelKeys.balancer]: wish.name,
        [labelKeys.ports]: JSON.stringify(Object.fromEntries(ports)),
        ...(address === undefined ? {} : { [labelKeys.address]: address }),
      },
      ExposedPorts: Object.fromEntries(ports.map(([port]) => [`${port}/tcp`, {}])),
      HostConfig: hostConfig,
      ...(shared ? {} : { NetworkingConfig: { EndpointsConfig: { [network]: endpoint } } }),
    };
    return engine.createContainer(name, spec);
  });
}

async function find(session: Session, name: string): Promise<ContainerSummary | undefined> {
  return (await session.balancers()).find((container) => nameOf(container) === name);
}

/** What a load balancer is set to. One that stands still is started: only a running one can be asked. */
async function readState({ engine }: ConnectedEngine, container: ContainerSummary): Promise<BalancerState> {
  if (container.State !== 'running') await engine.startContainer(container.Id);
  return stateOf(await engine.exec(container.Id, ['cat', file]));
}

/** Writes the configuration and lets HAProxy take it over; connections that are open are kept. */
async function configure({ engine }: ConnectedEngine, id: string, state: BalancerState): Promise<void> {
  const content = configurationOf(state);
  if ((await engine.exec(id, ['cat', file])) === content) return;
  await engine.putArchive(id, await packFiles({ [file]: { content } }));
  await engine.exec(id, ['haproxy', '-c', '-q', '-f', file]);
  await engine.exec(id, ['sh', '-c', 'kill -USR2 1']);
}

/** Servers by hostname in the infrastructure, or by id in the whole workspace. A weight of 0 takes one out. */
async function resolve(
  session: Session,
  targets: readonly LoadBalancerTarget[],
): Promise<readonly BalancerTarget[]> {
  const found: BalancerTarget[] = [];
  for (const { ref, weight } of targets) {
    if (weight <= 0) continue;
    const container = await session.find(ref.hostname, undefined, ref.id);
    if (container === undefined || !isServer(container))
      throw notFound(ref.hostname, 'loadBalancer.setTargets');
    const { id, ip_addresses: addresses } = observed(container);
    if (addresses.private === undefined)
      throw invalid('loadBalancer.setTargets', `Server '${ref.hostname}' has no IP address`);
    found.push({ hostname: ref.hostname, id, address: addresses.private, weight: Math.min(weight, 100) });
  }
  return found;
}

function observedState(state: BalancerState) {
  return { ports: portsOf(state), targets: state.targets.map(({ id, weight }) => ({ id, weight })) };
}

function portsOf({ wish }: BalancerState): number[] {
  return wish.listeners.map(({ port }) => port);
}

function nameOf(container: ContainerSummary): string {
  return container.Labels[labelKeys.balancer] ?? '';
}

function addressOf(container: ContainerSummary): string | null {
  const networks = Object.values(container.NetworkSettings?.Networks ?? {});
  return (
    networks.find(({ IPAddress }) => IPAddress)?.IPAddress ?? container.Labels[labelKeys.address] ?? null
  );
}
