import type { ContainerSummary } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { planSize, type Size } from '../plans.ts';
import { containerName, labelKeys, replacedName, stateImage } from './labels.ts';
import { removeNetworkIfEmpty } from './network.ts';
import { sshPort } from './observe.ts';
import { portInUse } from './ports.ts';
import { waitForSsh } from './ready.ts';
import type { Session } from './session.ts';
import { removeFolders, removeVolumes } from './volumes.ts';
import { EngineError } from '../docker/http.ts';

const megabyte = 1024 * 1024;

/** Removes a server; with `keepStorage` its volumes stay. Its network goes with the last server. */
export async function deleteServer(
  session: Session,
  { engine }: ConnectedEngine,
  container: ContainerSummary,
  hostname: string,
  options: { readonly keepStorage: boolean; readonly force: boolean },
): Promise<void> {
  // Data that stays must be written out; what goes away need not be.
  if (options.keepStorage && !options.force && container.State === 'running') {
    await engine.stopContainer(container.Id, 30);
  }
  const details = await engine.inspectContainer(container.Id);
  await engine.removeContainer(container.Id);
  await session.forget(container.Id);
  const replaced = await engine.inspectContainer(replacedName(containerName(session.owner, hostname)));
  if (replaced?.Config.Labels?.[labelKeys.hostname] === hostname) await engine.removeContainer(replaced.Id);
  const { repository, tag } = stateImage(session.owner, hostname);
  await engine.removeImage(`${repository}:${tag}`);
  if (!options.keepStorage) {
    await removeVolumes(session, engine, hostname);
    const mounts = (details?.Mounts ?? []) as readonly { readonly Type: string; readonly Source?: string }[];
    await removeFolders(
      session,
      mounts.flatMap(({ Type, Source }) => (Type === 'bind' && Source !== undefined ? [Source] : [])),
    );
  }
  await removeNetworkIfEmpty(session, engine);
}

/** Starts, stops or restarts a server. */
export async function setState(
  session: Session,
  connected: ConnectedEngine,
  container: ContainerSummary,
  hostname: string,
  state: 'running' | 'stopped' | 'rebooted',
  options: { readonly wait: boolean; readonly force: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const { engine } = connected;
  const { Id: id, State: current } = container;
  if (state !== 'running' && current !== 'created' && current !== 'exited') {
    if (current === 'paused') await engine.unpauseContainer(id);
    await engine.stopContainer(id, options.force ? 0 : 30);
  }
  if (state === 'stopped') return;
  if (state === 'running' && current === 'paused') await engine.unpauseContainer(id);
  else {
    try {
      await engine.startContainer(id);
    } catch (error) {
      const taken = portInUse((error as Error).message);
      if (taken === undefined) throw error;
      throw new EngineError(
        `port ${taken.port ?? sshPort(container) ?? ''} of this machine, which the server needs, is used by another program`,
        409,
        error,
      );
    }
    await reapply(session, connected, id);
  }
  const port = sshPort((await session.find(hostname)) ?? container);
  if (options.wait && port !== undefined) {
    await waitForSsh(hostname, port, { signal: options.signal, timeout: 60_000 });
  }
}

/** Changes cores and memory while the server runs. */
export async function resize(
  session: Session,
  connected: ConnectedEngine,
  container: ContainerSummary,
  plan: string,
  size: Size = planSize(plan),
): Promise<void> {
  await session.remember(container.Id, { plan, ...size });
  if (container.State === 'running' || !connected.engine.isPodman) await limit(connected, container.Id, size);
}

/** Podman forgets changed limits when a container stops, so they are set again after each start. */
async function reapply(session: Session, connected: ConnectedEngine, id: string): Promise<void> {
  const size = await session.resized(id);
  if (size !== undefined && connected.engine.isPodman) await limit(connected, id, size);
}

async function limit({ engine, settings, cores }: ConnectedEngine, id: string, size: Size): Promise<void> {
  if (settings.limits) await engine.updateLimits(id, Math.min(size.cores, cores), size.memory * megabyte);
}
