import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createTransports,
  ensureWorkspaceKey,
  ExtensionCatalogue,
  taskservCreate,
  taskservDelete,
  taskservHealth,
} from '@provisioning/core';
import type {
  Context,
  Progress,
  ProviderInstance,
  ServerSpec,
  TaskservUse,
  Transports,
} from '@provisioning/extensions-sdk';
import type { TaskservServer } from '@provisioning/extensions-sdk/conformance';
import { type Bed, makeBed } from '../../packages/providers/local/src/testing/bed.ts';

/** A real Debian server with systemd and sshd. */
export interface TestHost {
  readonly hostname: string;
  readonly target: { readonly hostname: string; readonly provider: string };
  /** Runs a script as root over SSH and gives its output; fails when the script does. */
  sh(script: string): Promise<string>;
}

/** A workspace on the local provider with servers to install taskservs on, for tests and benchmarks. */
export class TaskservBed implements AsyncDisposable {
  readonly progress: Progress[] = [];
  readonly provider: ProviderInstance;
  readonly workspacePath: string;
  readonly #bed: Bed;
  readonly #catalogue: ExtensionCatalogue;
  #transports: Transports;

  private constructor(bed: Bed, provider: ProviderInstance) {
    this.#bed = bed;
    this.provider = provider;
    this.workspacePath = bed.workspace.path;
    this.#catalogue = new ExtensionCatalogue({
      workspacePath: bed.workspace.path,
      moduleUrls: [import.meta.url],
    });
    this.#transports = this.newTransports();
  }

  static async make(): Promise<TaskservBed> {
    const bed = await makeBed();
    await mkdir(bed.workspace.path, { recursive: true });
    return new TaskservBed(bed, await bed.open());
  }

  get transports(): Transports {
    return this.#transports;
  }

  /** As a new process would start: nothing connected. */
  async reconnect(): Promise<void> {
    await this.#transports.close();
    this.#transports = this.newTransports();
  }

  newTransports(): Transports {
    return createTransports({
      knownHostsFile: join(this.workspacePath, '.runtime', 'known_hosts'),
      defaultKeyFiles: [join(this.workspacePath, 'secrets', 'ssh-keys', 'id_ed25519')],
    });
  }

  async host(hostname: string, overrides: Partial<ServerSpec> = {}): Promise<TestHost> {
    const { publicKey } = await ensureWorkspaceKey(this.workspacePath);
    const spec = this.#bed.spec(hostname, { memory: 1024, ssh_public_keys: [publicKey], ...overrides });
    await this.provider.createServer(spec, { wait: true });
    return {
      hostname,
      target: { hostname, provider: 'local' },
      sh: async (script) => {
        const access = await this.provider.getAccess({ hostname });
        const transport = await this.#transports.open(access);
        const { code, stdout, stderr } = await transport.run('sh -e -s', { input: script });
        if (code !== 0) throw new Error(`${hostname}: exit ${code}: ${stdout}${stderr}`);
        return stdout;
      },
    };
  }

  context(changes: Partial<Context> = {}): Context {
    return {
      workspace: this.#bed.workspace,
      infra: 'demo',
      environment: 'development',
      config: () => undefined,
      provider: () => Promise.resolve(this.provider),
      providerMetadata: () => Promise.reject(new Error('not needed here')),
      serverDefaults: () => Promise.resolve({}),
      transports: this.#transports,
      extension: async (kind, name) => (await this.#catalogue.get(kind, name)).path,
      report: (progress) => void this.progress.push(progress),
      signal: new AbortController().signal,
      idempotencyKey: 'test',
      now: Date.now,
      step: (_name, work) => work(),
      ...changes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transports.close();
    await this.#bed[Symbol.asyncDispose]();
  }
}

/**
 * Looks at the arguments of every process of a server twenty times a second.
 * @param pattern Regular expression that does not match itself, such as `pa55-wor[d]`.
 * @returns ends the watch and gives the arguments that matched.
 */
export async function watchArguments(host: TestHost, pattern: string): Promise<() => Promise<string>> {
  await host.sh(`touch /root/watching; : >/root/leaks; cat >/root/watch.sh <<'END'
while [ -e /root/watching ]; do
  cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -a -e '${pattern}' >>/root/leaks
  sleep 0.05
done
END
systemd-run -q --unit watching sh /root/watch.sh`);
  return async () => {
    await host.sh('rm /root/watching; while systemctl is-active -q watching; do sleep 0.1; done');
    return host.sh('cat /root/leaks; rm /root/leaks /root/watch.sh');
  };
}

/** A server of the test bed as the conformance kit uses it. */
export function kitServer(
  bed: TaskservBed,
  host: TestHost,
  { name, version }: { readonly name: string; readonly version?: string },
): TaskservServer {
  const use = (config: Readonly<Record<string, unknown>>): TaskservUse => ({
    name,
    ...(version === undefined ? {} : { version }),
    profile: 'default',
    config: { ...config },
  });
  const input = (config: Readonly<Record<string, unknown>>) => ({
    server: host.target,
    taskserv: use(config),
    references: [],
  });
  return {
    install: (config) => taskservCreate.run(bed.context(), input(config)),
    health: async (config) => {
      const { health } = await taskservHealth(bed.context(), host.target, use(config), []);
      const sick = health?.checks.filter(({ status }) => status === 'failed') ?? [];
      return { healthy: health?.healthy === true, message: sick.map(({ message }) => message).join('; ') };
    },
    uninstall: (config, { cleanupData }) =>
      taskservDelete.run(bed.context(), { ...input(config), cleanup_data: cleanupData }),
    run: async (script) =>
      host.sh(script).then(
        (output) => ({ code: 0, output }),
        (error: Error) => ({ code: 1, output: error.message }),
      ),
  };
}

/** Folder of the catalogue, for what reads it as files. */
export const catalogueFolder = fileURLToPath(new URL('../../packages/taskservs/', import.meta.url));

/** Whether a file exists. */
export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
