import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageLayout } from '@provisioning/distribution';
import semver from 'semver';
import { packRuntime } from '../installers/runtime.ts';
import { servicesOf } from '../lines/archive-services.ts';
import { git } from '../lines/sources.ts';
import { baseLayer } from './base-layer.ts';
import { type ImageSpec, type PlatformLayers, writeImage } from './image.ts';

/** Ports of the services (rulings §3). */
const ports: Readonly<Record<string, number>> = {
  orchestrator: 9090,
  'control-center': 8080,
  vault: 8200,
  'extension-registry': 8081,
  ai: 8082,
  mcp: 8084,
};

export interface ContainerOptions {
  readonly root: string;
  /** Folder with the archives of the lines. */
  readonly distDir: string;
  readonly outputDir: string;
  readonly version: string;
  readonly tagPrefix: string;
  /** `linux/amd64`. */
  readonly platforms: readonly string[];
  readonly modified: number;
  readonly say: (line: string) => void;
}

/**
 * Images of the command line and of every service, written as an OCI layout without a container engine (11 §7). The
 * layers are a small base, Node.js, and the very archives that are published: their prefix is `/`.
 * @returns names with versions.
 */
export async function packageContainers(options: ContainerOptions): Promise<readonly string[]> {
  const { distDir, version, tagPrefix, say } = options;
  const archives = {
    core: join(distDir, `provisioning-core-${version}.tar.gz`),
    platform: join(distDir, `provisioning-platform-${version}.tar.gz`),
  };
  if (!existsSync(archives.core))
    throw new Error(`${archives.core} is missing: npm run build-core -- --version ${version}`);
  const bases = new Map<string, readonly Buffer[]>();
  for (const platform of options.platforms) {
    const architecture = platform.replace(/^linux\//, '');
    say(`Preparing the base for ${architecture}`);
    bases.set(architecture, await baseOf(options, architecture));
  }
  const catalogue = join(distDir, `provisioning-extensions-${version}.tar.gz`);
  const extensions = existsSync(catalogue) ? [await readFile(catalogue)] : [];
  const layout = new ImageLayout(options.outputDir);
  await mkdir(options.outputDir, { recursive: true });
  await layout.index.update((entries) => [...entries]);
  const written: string[] = [];
  for (const spec of await specsOf(options, archives.platform)) {
    const archive = await readFile(spec.name === tagPrefix ? archives.core : archives.platform);
    const layers = [...bases].map(([architecture, base]): PlatformLayers => ({
      architecture,
      layers: [...base, archive, ...(spec.name === tagPrefix ? extensions : [])],
    }));
    const tags = tagsOf(spec.name === tagPrefix ? '' : 'v', version);
    say(`Writing ${spec.name}:${tags[0]!}`);
    await writeImage(layout, spec, layers, tags);
    written.push(`${spec.name}:${tags[0]!}`);
  }
  return written;
}

/** Layers below the product: libraries with a shell, and Node.js. */
export async function baseOf(
  { root, distDir, modified }: ContainerOptions,
  architecture: string,
): Promise<readonly Buffer[]> {
  const cache = join(root, 'node_modules/.cache/provisioning/images');
  await mkdir(cache, { recursive: true });
  const runtime = await packRuntime(root, `linux-${architecture}`, distDir, modified);
  if (runtime === undefined) throw new Error(`There is no Node.js for linux-${architecture}`);
  return [await baseLayer(architecture, cache, modified), await readFile(runtime)];
}

/** The command line, and each service whose program is in the platform's archive. */
async function specsOf(options: ContainerOptions, platform: string): Promise<readonly ImageSpec[]> {
  const { version, modified, tagPrefix } = options;
  const labels = labelsOf(options);
  const specs: ImageSpec[] = [
    { name: tagPrefix, version, modified, labels, command: ['provisioning', '--help'] },
  ];
  for (const service of existsSync(platform) ? await servicesOf(platform) : []) {
    const port = ports[service];
    const variable = service.toUpperCase().replaceAll('-', '_');
    specs.push({
      name: `${tagPrefix}-platform/${service}`,
      version,
      modified,
      labels,
      command: [`provisioning-${service}`],
      ...(port === undefined ? {} : { port }),
      environment: [`${variable}_DATA_DIR=/data/${service}`],
    });
  }
  return specs;
}

/** What an image says about where it comes from. */
export function labelsOf({ root, version }: ContainerOptions): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': git(root, 'rev-parse', 'HEAD') ?? 'unknown',
    'org.opencontainers.image.source': git(root, 'config', '--get', 'remote.origin.url') ?? 'unknown',
    'org.opencontainers.image.licenses': 'Apache-2.0',
  };
}

/** `v3.2.1`, `v3.2`, and `latest` for what is no pre-release. */
export function tagsOf(mark: string, version: string): readonly string[] {
  // A tag has no "+".
  const tag = version.replaceAll('+', '_');
  if (semver.prerelease(version) !== null || version.includes('+')) return [`${mark}${tag}`];
  return [`${mark}${tag}`, `v${semver.major(version)}.${semver.minor(version)}`, 'latest'];
}
