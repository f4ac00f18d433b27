import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Engine } from '../docker/client.ts';
import type { ContainerSummary } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { containerName, labelKeys, replacedName, stateImage } from './labels.ts';
import { removeNetworkIfEmpty } from './network.ts';
import type { Session } from './session.ts';
import { removeFolders, removeVolumes } from './volumes.ts';

export interface DeleteOptions {
  readonly keepStorage: boolean;
  readonly force: boolean;
}

/** What is still to be removed once the container is gone; written down before it goes. */
interface Remainder {
  readonly keepStorage: boolean;
  /** Folders below `base_path` that were its volumes. */
  readonly folders: readonly string[];
}

/**
 * Removes a server; with `keepStorage` its volumes stay. Its network goes with the last server. A deletion that broke
 * off after the container was removed is finished by the next one. The caller holds the lock of the server.
 * @returns whether there was anything to remove.
 */
export async function deleteServer(
  session: Session,
  { engine }: ConnectedEngine,
  hostname: string,
  options: DeleteOptions,
): Promise<boolean> {
  const container = await session.find(hostname);
  const remainder =
    container === undefined
      ? await readRemainder(session, hostname)
      : await removeContainer(session, engine, container, hostname, options);
  if (remainder === undefined) return false;
  const { repository, tag } = stateImage(session.owner, hostname);
  await engine.removeImage(`${repository}:${tag}`);
  if (!remainder.keepStorage) {
    await removeVolumes(session, engine, hostname);
    await removeFolders(session, remainder.folders);
  }
  await removeNetworkIfEmpty(session, engine);
  await rm(remainderFile(session, hostname), { force: true });
  return true;
}

async function removeContainer(
  session: Session,
  engine: Engine,
  container: ContainerSummary,
  hostname: string,
  options: DeleteOptions,
): Promise<Remainder> {
  // Data that stays must be written out; what goes away need not be.
  if (options.keepStorage && !options.force && container.State === 'running') {
    await engine.stopContainer(container.Id, 30);
  }
  const mounts = (await engine.inspectContainer(container.Id))?.Mounts ?? [];
  const folders = mounts.flatMap(({ Type, Source }) =>
    Type === 'bind' && Source !== undefined ? [Source] : [],
  );
  const remainder: Remainder = { keepStorage: options.keepStorage, folders };
  const file = remainderFile(session, hostname);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(remainder));
  await engine.removeContainer(container.Id);
  await session.forget(container.Id);
  const replaced = await engine.inspectContainer(replacedName(containerName(session.owner, hostname)));
  if (replaced?.Config.Labels?.[labelKeys.hostname] === hostname) await engine.removeContainer(replaced.Id);
  return remainder;
}

async function readRemainder(session: Session, hostname: string): Promise<Remainder | undefined> {
  try {
    return JSON.parse(await readFile(remainderFile(session, hostname), 'utf8')) as Remainder;
  } catch {
    return undefined;
  }
}

function remainderFile(session: Session, hostname: string): string {
  const name = `${containerName(session.owner, hostname)}.deleting`;
  return join(session.environment.cacheDir, 'servers', name);
}
