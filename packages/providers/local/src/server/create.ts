import type { CreateOptions, ServerSpec } from '@provisioning/extensions-sdk';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../docker/http.ts';
import type { ContainerSummary } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { ensureImage } from '../image/ensure.ts';
import { containerSpec } from './container-spec.ts';
import { firstBootArchive } from './first-boot.ts';
import { containerName, labelKeys, managedBy } from './labels.ts';
import { joinNetwork, removeNetworkIfEmpty, withNetworkLock } from './network.ts';
import { chosenPorts, sshPort } from './observe.ts';
import { choosePorts, portInUse } from './ports.ts';
import { waitForSsh } from './ready.ts';
import { recoverReplaced } from './recreate.ts';
import type { Session } from './session.ts';
import { ensureVolumes } from './volumes.ts';

/** Seconds of another process's creation before it counts as given up. */
const patience = 10;

/**
 * Creates a server, or finishes or returns the one that is there (06 §6.1). Two creations of one server, in whatever
 * processes, make one container: the file lock orders those that share a cache, the container's name all others.
 */
export async function createServer(
  session: Session,
  connected: ConnectedEngine,
  spec: ServerSpec,
  options: CreateOptions,
): Promise<ContainerSummary> {
  const id = await session.locked(
    spec.hostname,
    () => createOnce(session, connected, spec, options),
    options.signal,
  );
  let container = await session.find(spec.hostname);
  if (container?.Id !== id) throw new EngineError('the container vanished while it was being created', 404);
  const port = sshPort(container);
  if (options.wait && port !== undefined && container.State === 'running') {
    await waitForSsh(spec.hostname, port, { signal: options.signal, timeout: 60_000 });
    // The address may have come after the start.
    container = (await session.find(spec.hostname)) ?? container;
  }
  return container;
}

/** What turned out to be taken when a container was started. */
interface Failed {
  readonly ports: Set<number>;
  readonly addresses: Set<string>;
}

async function createOnce(
  session: Session,
  connected: ConnectedEngine,
  spec: ServerSpec,
  options: CreateOptions,
): Promise<string> {
  const { engine } = connected;
  const failed: Failed = { ports: new Set(), addresses: new Set() };
  let image: string | undefined;
  let waitedSince: number | undefined;
  for (let attempt = 0; attempt < 20;) {
    options.signal?.throwIfAborted();
    const existing = await session.find(spec.hostname);
    if (existing === undefined && (await recoverReplaced(session, connected, spec.hostname))) continue;
    if (existing !== undefined && existing.State !== 'created') return existing.Id;
    let id = existing?.Id;
    if (existing !== undefined && existing.Labels[labelKeys.key] !== spec.idempotency_key) {
      // Someone else, without our lock, may be between creating and starting it.
      waitedSince ??= performance.now();
      const fresh = Date.now() / 1000 - existing.Created < patience;
      if (fresh && performance.now() - waitedSince < patience * 1000) {
        await sleep(100, undefined, { signal: options.signal });
        continue;
      }
    }
    if (id === undefined) {
      image ??= await ensureImage(serverImage(spec), connected, session.config, session.environment, options);
      id = await createContainer(session, connected, spec, image, failed, options);
      if (id === undefined) continue; // Another process took the name; the next round finds its container.
      await options.onCreated?.(id);
    }
    try {
      options.onProgress?.(`Starting ${spec.hostname}`);
      await engine.putArchive(id, await firstBootArchive(spec));
      await engine.startContainer(id);
      return id;
    } catch (error) {
      const taken = portInUse((error as Error).message);
      const labels = (await engine.inspectContainer(id))?.Config.Labels ?? {};
      // A start that failed can keep its port, so the container goes and another port is chosen.
      await engine.removeContainer(id);
      if (taken === undefined || attempt++ > 10) {
        await removeNetworkIfEmpty(session, engine).catch(() => undefined);
        throw error;
      }
      if (taken.port === undefined) failed.addresses.add(labels[labelKeys.address] ?? '');
      failed.ports.add(taken.port ?? Number(labels[labelKeys.sshPort]));
      options.onProgress?.(`Port ${taken.port ?? 'of SSH'} is taken; choosing another`);
    }
  }
  throw new EngineError('no port and address could be found that stay free', 500);
}

/** @returns the id, or `undefined` when a container of ours has the name already. */
async function createContainer(
  session: Session,
  connected: ConnectedEngine,
  spec: ServerSpec,
  image: string,
  failed: Failed,
  options: CreateOptions,
): Promise<string | undefined> {
  const { engine } = connected;
  const name = containerName(session.owner, spec.hostname);
  const ports = await choosePorts(
    name,
    spec.allowed_ports,
    new Set([...failed.ports, ...(await reservedPorts(connected))]),
  );
  for (const [port, published] of ports) {
    if (port === 22 || published === port) continue;
    options.onProgress?.(
      `Port ${port} is taken on this machine; ${spec.hostname}'s is published at 127.0.0.1:${published}`,
      'warn',
    );
  }
  const mounts = await ensureVolumes(session, engine, spec);
  return withNetworkLock(session, async () => {
    const network = await joinNetwork(session, connected, spec, { avoid: failed.addresses });
    try {
      return await engine.createContainer(
        name,
        containerSpec(session, connected, spec, { image, ports, mounts, network }),
      );
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== 409) throw error;
      const holder = await engine.inspectContainer(name);
      if (holder === undefined || (await session.find(spec.hostname))?.Id === holder.Id) return undefined;
      throw new EngineError(`a container named ${name} exists and is not of this workspace`, 409, error);
    }
  });
}

/** Ports of all servers on the engine, of stopped ones too: those want theirs back. */
async function reservedPorts({ engine }: ConnectedEngine): Promise<number[]> {
  const all = await engine.listContainers({ [managedBy.key]: managedBy.value });
  return all.flatMap((container) => {
    const listed = (container.Ports ?? []).flatMap(({ PublicPort }) => PublicPort ?? []);
    const published = [...listed, ...Object.values(chosenPorts(container))];
    const ssh = sshPort(container);
    return ssh === undefined ? published : [...published, ssh];
  });
}

function serverImage(spec: ServerSpec): string {
  return typeof spec.extra.image === 'string' ? spec.extra.image : spec.os;
}
