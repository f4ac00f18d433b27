import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { ProviderError } from '@provisioning/extensions-sdk';
import type { Engine } from '../docker/client.ts';
import type { EngineEnvironment } from '../engine/environment.ts';
import { withFileLock } from '../files/file-lock.ts';
import type { LocalConfig } from '../schema.ts';
import { labelKeys } from '../server/labels.ts';
import { findMirror, readAptSources } from './apt-sources.ts';
import { proxyLines, readAptProxies } from './apt-proxy.ts';
import { archivePath, buildBase } from './build.ts';
import { baseRecipe, baseRepository, type Recipe, suiteOf } from './recipe.ts';

export interface ImageOptions {
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The image for an operating system, made available on the engine: the one of `image_map`, or the base image built
 * from the machine's package mirror, or one pulled by name.
 * @throws ProviderError `unavailable` when it can neither be built nor pulled.
 */
export async function ensureImage(
  os: string,
  engine: Engine,
  config: LocalConfig,
  environment: EngineEnvironment,
  options: ImageOptions = {},
): Promise<string> {
  const named = config.image_map[os] ?? (/[/:]/.test(os) ? os : undefined);
  if (named !== undefined) return pull(named, os, engine, options);
  const recipe = await recipeFor(os, engine, environment);
  if (recipe === undefined) {
    throw new ProviderError({
      provider: 'local',
      operation: 'image',
      code: 'invalid',
      message: `No image for operating system '${os}': this machine's package mirror cannot build it`,
      help: `Use an os this machine can build (such as debian-12), or name an image: providers.local.image_map."${os}"`,
    });
  }
  return ensureBase(recipe, engine, environment, options);
}

/** Builds (once, cached) and imports the base image of the machine's own distribution; for preparing ahead of time. */
export async function ensureBaseImage(
  engine: Engine,
  environment: EngineEnvironment,
  options: ImageOptions & { readonly os?: string } = {},
): Promise<string> {
  const recipe = await recipeFor(options.os, engine, environment);
  if (recipe === undefined) {
    throw new ProviderError({
      provider: 'local',
      operation: 'image',
      code: 'unavailable',
      retryable: false,
      message:
        'The base image cannot be built: no Debian or Ubuntu mirror in the apt sources of this machine',
      help: 'Name an image that runs systemd and sshd in providers.local.image_map',
    });
  }
  return ensureBase(recipe, engine, environment, options);
}

async function recipeFor(
  os: string | undefined,
  engine: Engine,
  environment: EngineEnvironment,
): Promise<Recipe | undefined> {
  const suite = os === undefined || os === 'debian' ? undefined : suiteOf(os);
  if (os !== undefined && os !== 'debian' && suite === undefined) return undefined;
  const mirror = findMirror(await readAptSources(), suite);
  if (mirror === undefined) return undefined;
  const { Arch } = await engine.version();
  return baseRecipe(mirror, Arch, proxyLines(await readAptProxies(environment.variables)));
}

async function ensureBase(
  recipe: Recipe,
  engine: Engine,
  environment: EngineEnvironment,
  options: ImageOptions,
): Promise<string> {
  const image = `${baseRepository}:${recipe.tag}`;
  if ((await engine.inspectImage(image)) !== undefined) return image;
  const report = options.onProgress ?? (() => undefined);
  const archive = archivePath(environment, recipe);
  const lock = join(environment.cacheDir, 'images', 'lock');
  const onWait = () => report('Another process is building the base image; waiting for it');
  return withFileLock(
    lock,
    async () => {
      if ((await engine.inspectImage(image)) !== undefined) return image;
      const started = performance.now();
      const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
      const built = (await stat(archive).catch(() => undefined)) === undefined;
      if (built) {
        report(
          `Building the base image (${recipe.mirror.suite}) from ${recipe.mirror.uri}, once for this machine`,
        );
        await removeLeftovers(environment);
        const proxies = await readAptProxies(environment.variables);
        await buildBase(recipe, proxies, environment, report, options.signal);
      }
      await importArchive(archive, recipe, engine);
      report(`Base image ${built ? 'built' : 'loaded from the cache'} in ${seconds()} s`);
      environment.log('info', `Base image ${image} ${built ? 'built' : 'loaded'} in ${seconds()} s`);
      return image;
    },
    { signal: options.signal, onWait },
  );
}

async function importArchive(archive: string, recipe: Recipe, engine: Engine): Promise<void> {
  const tar = createZstdDecompress();
  // A damaged archive ends the import with an error; without it the next run builds anew.
  pipeline(createReadStream(archive), tar, (error) => error && tar.destroy(error));
  try {
    await engine.importImage(tar, baseRepository, recipe.tag, [
      `LABEL ${labelKeys.image}=base`,
      'CMD ["/sbin/init"]',
    ]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_ZSTD') === true)
      await rm(archive, { force: true });
    throw error;
  }
}

/** Folders of builds that were killed; the lock says that none is at work. */
async function removeLeftovers(environment: EngineEnvironment): Promise<void> {
  const images = join(environment.cacheDir, 'images');
  for (const name of await readdir(images).catch(() => [])) {
    if (name.startsWith('build-')) await rm(join(images, name), { recursive: true, force: true });
  }
}

async function pull(image: string, os: string, engine: Engine, options: ImageOptions): Promise<string> {
  if ((await engine.inspectImage(image)) !== undefined) return image;
  options.onProgress?.(`Pulling ${image}`);
  try {
    await engine.pullImage(image, () => undefined, options.signal);
  } catch (error) {
    throw new ProviderError({
      provider: 'local',
      operation: 'image',
      code: 'unavailable',
      message: `Image ${image} for '${os}' cannot be pulled: ${(error as Error).message}`,
      help: `Check the network, or import it by hand, or use os = "debian-12", which is built from the package mirror`,
      cause: error,
    });
  }
  return image;
}
