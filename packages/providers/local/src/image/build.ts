import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { ProviderError } from '@provisioning/extensions-sdk';
import { type EngineEnvironment, findProgram, isRoot, programEnvironment } from '../engine/environment.ts';
import { type AptProxies, proxyVariables } from './apt-proxy.ts';
import { packFiles } from './overlay.ts';
import type { Recipe } from './recipe.ts';

/** The package's own folder; a bundle stands at another depth than its sources. */
function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

const script = join(packageFolder(), 'scripts/build-base.sh');

/** Where the built root file system of a recipe is kept. */
export function archivePath(environment: EngineEnvironment, recipe: Recipe): string {
  return join(environment.cacheDir, 'images', `${recipe.tag}-${recipe.architecture}.tar.zst`);
}

/** Whether this machine can build: debootstrap and the rights for it. */
export async function canBuild(environment: EngineEnvironment): Promise<boolean> {
  const path = environment.variables.PATH;
  if (findProgram('debootstrap', path) === undefined) return false;
  if (isRoot()) return true;
  const sudo = findProgram('sudo', path);
  return sudo !== undefined && (await exitCode([sudo, '-n', 'true'])) === 0;
}

/**
 * Builds the recipe's root file system into the cache. The caller holds the lock of the recipe.
 * @throws ProviderError that says what is missing: debootstrap, the mirror, room on the disk, the rights.
 */
export async function buildBase(
  recipe: Recipe,
  proxies: AptProxies,
  environment: EngineEnvironment,
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const path = environment.variables.PATH;
  if (findProgram('debootstrap', path) === undefined) {
    throw failure(
      'debootstrap is not installed',
      'Run: apt-get install debootstrap (or name an image in providers.local.image_map)',
    );
  }
  const images = join(environment.cacheDir, 'images');
  await mkdir(images, { recursive: true });
  const folder = await mkdtemp(join(images, 'build-'));
  try {
    await writeFile(join(folder, 'files.tar'), await packFiles(recipe.files));
    const command = await buildCommand(path);
    const log: string[] = [];
    const code = await run(
      command,
      folder,
      {
        ...programEnvironment(environment.variables),
        ...proxyVariables(proxies),
        ...(await scriptVariables(recipe, folder, images, command.includes('--mount'))),
      },
      (line) => {
        log.push(line);
        const shown = progressOf(line);
        if (shown !== undefined) onProgress(shown);
      },
      signal,
    );
    if (code !== 0) throw explain(log, recipe);
    const finished = archivePath(environment, recipe);
    await compress(join(folder, 'root.tar'), join(folder, 'root.tar.zst'));
    await rename(join(folder, 'root.tar.zst'), finished);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw diskFull(error);
    throw error;
  } finally {
    await removeTree(folder);
  }
}

/** Root alone may make a root file system; without it `sudo -n` is asked. */
async function buildCommand(path: string | undefined): Promise<string[]> {
  const prefix: string[] = [];
  if (!isRoot()) {
    const sudo = findProgram('sudo', path);
    if (sudo === undefined || (await exitCode([sudo, '-n', 'true'])) !== 0) {
      throw failure(
        'building the base image needs root',
        'Run it as root, or allow sudo without a password, or name an image in providers.local.image_map',
      );
    }
    prefix.push(sudo, '-n', '--preserve-env');
  }
  const unshare = findProgram('unshare', path);
  const namespace = unshare === undefined ? [] : [...prefix, unshare, '--mount', '--propagation', 'private'];
  if (namespace.length > 0 && (await exitCode([...namespace, 'true'])) === 0)
    return [...namespace, 'sh', script];
  return [...prefix, 'sh', script];
}

async function scriptVariables(
  recipe: Recipe,
  folder: string,
  images: string,
  namespace: boolean,
): Promise<Record<string, string>> {
  const memory = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  return {
    LC_ALL: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
    FOLDER: folder,
    OUTPUT: join(folder, 'root.tar'),
    SUITE: recipe.mirror.suite,
    MIRROR: recipe.mirror.uri,
    KEYRING: recipe.mirror.keyring ?? '',
    ARCHITECTURE: recipe.architecture,
    COMPONENTS: recipe.mirror.components.join(','),
    PACKAGES: recipe.packages.join(','),
    CACHE: join(images, 'packages'),
    FILES: join(folder, 'files.tar'),
    MASKED: recipe.masked.join(' '),
    MEMORY_KB: /^MemAvailable:\s+(\d+)/m.exec(memory)?.[1] ?? '0',
    NAMESPACE: namespace ? 'yes' : 'no',
  };
}

async function compress(from: string, to: string): Promise<void> {
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  await pipeline(createReadStream(from), zstd, createWriteStream(to));
}

function run(
  command: readonly string[],
  cwd: string,
  env: Record<string, string>,
  onLine: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const [program, ...parameters] = command as [string, ...string[]];
    const child = spawn(program, parameters, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    // The whole group: debootstrap runs many programs of its own.
    const abort = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM');
    signal?.addEventListener('abort', abort, { once: true });
    createInterface({ input: child.stdout }).on('line', onLine);
    createInterface({ input: child.stderr }).on('line', onLine);
    child.once('error', reject);
    child.once('close', (code) => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve(code ?? 1);
    });
  });
}

function exitCode(command: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** debootstrap's lines as progress: its phases, not each package. */
function progressOf(line: string): string | undefined {
  const text = /^I: (.*)$/.exec(line)?.[1];
  if (text === undefined) return undefined;
  const single =
    /^(Retrieving|Validating|Extracting|Configuring|Unpacking) (?!the |required |InRelease)/.test(text);
  return single ? undefined : text;
}

function explain(log: readonly string[], recipe: Recipe): ProviderError {
  const text = log.join('\n');
  const errors = log.filter((line) => /^E: /.test(line)).map((line) => line.slice(3));
  const words = errors.at(-1) ?? log.slice(-2).join(' ');
  if (/No space left on device/i.test(text)) return diskFull();
  if (
    /Failed getting release file|Couldn't download|Invalid Release|Failed to fetch|unable to resolve/i.test(
      text,
    )
  ) {
    return failure(
      `the package mirror ${recipe.mirror.uri} does not serve ${recipe.mirror.suite}: ${words}`,
      "Check the network and the machine's apt sources: apt-get update must work",
    );
  }
  if (/mknod|Operation not permitted|cannot be run/i.test(text)) {
    return failure(`this machine does not allow it: ${words}`, 'Name an image in providers.local.image_map');
  }
  return failure(words, 'Run debootstrap by hand to see the whole log');
}

function diskFull(cause?: unknown): ProviderError {
  return failure(
    'no space left on the disk',
    'Free at least 1 GB below the cache folder and run it again',
    cause,
  );
}

function failure(reason: string, help: string, cause?: unknown): ProviderError {
  return new ProviderError({
    provider: 'local',
    operation: 'build-image',
    code: 'unavailable',
    retryable: false,
    message: `The base image cannot be built: ${reason}`,
    help,
    cause,
  });
}

/** Built as root through sudo, the tree belongs to root; what cannot be removed is left to the next build. */
async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(async () => {
    if (await stat(folder).catch(() => undefined))
      await exitCode(['sudo', '-n', 'rm', '-rf', '--one-file-system', folder]);
  });
}
