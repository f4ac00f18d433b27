import type { ContainerSummary } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { planSize, type Size } from '../plans.ts';
import { sshPort } from './observe.ts';
import { portInUse } from './ports.ts';
import { waitForSsh } from './ready.ts';
import { recreate } from './recreate.ts';
import type { Session } from './session.ts';

const megabyte = 1024 * 1024;

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
      if (portInUse((error as Error).message) === undefined) throw error;
      // Another program has taken a port meanwhile, which a container cannot change.
      session.environment.log(
        'warn',
        `A port of ${hostname} is taken by another program; it gets another one`,
      );
      await session.locked(hostname, () => recreate(session, connected, container, { start: true }));
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
