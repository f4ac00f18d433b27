import { join } from 'node:path';
import type { ServerSpec } from '@provisioning/extensions-sdk';
import type { Engine } from '../docker/client.ts';
import { EngineError } from '../docker/http.ts';
import type { Labels } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { withFileLock } from '../files/file-lock.ts';
import { heldByContainers } from '../docker/answers.ts';
import { managedBy, networkName } from './labels.ts';
import type { Session } from './session.ts';

/** Held while servers join or the last one leaves, so that a network is not removed under a server being made. */
export function withNetworkLock<T>(session: Session, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(session.environment.cacheDir, 'networks.lock'), work);
}

/** The network a server joins: the infrastructure's own, or the one `network_mode` names. The caller holds the lock. */
export async function networkFor(
  session: Session,
  { engine }: ConnectedEngine,
  spec: ServerSpec,
): Promise<string> {
  const mode = session.config.network_mode;
  if (mode !== 'bridge') return mode;
  const cidr = spec.network?.cidr;
  const subnet = typeof cidr === 'string' ? cidr : undefined;
  return ensureNamedNetwork(session, engine, networkName(session.owner), session.labels(), subnet);
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
  try {
    await engine.createNetwork(name, labels, subnet);
  } catch (error) {
    if (error instanceof EngineError && error.status === 409 && /already (exists|used)/i.test(error.message))
      return name;
    if (subnet === undefined) throw error;
    session.environment.log(
      'warn',
      `Subnet ${subnet} is not free (${(error as Error).message}); taking another`,
    );
    await engine.createNetwork(name, labels);
  }
  return name;
}

/** Removes the network when no server of the infrastructure is left. */
export async function removeNetworkIfEmpty(session: Session, engine: Engine): Promise<void> {
  await withNetworkLock(session, async () => {
    if ((await session.containers()).length > 0) return;
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
