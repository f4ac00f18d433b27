import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { ProviderError } from '@provisioning/extensions-sdk';
import type { Engine } from '../docker/client.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import type { EngineEnvironment } from '../engine/environment.ts';
import { withFileLock } from '../files/file-lock.ts';
import type { LocalConfig } from '../schema.ts';
import { labelKeys } from '../server/labels.ts';
import { findMirror, readAptSources } from './apt-sources.ts';
import { proxyLines, readAptProxies } from './apt-proxy.ts';
import { archivePath, buildBase, canBuild } from './build.ts';
import { baseRecipe, baseRepository, type Recipe, suiteOf } from './recipe.ts';
import { ensureStock, type ImageOptions, stockImages } from './stock.ts';

/** The operating system of the machine itself, whatever its release. */
const ownSystem = 'debian';

/**
 * The image for an operating system, made available on the engine: the one of `image_map`, or the base image built
 * from the machine's package mirror, or, where that is impossible, the public one with systemd and sshd added.
 * @throws ProviderError `unavailable` when it can neither be built nor pulled.
 */
export async function ensureImage(
  os: string,
  connected: Pick<ConnectedEngine, 'engine' | 'settings'>,
  config: LocalConfig,
  environment: EngineEnvironment,
  options: ImageOptions = {},
): Promise<string> {
  const { engine } = connected;
  const named = config.image_map[os] ?? (/[/:]/.test(os) ? os : undefined);
  if (named !== undefined)
    return withImageLock(environment, options, () => ensureStock(named, connected, options));
  const recipe = await recipeFor(os, engine, environment);
  const stock = stockImages[os];
  if (recipe !== undefined && (stock === undefined || (await isAtHand(recipe, engine, environment)))) {
    return ensureBase(recipe, engine, environment, options);
  }
  if (stock !== undefined)
    return withImageLock(environment, options, () => ensureStock(stock, connected, options));
  throw new ProviderError({
    provider: 'local',
    operation: 'image',
    code: 'invalid',
    message: `No image for operating system '${os}'`,
    help: `Use one of ${Object.keys(stockImages).join(', ')}, or name an image: providers.local.image_map."${os}"`,
  });
}

/** Whether the base image is there already, in the engine or in the cache, or can be built. */
async function isAtHand(recipe: Recipe, engine: Engine, environment: EngineEnvironment): Promise<boolean> {
  if ((await engine.inspectImage(`${baseRepository}:${recipe.tag}`)) !== undefined) return true;
  if ((await stat(archivePath(environment, recipe)).catch(() => undefined)) !== undefined) return true;
  return canBuild(environment);
}

async function recipeFor(
  os: string,
  engine: Engine,
  environment: EngineEnvironment,
): Promise<Recipe | undefined> {
  const suite = suiteOf(os);
  if (suite === undefined && os !== ownSystem) return undefined;
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
  return withImageLock(environment, options, async () => {
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
  });
}

/** One process at a time makes an image. */
export function withImageLock<T>(
  environment: EngineEnvironment,
  options: ImageOptions,
  work: () => Promise<T>,
): Promise<T> {
  const onWait = () => options.onProgress?.('Another process is preparing an image; waiting for it');
  const lock = join(environment.cacheDir, 'images', 'lock');
  return withFileLock(lock, work, { signal: options.signal, onWait });
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
