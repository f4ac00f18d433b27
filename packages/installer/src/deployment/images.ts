import { Readable } from 'node:stream';
import {
  DockerCredentials,
  dockerConfigPath,
  fetchBytes,
  type Index,
  type Manifest,
  openLayout,
  parseManifest,
  parseReference,
  RemoteRegistry,
  type Source,
  tarHeader,
  tarPadding,
} from '@provisioning/distribution';
import { isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';
import type { Engine } from '@provisioning/provider-local/engine';
import { type ContainerPlan, layoutMark } from '../plan/containers.ts';

export interface ImageOptions {
  /** `installation.images`: registry and namespace, or `layout:<folder>`. */
  readonly from?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

interface Origin {
  /** Name under which the engine has it. */
  readonly name: string;
  /** Where it can be fetched; nothing when the engine must have it already. */
  readonly fetch?: { readonly source: Source; readonly reference: string };
}

/**
 * Makes sure that the engine has the image of a service. What it lacks comes from a registry or an OCI layout by way of
 * the product's own client, so that credentials, proxies and certificates count as everywhere else, and goes into the
 * engine as an archive.
 * @returns name and id in the engine.
 * @throws ProvisioningError `IMAGE_NOT_FOUND` (exit 5).
 */
export async function ensureImage(
  engine: Engine,
  container: ContainerPlan,
  options: ImageOptions,
): Promise<{ readonly name: string; readonly id: string; readonly loaded: boolean }> {
  const origin = await originOf(container, options);
  const present = await engine.inspectImage(origin.name);
  if (present !== undefined && origin.fetch === undefined)
    return { name: origin.name, id: present.Id, loaded: false };
  if (origin.fetch === undefined) throw missing(origin.name, container.service);
  const { source, reference } = origin.fetch;
  const manifest = await manifestFor(source, reference, process.arch, options.signal);
  // The digest of the configuration is the id of an image.
  if (present?.Id.replace(/^sha256:/, '') === manifest.config.digest.replace(/^sha256:/, ''))
    return { name: origin.name, id: present.Id, loaded: false };
  await engine.loadImages(Readable.from(archiveOf(source, manifest, origin.name)), options.signal);
  const loaded = await engine.inspectImage(origin.name);
  if (loaded === undefined) throw missing(origin.name, container.service);
  return { name: origin.name, id: loaded.Id, loaded: true };
}

async function originOf({ image }: ContainerPlan, options: ImageOptions): Promise<Origin> {
  const { repository, tag, reference: given } = image;
  const { from, environment } = options;
  if (given === undefined && from?.startsWith(layoutMark) === true) {
    const layout = await openLayout(from.slice(layoutMark.length));
    const source = layout.repository(repository);
    return { name: `localhost/${repository}:${tag}`, fetch: { source, reference: tag } };
  }
  if (given === undefined || given.startsWith('localhost/'))
    return { name: given ?? `localhost/${repository}:${tag}` };
  const reference = parseReference(given);
  const registry = new RemoteRegistry(reference.host, {
    credentials: new DockerCredentials(dockerConfigPath(environment)),
    plainHttp: from?.startsWith('http://') === true || isLoopback(reference.host),
  });
  return {
    name: given,
    fetch: {
      source: registry.repository(reference.repository),
      reference: reference.digest ?? reference.tag ?? 'latest',
    },
  };
}

function missing(name: string, service: string): ProvisioningError {
  return new ProvisioningError({
    code: 'IMAGE_NOT_FOUND',
    kind: 'not-found',
    message: `The image of ${service} is not on this machine: ${name}`,
    hint: 'name the registry or the folder that has it: installation.images = "registry.example.com/mirror" or "layout:<folder>"',
  });
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The manifest of an image for a processor. */
async function manifestFor(
  source: Source,
  reference: string,
  processor: string,
  signal: AbortSignal,
): Promise<Manifest> {
  const descriptor = await source.resolve(reference, { signal });
  const parsed = parseManifest(await fetchBytes(source, descriptor, { signal }), descriptor.mediaType);
  if (!('manifests' in parsed)) return parsed as Manifest;
  const architecture = architectures[processor] ?? processor;
  const own = (parsed as Index).manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  if (own !== undefined)
    return parseManifest(await fetchBytes(source, own, { signal }), own.mediaType) as Manifest;
  throw new ProvisioningError({
    code: 'IMAGE_NOT_FOUND',
    kind: 'not-found',
    message: `The image ${reference} is not made for linux/${architecture}`,
  });
}

/** An image as `docker save` writes it, piece by piece; layers stay compressed. */
async function* archiveOf(source: Source, manifest: Manifest, name: string): AsyncGenerator<Uint8Array> {
  const config = await fetchBytes(source, manifest.config);
  const configName = `${manifest.config.digest.slice('sha256:'.length)}.json`;
  const layers = manifest.layers.map((layer) => ({
    layer,
    file: `${layer.digest.slice('sha256:'.length)}.tar`,
  }));
  yield* file(configName, config);
  const seen = new Set<string>();
  for (const { layer, file: path } of layers) {
    if (seen.has(path)) continue;
    seen.add(path);
    yield tarHeader(path, layer.size);
    for await (const chunk of await source.fetch(layer)) yield chunk as Uint8Array;
    yield tarPadding(layer.size);
  }
  const description = [
    { Config: configName, RepoTags: [name], Layers: layers.map(({ file: path }) => path) },
  ];
  yield* file('manifest.json', Buffer.from(JSON.stringify(description)));
  yield Buffer.alloc(1024);
}

function* file(path: string, content: Uint8Array): Generator<Uint8Array> {
  yield tarHeader(path, content.length);
  yield content;
  yield tarPadding(content.length);
}
