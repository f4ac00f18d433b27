import type { ServerSpec } from '@provisioning/extensions-sdk';
import type { ContainerDetails, ContainerSummary } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { containerSpec, storedSpec } from './container-spec.ts';
import { firstBootArchive } from './first-boot.ts';
import { containerName, labelKeys, replacedName, stateImage } from './labels.ts';
import { joinNetwork, withNetworkLock } from './network.ts';
import { choosePorts, isFree, type PortMap } from './ports.ts';
import type { Session } from './session.ts';
import { ensureVolumes } from './volumes.ts';

export interface Change {
  /** Image to go on from; the server's own state when absent. */
  readonly image?: string;
  readonly spec?: Partial<ServerSpec>;
  /** Starts the new container although the old one was stopped, with other ports where its own are taken now. */
  readonly start?: boolean;
}

/**
 * Puts a new container in the place of a server's, for what an engine cannot change in a running one: ports, volumes,
 * a restored snapshot. The old one is kept under another name until the new one runs. The caller holds the lock of
 * the server.
 */
export async function recreate(
  session: Session,
  connected: ConnectedEngine,
  container: ContainerSummary,
  change: Change,
): Promise<void> {
  const { engine } = connected;
  const details = await engine.inspectContainer(container.Id);
  if (details === undefined) return;
  const { hostname, ...stored } = storedSpec(container.Labels);
  const spec: ServerSpec = { ...stored, ...(await session.resized(container.Id)), ...change.spec, hostname };
  const name = containerName(session.owner, hostname);
  const running = container.State === 'running';
  if (running) await engine.stopContainer(container.Id, 30);
  const image = change.image ?? (await commitState(session, connected, container, hostname));
  const mounts = await ensureVolumes(session, engine, spec);
  const ports = await keepPorts(details, name, spec.allowed_ports, change.start === true);
  await engine.renameContainer(container.Id, replacedName(name));
  let made: string | undefined;
  try {
    made = await withNetworkLock(session, async () => {
      const network = await joinNetwork(session, connected, spec, {
        wished: container.Labels[labelKeys.address],
      });
      return engine.createContainer(
        name,
        containerSpec(session, connected, spec, { image, ports, mounts, network }),
      );
    });
    await engine.putArchive(made, await firstBootArchive(spec));
    if (running || change.start === true) await engine.startContainer(made);
  } catch (error) {
    if (made !== undefined) await engine.removeContainer(made);
    await engine.renameContainer(container.Id, name);
    if (running) await engine.startContainer(container.Id);
    throw error;
  }
  await engine.removeContainer(container.Id);
  await session.forget(container.Id);
}

/**
 * After a crash in the middle of a replacement the old container gets its name back. The caller holds the lock.
 * @returns whether there was one.
 */
export async function recoverReplaced(
  session: Session,
  { engine }: ConnectedEngine,
  hostname: string,
): Promise<boolean> {
  const name = containerName(session.owner, hostname);
  const old = await engine.inspectContainer(replacedName(name));
  if (old?.Config.Labels?.[labelKeys.hostname] !== hostname) return false;
  await engine.renameContainer(old.Id, name);
  session.environment.log('warn', `Server ${hostname} goes on from before an interrupted change`);
  return true;
}

async function commitState(
  session: Session,
  { engine }: ConnectedEngine,
  container: ContainerSummary,
  hostname: string,
): Promise<string> {
  const { repository, tag } = stateImage(session.owner, hostname);
  await engine.commit(container.Id, repository, tag, { [labelKeys.image]: 'state' });
  return `${repository}:${tag}`;
}

/** The loopback ports stay what they were, and while nothing else has them; others are chosen. */
async function keepPorts(
  details: ContainerDetails,
  name: string,
  allowed: readonly number[],
  onlyFree: boolean,
): Promise<PortMap> {
  const before = new Map<number, number>();
  const taken = new Set<number>();
  for (const [port, bindings] of Object.entries(details.HostConfig.PortBindings ?? {})) {
    const host = Number(bindings[0]?.HostPort);
    if (!onlyFree || (await isFree(host))) before.set(Number.parseInt(port, 10), host);
    taken.add(host);
  }
  const wanted = [22, ...allowed];
  const missing = wanted.filter((port) => !before.has(port));
  const chosen = missing.length === 0 ? before : await choosePorts(name, missing, taken);
  return new Map(wanted.map((port) => [port, before.get(port) ?? chosen.get(port)!]));
}
