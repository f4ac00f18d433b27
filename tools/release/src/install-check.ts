import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { npm } from './npm.ts';

const run = promisify(execFile);
const sizeLimit = 40 * 1024 * 1024;

export interface CheckedInstall {
  /** What `provisioning --version` says. */
  readonly version: string;
  readonly bytes: number;
  readonly packages: number;
  /** Packages that would run something when they are installed. */
  readonly scripts: readonly string[];
  readonly commands: readonly { readonly words: readonly string[]; readonly output: string }[];
}

/** Files of an installation that must never be in one (11 §9). */
const unwanted = /(?:^|\/)(?:src\/.*\.ts|tests\/|[^/]*\.test\.[jt]s)$/;

/** `npm install --global` from a registry into a prefix. */
export async function installGlobally(registry: string, prefix: string, name: string): Promise<void> {
  const where = ['--prefix', prefix, '--registry', registry];
  await npm(['install', '--global', ...where, '--no-audit', '--no-fund', name]);
}

/**
 * Installs the CLI from a registry as a user would, into a prefix of its own, and tries it (11 §9 "basic").
 * @throws Error that says what is wrong with the installation.
 */
export async function checkInstall(options: {
  readonly registry: string;
  readonly prefix: string;
  readonly home: string;
  readonly version?: string;
}): Promise<CheckedInstall> {
  const { registry, prefix, home } = options;
  const version = options.version ?? 'latest';
  await installGlobally(registry, prefix, `@provisioning/cli@${version}`);
  const { bytes, files } = await measure(join(prefix, 'lib/node_modules'));
  if (bytes > sizeLimit)
    throw new Error(`The installation has ${Math.round(bytes / 1024 / 1024)} MiB, at most 40 are allowed`);
  const scripts = await installScripts(join(prefix, 'lib/node_modules'), files);
  const own = files.filter(
    (file) =>
      file.includes('@provisioning/') && !file.replace(/^.*@provisioning\//, '').includes('node_modules'),
  );
  const smuggled = own.find((file) => unwanted.test(file));
  if (smuggled !== undefined) throw new Error(`Development file in the installation: ${smuggled}`);
  const program = join(prefix, 'bin/provisioning');
  const environment = {
    // The program runs with the Node.js that is first on the path; a user of it has a fitting one there.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    NO_COLOR: '1',
  };
  const commands: { words: string[]; output: string }[] = [];
  for (const words of [
    ['--version'],
    ['help'],
    ['provider', 'list'],
    ['workspace', 'init', 'demo', join(home, 'demo'), '--template', 'demo', '--activate'],
    ['workspace', 'list'],
    ['oci', 'config'],
  ]) {
    const { stdout } = await run(program, words, { env: environment, cwd: home, maxBuffer: 1 << 26 });
    commands.push({ words, output: stdout });
  }
  const said = commands[0]!.output.trim();
  return {
    version: said,
    scripts,
    bytes,
    packages: files.filter((file) => file.endsWith('/package.json')).length,
    commands,
  };
}

/** Removes the installation. @returns what is left below the prefix. */
export async function uninstall(prefix: string): Promise<readonly string[]> {
  await npm(['uninstall', '--global', '--prefix', prefix, '@provisioning/cli', '@provisioning/orchestrator']);
  const left = await readdir(prefix, { recursive: true, withFileTypes: true });
  return left.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function installScripts(folder: string, files: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of files.filter((path) => path.endsWith('/package.json'))) {
    const text = await readFile(join(folder, file), 'utf8');
    const { name, scripts = {} } = JSON.parse(text) as { name?: string; scripts?: Record<string, string> };
    const runs = ['preinstall', 'install', 'postinstall'].some((script) => scripts[script] !== undefined);
    if (runs) found.push(name ?? file);
  }
  return found;
}

async function measure(
  folder: string,
): Promise<{ readonly bytes: number; readonly files: readonly string[] }> {
  const files: string[] = [];
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.push(path.slice(folder.length));
    bytes += (await stat(path)).size;
  }
  return { bytes, files };
}
