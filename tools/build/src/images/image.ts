import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import {
  type Descriptor,
  type Digest,
  digestOf,
  fromBytes,
  type ImageLayout,
  type LayoutRepository,
} from '@provisioning/distribution';
import { imageUser } from './base-layer.ts';

const media = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** One image of the product (11 §7). */
export interface ImageSpec {
  /** `provisioning`, `provisioning-platform/orchestrator`. */
  readonly name: string;
  readonly version: string;
  /** What runs when no command is given. */
  readonly command: readonly string[];
  readonly port?: number;
  readonly environment?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly modified: number;
}

export interface PlatformLayers {
  /** `amd64`, `arm64`. */
  readonly architecture: string;
  readonly layers: readonly Buffer[];
}

/**
 * Writes an image for several architectures into an OCI layout (image-spec 1.1): one manifest each and an index over
 * them under `<name>:<version>` and what it is called besides.
 * @returns descriptor of the index.
 */
export async function writeImage(
  layout: ImageLayout,
  spec: ImageSpec,
  platforms: readonly PlatformLayers[],
  tags: readonly string[],
): Promise<Descriptor> {
  const repository = layout.repository(spec.name);
  const manifests = [];
  for (const { architecture, layers } of platforms) {
    const manifest = await writePlatform(repository, spec, architecture, layers);
    manifests.push({ ...manifest, platform: { os: 'linux', architecture } });
  }
  const index = await push(repository, media.index, {
    schemaVersion: 2,
    mediaType: media.index,
    manifests,
    annotations: spec.labels,
  });
  for (const tag of tags) await repository.tag(index, tag);
  return index;
}

async function writePlatform(
  repository: LayoutRepository,
  spec: ImageSpec,
  architecture: string,
  layers: readonly Buffer[],
): Promise<Descriptor> {
  const descriptors: Descriptor[] = [];
  for (const layer of layers) {
    const descriptor = { mediaType: media.layer, digest: digestOf(layer), size: layer.length };
    if (!(await repository.exists(descriptor))) await repository.push(descriptor, fromBytes(layer));
    descriptors.push(descriptor);
  }
  const config = await push(repository, media.config, {
    created: new Date(spec.modified * 1000).toISOString(),
    architecture,
    os: 'linux',
    config: {
      User: `${imageUser.id}:${imageUser.id}`,
      Env: ['PATH=/bin:/usr/bin', 'HOME=/data', ...(spec.environment ?? [])],
      Cmd: spec.command,
      WorkingDir: '/data',
      Volumes: { '/data': {} },
      Labels: spec.labels,
      StopSignal: 'SIGTERM',
      ...(spec.port === undefined
        ? {}
        : {
            ExposedPorts: { [`${spec.port}/tcp`]: {} },
            Healthcheck: {
              Test: ['CMD', 'wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${spec.port}/health`],
              Interval: 30e9,
              Timeout: 5e9,
              StartPeriod: 20e9,
            },
          }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(diffId) },
    history: layers.map(() => ({
      created: new Date(spec.modified * 1000).toISOString(),
      created_by: 'npm run package-containers',
    })),
  });
  return push(repository, media.manifest, {
    schemaVersion: 2,
    mediaType: media.manifest,
    config,
    layers: descriptors,
    annotations: spec.labels,
  });
}

function diffId(layer: Buffer): Digest {
  return `sha256:${createHash('sha256').update(gunzipSync(layer)).digest('hex')}`;
}

async function push(repository: LayoutRepository, mediaType: string, value: unknown): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value));
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await repository.push(descriptor, fromBytes(bytes));
  return descriptor;
}
