import { join } from 'node:path';
import type { Engine } from '../docker/client.ts';
import { EngineError } from '../docker/http.ts';
import { withFileLock } from '../files/file-lock.ts';
import { labelKeys, managedBy, networkName } from './labels.ts';
import type { Session } from './session.ts';

/** Held while servers join or the last one leaves, so that a network is not removed under a server being made. */
export function withNetworkLock<T>(session: Session, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(session.environment.cacheDir, 'networks.lock'), work);
}

/** The network of the infrastructure, made when it is not there. The caller holds the network lock. */
export async function ensureNetwork(session: Session, engine: Engine, subnet?: string): Promise<string> {
  const name = networkName(session.owner);
  const existing = await engine.inspectNetwork(name);
  if (existing !== undefined) {
    if (existing.Labels?.[managedBy.key] === managedBy.value) return name;
    throw new EngineError(`the network ${name} exists and is not ours`, 409);
  }
  try {
    await engine.createNetwork(name, session.labels(), subnet);
  } catch (error) {
    if (error instanceof EngineError && error.status === 409 && /already (exists|used)/i.test(error.message))
      return name;
    if (subnet === undefined) throw error;
    session.environment.log(
      'warn',
      `Subnet ${subnet} is not free (${(error as Error).message}); taking another`,
    );
    await engine.createNetwork(name, session.labels());
  }
  return name;
}

/** Removes the network when no server of the infrastructure is left. */
export async function removeNetworkIfEmpty(session: Session, engine: Engine): Promise<void> {
  await withNetworkLock(session, async () => {
    if ((await session.containers()).length > 0) return;
    for (const network of await engine.listNetworks(session.labels())) {
      if (network.Labels?.[labelKeys.path] !== session.owner.workspace.path) continue;
      await engine.removeNetwork(network.Name).catch((error: unknown) => {
        session.environment.log('warn', `Network ${network.Name} stays: ${(error as Error).message}`);
      });
    }
  });
}
