import { existsSync } from 'node:fs';
import type { Engine } from '../docker/client.ts';
import type { Labels } from '../docker/types.ts';
import { readConfig } from '../settings.ts';
import { belongsTo, isBalancer, isServer, labelKeys, managedBy } from '../server/labels.ts';
import { connectRemembered, forgetChoice } from './connect.ts';
import { type EngineOptions, engineEnvironment } from './ensure.ts';
import { sweep } from './probe.ts';
import { stopService } from './service.ts';

export interface CleanOptions extends EngineOptions {
  /** Only what belongs to this workspace; everything this product made when absent. */
  readonly workspace?: { readonly name: string; readonly path: string };
  /** `false` keeps the base images on the engine. */
  readonly images?: boolean;
  readonly onProgress?: (message: string) => void;
}

/** What was removed. */
export interface Cleaned {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly images: readonly string[];
  /** Images that stay because containers of others use them. */
  readonly kept: readonly string[];
  /** Whether a private Podman service was running and has been stopped. */
  readonly service: boolean;
}

/**
 * Removes what this provider made on the machine: servers, networks, volumes, image tags, and the private engine
 * service. Only what carries our labels is touched; built images stay in the cache folder.
 */
export async function cleanEverything(options: CleanOptions = {}): Promise<Cleaned> {
  const environment = engineEnvironment(options);
  const engine = await connectRemembered(readConfig(options.config ?? {}), environment);
  let removed: Omit<Cleaned, 'service'> = { containers: [], networks: [], volumes: [], images: [], kept: [] };
  let service: boolean;
  try {
    if (engine !== undefined) removed = await removeAll(engine, options);
  } finally {
    engine?.close();
    service = await stopService(environment);
    await forgetChoice(environment);
  }
  return { ...removed, service };
}

async function removeAll(engine: Engine, options: CleanOptions): Promise<Omit<Cleaned, 'service'>> {
  const report = options.onProgress ?? (() => undefined);
  const wanted: Labels = {
    [managedBy.key]: managedBy.value,
    ...(options.workspace === undefined ? {} : { [labelKeys.workspace]: options.workspace.name }),
  };
  const ours = (labels: Labels | null | undefined) => isOurs(labels ?? undefined, options);
  const containers = (await engine.listContainers(wanted)).filter(
    (container) => (isServer(container) || isBalancer(container)) && ours(container.Labels),
  );
  await Promise.all(containers.map(({ Id }) => engine.removeContainer(Id)));
  await sweep(engine, options.workspace === undefined ? 0 : undefined);
  const names = containers.map(({ Names }) => (Names[0] ?? '').replace(/^\//, ''));
  if (names.length > 0) report(`Removed ${names.join(', ')}`);
  const networks = (await engine.listNetworks(wanted)).filter(({ Labels }) => ours(Labels));
  for (const { Name } of networks) await engine.removeNetwork(Name);
  const volumes = (await engine.listVolumes(wanted)).filter(({ Labels }) => ours(Labels));
  for (const { Name } of volumes) await engine.removeVolume(Name);
  const { images, kept } = await removeImages(engine, options);
  return {
    containers: names,
    networks: networks.map(({ Name }) => Name),
    volumes: volumes.map(({ Name }) => Name),
    images,
    kept,
  };
}

async function removeImages(
  engine: Engine,
  options: CleanOptions,
): Promise<{ images: string[]; kept: string[] }> {
  const images: string[] = [];
  const kept: string[] = [];
  for (const image of await engine.listImages({})) {
    const role = image.Labels?.[labelKeys.image];
    // Images below this name belong to the machine; what was made of a server belongs to its workspace.
    const removable = (tag: string) =>
      tag.startsWith('localhost/provisioning/')
        ? options.images !== false
        : tag.startsWith('localhost/prov-') &&
          role !== undefined &&
          isOurs(image.Labels ?? undefined, options);
    for (const tag of (image.RepoTags ?? []).filter(removable)) {
      ((await engine.removeImage(tag)) ? images : kept).push(tag);
    }
  }
  return { images, kept };
}

function isOurs(labels: Labels | undefined, { workspace }: CleanOptions): boolean {
  if (labels?.[managedBy.key] !== managedBy.value) return false;
  const infra = labels[labelKeys.infra];
  if (workspace === undefined) return infra !== undefined;
  return infra !== undefined && belongsTo(labels, { workspace, infra }, existsSync);
}
