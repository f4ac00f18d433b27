import { writeFileAtomic } from '@provisioning/core';
import { spawn } from 'node:child_process';
import { access, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';
import { RemoteRegistry } from '../remote/registry.ts';

export type RegistryType = 'zot' | 'harbor' | 'distribution' | 'embedded';

/** A local registry that was started here. */
export interface LocalRegistry {
  readonly type: RegistryType;
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  readonly storage: string;
  readonly log: string;
  readonly auth: boolean;
  readonly tls: boolean;
  readonly started_at: string;
}

export interface StartOptions {
  readonly type?: RegistryType;
  readonly host: string;
  readonly port: number;
  readonly storage: string;
  readonly htpasswdFile?: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Program and arguments that serve the embedded registry in the foreground. */
  readonly embedded: { readonly program: string; readonly arguments: readonly string[] };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly signal?: AbortSignal;
}

const readyMs = 30_000;
const programs: Readonly<Record<Exclude<RegistryType, 'embedded' | 'harbor'>, readonly string[]>> = {
  zot: ['zot'],
  distribution: ['docker-registry', 'registry'],
};

/** Keeps one local registry: its files below a folder, its process, its state (09 §9 `oci-registry`). */
export class RegistryControl {
  readonly #folder: string;

  /** @param folder `<data-dir>/oci-registry`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get #stateFile(): string {
    return join(this.#folder, 'registry.json');
  }

  get defaultStorage(): string {
    return join(this.#folder, 'storage');
  }

  get htpasswdFile(): string {
    return join(this.#folder, 'htpasswd');
  }

  /** The registry that was started here, with whether its process lives. */
  async current(): Promise<(LocalRegistry & { readonly running: boolean }) | undefined> {
    const text = await readFile(this.#stateFile, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const state = JSON.parse(text) as LocalRegistry;
    return { ...state, running: isAlive(state.pid) };
  }

  /**
   * Starts a registry and waits until it answers.
   * @returns the registry, and whether it ran already.
   * @throws ProvisioningError `REGISTRY_PROGRAM_MISSING`, `PORT_IN_USE`, `AUTHENTICATION_REQUIRED`, `START_FAILED`.
   */
  async start(
    options: StartOptions,
  ): Promise<{ readonly registry: LocalRegistry; readonly already: boolean }> {
    const running = await this.current();
    if (running?.running === true) return { registry: running, already: true };
    if (!isLoopback(options.host) && options.htpasswdFile === undefined) throw needsAuth(options.host);
    const chosen = await choose(options.type, options.environment['PATH'] ?? '');
    await mkdir(options.storage, { recursive: true });
    const log = join(this.#folder, 'registry.log');
    const command = await this.#command(chosen, options);
    const output = await open(log, 'a', 0o600);
    const child = spawn(command.program, [...command.arguments], {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      env: options.environment as NodeJS.ProcessEnv,
    });
    await output.close();
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    child.unref();
    const registry: LocalRegistry = {
      type: chosen.type,
      pid: child.pid ?? 0,
      host: options.host,
      port: options.port,
      storage: options.storage,
      log,
      auth: options.htpasswdFile !== undefined,
      tls: options.tls !== undefined,
      started_at: options.now().toISOString(),
    };
    try {
      await waitUntilReady(
        registry,
        () => failure ?? (isAlive(registry.pid) ? undefined : new Error('it ended')),
        options.signal,
      );
    } catch (error) {
      if (registry.pid !== 0 && isAlive(registry.pid)) process.kill(registry.pid, 'SIGTERM');
      throw await startFailed(registry, error);
    }
    await writeFileAtomic(this.#stateFile, `${JSON.stringify(registry, null, 2)}\n`);
    return { registry, already: false };
  }

  async #command(
    chosen: { readonly type: RegistryType; readonly program?: string },
    options: StartOptions,
  ): Promise<{ readonly program: string; readonly arguments: readonly string[] }> {
    const { host, port, storage, htpasswdFile, tls } = options;
    if (chosen.type === 'embedded') {
      const flags = ['--bind', host, '--port', String(port), '--storage', storage];
      if (htpasswdFile !== undefined) flags.push('--htpasswd', htpasswdFile);
      if (tls !== undefined) flags.push('--tls-cert', tls.certFile, '--tls-key', tls.keyFile);
      return { program: options.embedded.program, arguments: [...options.embedded.arguments, ...flags] };
    }
    const config = join(this.#folder, `${chosen.type}.json`);
    const auth =
      htpasswdFile === undefined ? undefined : { htpasswd: { realm: 'provisioning', path: htpasswdFile } };
    const document =
      chosen.type === 'zot'
        ? {
            storage: { rootDirectory: storage, gc: true },
            http: {
              address: host,
              port: String(port),
              ...(auth === undefined ? {} : { auth }),
              ...(tls === undefined ? {} : { tls: { cert: tls.certFile, key: tls.keyFile } }),
            },
            log: { level: 'info' },
          }
        : {
            version: '0.1',
            log: { level: 'info' },
            storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
            http: {
              addr: `${host}:${port}`,
              ...(tls === undefined ? {} : { tls: { certificate: tls.certFile, key: tls.keyFile } }),
            },
            ...(auth === undefined ? {} : { auth }),
          };
    // JSON is YAML, so one way of writing serves both programs.
    await writeFile(config, JSON.stringify(document, null, 2), { mode: 0o600 });
    return { program: chosen.program!, arguments: ['serve', config] };
  }

  /** Stops the process; its data stays. @returns whether one ran. */
  async stop(): Promise<boolean> {
    const state = await this.current();
    await rm(this.#stateFile, { force: true });
    if (state?.running !== true) return false;
    process.kill(state.pid, 'SIGTERM');
    for (let attempt = 0; attempt < 100 && isAlive(state.pid); attempt++) await delay(100);
    if (isAlive(state.pid)) process.kill(state.pid, 'SIGKILL');
    return true;
  }

  /** Deletes what the registry stored. */
  async remove(storage: string): Promise<void> {
    await rm(storage, { recursive: true, force: true });
  }

  /** Bytes below the storage folder. */
  async size(storage: string): Promise<number> {
    const entries = await readdir(storage, { recursive: true, withFileTypes: true }).catch(() => []);
    const sizes = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map((entry) =>
          stat(join(entry.parentPath, entry.name)).then(
            ({ size }) => size,
            () => 0,
          ),
        ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async addUser(line: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const before = await readFile(this.htpasswdFile, 'utf8').catch(() => '');
    const user = line.slice(0, line.indexOf(':'));
    const others = before.split('\n').filter((one) => one !== '' && !one.startsWith(`${user}:`));
    await writeFileAtomic(this.htpasswdFile, `${[...others, line.trim()].join('\n')}\n`);
  }
}

/** A client for asking a local registry how it is. */
export function clientOf(registry: Pick<LocalRegistry, 'host' | 'port' | 'tls'>): RemoteRegistry {
  const host = registry.host === '0.0.0.0' ? '127.0.0.1' : registry.host;
  return new RemoteRegistry(`${host}:${registry.port}`, {
    plainHttp: !registry.tls,
    insecure: registry.tls,
    timeoutSeconds: 5,
    retries: 0,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function findProgram(names: readonly string[], path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name);
      if (
        await access(file).then(
          () => true,
          () => false,
        )
      )
        return file;
    }
  }
  return undefined;
}

/** Without a type: Zot where it is installed, else the embedded one (09 §9). */
async function choose(
  type: RegistryType | undefined,
  path: string,
): Promise<{ readonly type: RegistryType; readonly program?: string }> {
  if (type === 'embedded') return { type };
  if (type === undefined) {
    const program = await findProgram(programs.zot, path);
    return program === undefined ? { type: 'embedded' } : { type: 'zot', program };
  }
  const program = type === 'harbor' ? undefined : await findProgram(programs[type], path);
  if (program !== undefined) return { type, program };
  throw new ProvisioningError({
    code: 'REGISTRY_PROGRAM_MISSING',
    message: `${type} not found. Install it or use --type embedded`,
    ...(type === 'harbor'
      ? { hint: 'Harbor is installed by its own installer; then set oci.registry to its address' }
      : {}),
  });
}

async function waitUntilReady(
  registry: LocalRegistry,
  failure: () => Error | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const client = clientOf(registry);
  const end = Date.now() + readyMs;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const ready = await client.ping().then(
        () => true,
        (error: unknown) => error instanceof ProvisioningError && error.code === 'UNAUTHORIZED',
      );
      const failed = failure();
      if (failed !== undefined) throw failed;
      if (ready) return;
      if (Date.now() > end) throw new Error(`it did not answer within ${readyMs / 1000} s`);
      await delay(100);
    }
  } finally {
    client.close();
  }
}

async function startFailed(registry: LocalRegistry, cause: unknown): Promise<ProvisioningError> {
  const text = await readFile(registry.log, 'utf8').catch(() => '');
  const busy = /EADDRINUSE|address already in use|Port \d+ is in use/i.test(text.slice(-4000));
  const last = text.trimEnd().split('\n').at(-1)?.slice(0, 300);
  return new ProvisioningError({
    code: busy ? 'PORT_IN_USE' : 'START_FAILED',
    message: busy
      ? `Port ${registry.port} is in use`
      : `The registry did not start: ${(cause as Error).message}`,
    hint: busy ? 'choose another one with --port' : (last ?? `see ${registry.log}`),
    cause,
  });
}

function needsAuth(host: string): ProvisioningError {
  return new ProvisioningError({
    code: 'AUTHENTICATION_REQUIRED',
    kind: 'permission',
    message: `A registry on ${host} can be reached by others and needs --auth`,
    hint: 'make a user with "provisioning oci-registry init --user <name> --password-stdin", or bind 127.0.0.1',
  });
}
