import type {
  Access,
  CallOptions,
  CreateOptions,
  IpAddresses,
  Issue,
  ObservedServer,
  ProviderContext,
  ProviderInstance,
  ServerRef,
  ServerSpec,
  ServerState,
} from '@provisioning/extensions-sdk';
import { ProviderError } from '@provisioning/extensions-sdk';
import { connectionResult } from '@provisioning/extensions-sdk/cloud';
import type { ContainerSummary } from './docker/types.ts';
import type { EngineEnvironment } from './engine/environment.ts';
import { invalid, notFound } from './failure.ts';
import { loadBalancers } from './balancer/service.ts';
import { images } from './images.ts';
import { planSize, plans } from './plans.ts';
import { type LocalConfig, LocalConfig as ConfigSchema } from './schema.ts';
import { readConfig } from './settings.ts';
import { resize, setState } from './server/change.ts';
import { createServer } from './server/create.ts';
import { deleteServer } from './server/delete.ts';
import { isServer, labelKeys, managedBy } from './server/labels.ts';
import { observed, sshPort } from './server/observe.ts';
import { networks } from './server/network-service.ts';
import { recreate } from './server/recreate.ts';
import { Session } from './server/session.ts';
import { snapshots } from './server/snapshots.ts';
import { volumes } from './server/volume-service.ts';

/** The provider bound to one infrastructure. Connects on first use. */
export function createInstance(context: ProviderContext): ProviderInstance {
  const config = readConfig(context.config);
  const environment: EngineEnvironment = {
    variables: context.environment,
    cacheDir: context.cacheDir,
    log: (level, message) => context.log(level, message),
  };
  const session = new Session(config, environment, { workspace: context.workspace, infra: context.infra });
  return new LocalInstance(session, config, context);
}

/** What a running container can change. */
const sizes: ReadonlySet<string> = new Set(['plan', 'cores', 'memory']);
/** What can be changed by putting a new container in its place. */
const changeable: ReadonlySet<string> = new Set([
  ...sizes,
  ...['title', 'disk', 'allowed_ports', 'ssh_public_keys', 'user', 'time_zone', 'volumes', 'tags', 'extra'],
]);

class LocalInstance implements ProviderInstance {
  readonly #session: Session;
  readonly #config: LocalConfig;
  readonly #context: ProviderContext;
  readonly network: NonNullable<ProviderInstance['network']>;
  readonly volume: NonNullable<ProviderInstance['volume']>;
  readonly snapshot: NonNullable<ProviderInstance['snapshot']>;
  readonly loadBalancer: NonNullable<ProviderInstance['loadBalancer']>;

  constructor(session: Session, config: LocalConfig, context: ProviderContext) {
    this.#session = session;
    this.#config = config;
    this.#context = context;
    this.network = networks(session);
    this.volume = volumes(session);
    this.snapshot = snapshots(session, () => context.now());
    this.loadBalancer = loadBalancers(session);
  }

  async validateConfig({ online }: { readonly online: boolean }) {
    const errors: Issue[] = [];
    const warnings: Issue[] = [];
    const { Errors } = await import('typebox/value');
    for (const { instancePath, message } of Errors(ConfigSchema, { ...this.#config })) {
      const key = instancePath.slice(1).replaceAll('/', '.');
      errors.push({ message: `providers.local.${key} ${message}`, location: { file: '', key } });
    }
    if (online && errors.length === 0) {
      const { success, error } = await this.testConnection();
      if (!success)
        errors.push({ message: error ?? 'Connection failed', hint: 'Install Docker, Podman, or OrbStack' });
      else {
        const { engine, settings } = await this.#session.connected();
        const [{ MemTotal }, servers] = await Promise.all([engine.info(), this.listServers({ all: true })]);
        const wished = servers.reduce((sum, { memory }) => sum + memory, 0);
        const there = Math.round(MemTotal / 1024 / 1024);
        if (wished > there) {
          const message = `The local servers may use ${wished} MB of memory together; the engine has ${there} MB`;
          warnings.push({ message, hint: 'Choose smaller plans, or stop servers that are not needed' });
        }
        if (!settings.limits) {
          warnings.push({
            message: 'Memory and processor limits are not enforced: the cgroups of this machine refuse them',
          });
        }
      }
    }
    return { valid: errors.length === 0, errors, warnings };
  }

  testConnection() {
    return connectionResult(() =>
      this.#session.use('Connection failed', 'test', async ({ engine, description }) => ({
        engine: engine.server,
        api: engine.apiVersion,
        description,
      })),
    );
  }

  async health() {
    const started = performance.now();
    const answer = await this.#session
      .use('Health check failed', 'health', ({ engine }) => engine.ping())
      .then(
        () => undefined,
        (error: Error) => error.message,
      );
    return {
      healthy: answer === undefined,
      latency_ms: Math.round(performance.now() - started),
      ...(answer === undefined ? {} : { error: answer }),
      checked_at: new Date(this.#context.now()).toISOString(),
    };
  }

  async listPlans() {
    return plans;
  }

  async listZones() {
    return [{ name: 'local', region: 'local', available: true }];
  }

  async listImages(query: { readonly find?: string } = {}) {
    return images(this.#config).filter(({ name }) => query.find === undefined || name.includes(query.find));
  }

  async getPricing(query: { readonly plan?: string; readonly zone?: string } = {}) {
    return plans
      .filter(({ name }) => query.plan === undefined || name === query.plan)
      .map(({ name }) => ({ plan: name, zone: 'local', currency: 'EUR', hourly: 0, monthly: 0 }));
  }

  listServers(
    query: {
      readonly all?: boolean;
      readonly zone?: string;
      readonly status?: ServerState;
    } & CallOptions = {},
  ): Promise<readonly ObservedServer[]> {
    return this.#session.use('Failed to list servers', 'listServers', async ({ engine }) => {
      const containers =
        query.all === true
          ? (await engine.listContainers({ [managedBy.key]: managedBy.value }, query.signal)).filter(isServer)
          : await this.#session.containers(undefined, query.signal);
      const servers = await Promise.all(containers.map((container) => this.#observe(container)));
      return servers
        .filter(({ status }) => query.status === undefined || status === query.status)
        .filter(({ zone }) => query.zone === undefined || zone === query.zone)
        .sort((a, b) => a.hostname.localeCompare(b.hostname));
    });
  }

  getServer(ref: ServerRef, options: CallOptions = {}): Promise<ObservedServer | null> {
    return this.#session.use('Failed to read the server', 'getServer', async () => {
      const container = await this.#session.find(ref.hostname, options.signal);
      return container === undefined ? null : this.#observe(container);
    });
  }

  async serverExists(ref: ServerRef, options: CallOptions = {}): Promise<boolean> {
    return (await this.getServer(ref, options)) !== null;
  }

  async createServer(spec: ServerSpec, options: CreateOptions): Promise<ObservedServer> {
    if (spec.hostname === '')
      throw invalid('createServer', 'Invalid server configuration: Hostname is required');
    if (spec.zone !== 'local' && spec.zone !== 'auto' && spec.zone !== '') {
      throw invalid(
        'createServer',
        `Invalid server configuration: Invalid zone: ${spec.zone}`,
        'The zone of the local provider is "local"',
      );
    }
    return this.#session.use('Server creation failed', 'createServer', async (connected) =>
      this.#observe(await createServer(this.#session, connected, spec, options)),
    );
  }

  deleteServer(
    ref: ServerRef,
    options: { readonly keepStorage: boolean; readonly force: boolean; readonly wait: boolean } & CallOptions,
  ): Promise<{ readonly deleted: boolean }> {
    return this.#session.use('Server deletion failed', 'deleteServer', async (connected) => {
      const remove = () => deleteServer(this.#session, connected, ref.hostname, options);
      return { deleted: await this.#session.locked(ref.hostname, remove, options.signal) };
    });
  }

  setServerState(
    ref: ServerRef,
    state: 'running' | 'stopped' | 'rebooted',
    options: { readonly wait: boolean; readonly force: boolean } & CallOptions,
  ): Promise<ObservedServer> {
    return this.#session.use(
      `Server ${ref.hostname} cannot be ${state}`,
      'setServerState',
      async (connected) => {
        const container = await this.#container(ref, 'setServerState');
        await setState(this.#session, connected, container, ref.hostname, state, options);
        return this.#observe(await this.#container(ref, 'setServerState'));
      },
    );
  }

  resizeServer(ref: ServerRef, plan: string): Promise<ObservedServer> {
    return this.#session.use('Server resize failed', 'resizeServer', async (connected) => {
      await resize(this.#session, connected, await this.#container(ref, 'resizeServer'), plan);
      return this.#observe(await this.#container(ref, 'resizeServer'));
    });
  }

  updateServer(ref: ServerRef, patch: Partial<ServerSpec>): Promise<ObservedServer> {
    return this.#session.use('Server update failed', 'updateServer', async (connected) => {
      const container = await this.#container(ref, 'updateServer');
      const unknown = Object.keys(patch).filter((key) => !changeable.has(key));
      if (unknown.length > 0) {
        throw new ProviderError({
          provider: 'local',
          operation: 'updateServer',
          code: 'unsupported',
          message: `A container cannot change ${unknown.join(', ')} after its creation`,
          help: `Delete and create ${ref.hostname} again; its volumes can be kept`,
        });
      }
      // An empty plan is none: cores and memory say the size.
      const planned = patch.plan === undefined || patch.plan === '' ? {} : planSize(patch.plan);
      if (Object.keys(patch).some((key) => !sizes.has(key))) {
        await this.#session.locked(ref.hostname, () =>
          recreate(this.#session, connected, container, {
            spec: { ...planned, ...patch },
          }),
        );
        return this.#observe(await this.#container(ref, 'updateServer'));
      }
      const current = await this.#observe(container);
      const size = { cores: current.cores, memory: current.memory, ...planned };
      await resize(this.#session, connected, container, patch.plan ?? current.plan, {
        cores: patch.cores ?? size.cores,
        memory: patch.memory ?? size.memory,
      });
      return this.#observe(await this.#container(ref, 'updateServer'));
    });
  }

  async getIp(ref: ServerRef, type: keyof IpAddresses): Promise<string | null> {
    const server = await this.getServer(ref);
    if (server === null) throw notFound(ref.hostname, 'getIp');
    return server.ip_addresses[type] ?? null;
  }

  getAccess(ref: ServerRef): Promise<Access> {
    return this.#session.use('Access cannot be found', 'getAccess', async () => {
      const container = await this.#container(ref, 'getAccess');
      const port = sshPort(container);
      if (port === undefined) throw invalid('getAccess', `Server ${ref.hostname} publishes no SSH port`);
      return {
        kind: 'ssh' as const,
        host: '127.0.0.1',
        port,
        user: container.Labels[labelKeys.user] ?? 'root',
        hostKeyAlias: container.Id,
      };
    });
  }

  async dispose(): Promise<void> {
    this.#session.disconnect();
  }

  async #container(ref: ServerRef, operation: string): Promise<ContainerSummary> {
    const container = await this.#session.find(ref.hostname);
    if (container === undefined) throw notFound(ref.hostname, operation);
    return container;
  }

  async #observe(container: ContainerSummary): Promise<ObservedServer> {
    return observed(container, await this.#session.resized(container.Id));
  }
}
