import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { findProgram, isRoot, programEnvironment } from './environment.ts';

export interface AptOptions {
  readonly path: string | undefined;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Whether this machine installs its packages with apt. */
export function hasApt(path: string | undefined): boolean {
  return findProgram('apt-get', path) !== undefined;
}

/** Those of the packages that dpkg has not installed. */
export async function missingPackages(names: readonly string[]): Promise<string[]> {
  const files = new Set(await readdir('/var/lib/dpkg/info').catch(() => []));
  const installed = (name: string) =>
    files.has(`${name}.list`) ||
    [...files].some((file) => file.startsWith(`${name}:`) && file.endsWith('.list'));
  return names.filter((name) => !installed(name));
}

/** Those of the packages that this system's archive has; older releases lack some. */
export async function availablePackages(
  names: readonly string[],
  path: string | undefined,
): Promise<string[]> {
  const program = findProgram('apt-cache', path);
  if (program === undefined) return [...names];
  const known = new Set<string>();
  for (const name of names) {
    await run([program, 'pkgnames', name], path, (line) => known.add(line.trim()));
  }
  const available = names.filter((name) => known.has(name));
  return available.length > 0 ? available : [...names];
}

/**
 * Installs packages as root or through `sudo -n`. The package lists are downloaded first when there are none, and
 * again when they turn out to be old.
 * @throws ProvisioningError `ENGINE_INSTALL_FAILED`.
 */
export async function installPackages(
  choose: () => Promise<readonly string[]>,
  options: AptOptions,
): Promise<void> {
  const { path } = options;
  const prefix = await privileges(path, choose);
  const apt = [...prefix, findProgram('apt-get', path) ?? 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120'];
  const log: string[] = [];
  const call = (...parameters: string[]) =>
    run(
      [...apt, ...parameters],
      path,
      (line) => {
        log.push(line);
        const shown = /^(Setting up \S+)|^(Fetched .*)/.exec(line);
        if (shown !== null) options.onLine?.(shown[1] ?? shown[2]!);
      },
      options.signal,
    );
  const hasLists = (await readdir('/var/lib/apt/lists').catch(() => [])).some((name) =>
    name.endsWith('Release'),
  );
  if (!hasLists) await call('update');
  const install = async () => call('install', '-y', '--no-install-recommends', ...(await choose()));
  let code = await install();
  if (code !== 0 && hasLists) {
    await call('update');
    code = await install();
  }
  if (code === 0) return;
  const reasons = log.filter((line) => line.startsWith('E: ')).map((line) => line.slice(3));
  throw failed(
    `apt-get install ended with ${code}: ${reasons.slice(-2).join('; ') || log.slice(-1).join('')}`,
    await choose(),
  );
}

async function privileges(
  path: string | undefined,
  choose: () => Promise<readonly string[]>,
): Promise<string[]> {
  if (isRoot()) return [];
  const sudo = findProgram('sudo', path);
  if (sudo !== undefined && (await run([sudo, '-n', 'true'], path, () => undefined)) === 0)
    return [sudo, '-n'];
  throw failed('installing packages needs root', await choose());
}

function failed(reason: string, packages: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'ENGINE_INSTALL_FAILED',
    message: `A container engine could not be installed: ${reason}`,
    hint: `Install it yourself, then run this again: sudo apt-get install ${packages.join(' ')}`,
  });
}

function run(
  command: readonly string[],
  path: string | undefined,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...programEnvironment(path === undefined ? {} : { PATH: path }),
        DEBIAN_FRONTEND: 'noninteractive',
        LC_ALL: 'C.UTF-8',
      },
      signal,
    });
    createInterface({ input: child.stdout }).on('line', onLine);
    createInterface({ input: child.stderr }).on('line', onLine);
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
