import {
  type CallOptions,
  type CreateOptions,
  type ObservedServer,
  type ProviderContext,
  ProviderError,
  type ProviderInstance,
  type ServerRef,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
import {
  addressOf,
  clockOf,
  configIssues,
  connectionResult,
  healthResult,
  serverNotFound,
  serverTags,
} from '@provisioning/extensions-sdk/cloud';
import { waitUntil } from '@provisioning/extensions-sdk/http';
import { type AdoptedHost, AdoptedHosts } from './adopted.ts';
import { BaremetalConfig, type InventoryServer } from './config.ts';
import { name, readInventory } from './inventory.ts';
import { switchPower } from './power.ts';
import { accepts, accessOf, readFacts } from './probe.ts';

const zoneOf = (host: InventoryServer) => host.zone ?? 'default';
const planOf = (host: InventoryServer) => `host:${host.hostname}`;
const startLimit = 600;
/** Seconds a machine that is to be adopted has to accept a connection: it should be up. */
const adoptionLimit = 60;

/** The provider bound to one infrastructure: creating adopts a machine of the inventory, deleting releases it. */
export function createInstance(context: ProviderContext): ProviderInstance {
  return new BaremetalInstance(context);
}

class BaremetalInstance implements ProviderInstance {
  readonly #context: ProviderContext;
  readonly #config: BaremetalConfig;
  readonly #adopted: AdoptedHosts;

  constructor(context: ProviderContext) {
    this.#context = context;
    this.#config = context.config as BaremetalConfig;
    this.#adopted = new AdoptedHosts(context);
  }

  async validateConfig() {
    const errors = await configIssues(name, BaremetalConfig, this.#context.config);
    const inventory = await connectionResult(() => readInventory(this.#context, 'validateConfig'));
    if (!inventory.success) errors.push({ message: inventory.error ?? 'No inventory' });
    return { valid: errors.length === 0, errors, warnings: [] };
  }

  testConnection() {
    return connectionResult(async () => ({
      hosts: (await readInventory(this.#context, 'testConnection')).length,
      adopted: Object.keys(await this.#adopted.all()).length,
    }));
  }

  health() {
    return healthResult(
      () => readInventory(this.#context, 'health'),
      () => clockOf(this.#context).now(),
    );
  }

  /** Each machine is a plan of its own. */
  async listPlans({ zone }: { readonly zone?: string } = {}) {
    const adopted = await this.#adopted.all();
    return (await readInventory(this.#context, 'listPlans'))
      .filter((host) => zone === undefined || zoneOf(host) === zone)
      .map((host) => {
        const facts = adopted[host.hostname];
        return {
          name: planOf(host),
          cores: host.cores ?? facts?.cores ?? 1,
          memory_mb: host.memory ?? facts?.memory ?? 1024,
          disk_gb: host.disk ?? facts?.disk ?? 10,
          description: `${host.hostname}, ${host.ip_address}`,
          zones: [zoneOf(host)],
          hourly: (host.cost_monthly ?? 0) / 730,
          architecture: 'x86_64',
        };
      });
  }

  async listZones() {
    const zones = new Set((await readInventory(this.#context, 'listZones')).map(zoneOf));
    const { zones: allowed = [] } = this.#config;
    return [...zones].sort().map((zone) => ({
      name: zone,
      region: zone,
      available: allowed.length === 0 || allowed.includes(zone),
    }));
  }

  /** What runs on the machines; nothing is installed by adopting. */
  async listImages({ find }: { readonly find?: string } = {}) {
    const adopted = await this.#adopted.all();
    const systems = (await readInventory(this.#context, 'listImages')).flatMap(
      (host) => host.os ?? adopted[host.hostname]?.os ?? [],
    );
    return [...new Set(systems)]
      .filter((os) => find === undefined || os.includes(find))
      .map((os) => ({ name: os, arch: 'x86_64', id: os, os_family: os.replace(/-.*/, '') }));
  }

  async getPricing({ plan, zone }: { readonly plan?: string; readonly zone?: string } = {}) {
    return (await readInventory(this.#context, 'getPricing'))
      .filter(
        (host) =>
          (plan === undefined || planOf(host) === plan) && (zone === undefined || zoneOf(host) === zone),
      )
      .map((host) => ({
        plan: planOf(host),
        zone: zoneOf(host),
        currency: this.#config.currency ?? 'EUR',
        hourly: (host.cost_monthly ?? 0) / 730,
        monthly: host.cost_monthly ?? 0,
      }));
  }

  async listServers({
    all = false,
    zone,
    status,
    signal,
  }: NonNullable<Parameters<ProviderInstance['listServers']>[0]> = {}): Promise<readonly ObservedServer[]> {
    signal?.throwIfAborted();
    const adopted = await this.#adopted.all();
    const hosts = (await readInventory(this.#context, 'listServers')).filter(
      (host) =>
        (all || adopted[host.hostname] !== undefined) && (zone === undefined || zoneOf(host) === zone),
    );
    const servers = await Promise.all(
      hosts.map((host) => this.#observe(host, adopted[host.hostname], signal)),
    );
    return servers.filter((server) => status === undefined || server.status === status);
  }

  async getServer({ hostname, id }: ServerRef, options?: CallOptions): Promise<ObservedServer | null> {
    const adopted = (await this.#adopted.all())[hostname];
    if (adopted === undefined || (id !== undefined && id !== hostname)) return null;
    const host = (await readInventory(this.#context, 'getServer')).find(
      (entry) => entry.hostname === hostname,
    );
    return host === undefined ? null : this.#observe(host, adopted, options?.signal);
  }

  async serverExists(ref: ServerRef): Promise<boolean> {
    return (await this.#adopted.all())[ref.hostname] !== undefined;
  }

  async createServer(spec: ServerSpec, options: CreateOptions): Promise<ObservedServer> {
    const host = await this.#host(spec.hostname, 'createServer');
    const known = (await this.#adopted.all())[spec.hostname];
    if (known === undefined) {
      options.onProgress?.(`Adopting ${host.hostname} at ${host.ip_address}`);
      await options.onCreated?.(host.hostname);
    }
    if (options.wait) {
      const help = `Switch ${host.hostname} on, let it accept SSH at ${host.ip_address}:${host.port ?? 22}, and deploy again.`;
      await this.#reachable(host, adoptionLimit, 'createServer', options.signal, help);
    }
    if (known !== undefined) return this.#observe(host, known, options.signal);
    const facts = await readFacts(host, options.onHost);
    const found = facts.os ?? host.os;
    if (found !== undefined && found !== spec.os) {
      this.#context.log('warn', `${host.hostname} runs ${found}; its definition says ${spec.os}`);
    }
    const record: AdoptedHost = {
      adopted_at: new Date(this.#context.now()).toISOString(),
      ...facts,
      // Adopting installs nothing, so another system is no reason to adopt again and again: the definition's word stays.
      os: spec.os,
      ...(found === undefined ? {} : { found_os: found }),
      tags: { ...host.tags, ...spec.tags, ...serverTags(this.#context, spec.hostname) },
    };
    await this.#adopted.set(spec.hostname, record);
    return this.#observe(host, record, options.signal);
  }

  /** Releases: the machine stays as it is, and goes on running. */
  async deleteServer({ hostname }: ServerRef): Promise<{ readonly deleted: boolean }> {
    return { deleted: await this.#adopted.remove(hostname) };
  }

  async setServerState(
    ref: ServerRef,
    state: 'running' | 'stopped' | 'rebooted',
    options: { readonly wait: boolean; readonly force: boolean } & CallOptions,
  ): Promise<ObservedServer> {
    const server = await this.#get(ref, 'setServerState');
    const host = await this.#host(ref.hostname, 'setServerState');
    if (state === 'running' && server.status === 'running') return server;
    const order = { running: 'start', stopped: 'stop', rebooted: 'reboot' } as const;
    await switchPower(this.#context, host, order[state], options);
    if (!options.wait) return this.#get(ref, 'setServerState');
    if (state === 'stopped') return { ...(await this.#silent(host, options.signal)), status: 'stopped' };
    await this.#reachable(host, startLimit, 'setServerState', options.signal);
    return this.#get(ref, 'setServerState');
  }

  async resizeServer(ref: ServerRef, plan: string): Promise<ObservedServer> {
    const server = await this.#get(ref, 'resizeServer');
    if (server.plan === plan) return server;
    throw new ProviderError({
      provider: name,
      operation: 'resizeServer',
      code: 'unsupported',
      message: `Provider 'baremetal' does not support resize`,
      help: 'A machine has the size it has.',
    });
  }

  async updateServer(ref: ServerRef, patch: Partial<ServerSpec>): Promise<ObservedServer> {
    const server = await this.#get(ref, 'updateServer');
    const known = (await this.#adopted.all())[ref.hostname];
    if (patch.plan !== undefined && patch.plan !== '') await this.resizeServer(ref, patch.plan);
    if (patch.tags !== undefined && known !== undefined) {
      const tags = { ...known.tags, ...patch.tags, ...serverTags(this.#context, ref.hostname) };
      await this.#adopted.set(ref.hostname, { ...known, tags });
      return this.#get(ref, 'updateServer');
    }
    return server;
  }

  async getIp(ref: ServerRef, type: Parameters<ProviderInstance['getIp']>[1]): Promise<string | null> {
    return addressOf(await this.#get(ref, 'getIp'), type);
  }

  async getAccess(ref: ServerRef) {
    await this.#get(ref, 'getAccess');
    return accessOf(await this.#host(ref.hostname, 'getAccess'));
  }

  async dispose(): Promise<void> {
    // Nothing is kept open.
  }

  async #host(hostname: string, operation: string): Promise<InventoryServer> {
    const hosts = await readInventory(this.#context, operation);
    const host = hosts.find((entry) => entry.hostname === hostname);
    if (host !== undefined) return host;
    throw new ProviderError({
      provider: name,
      operation,
      code: 'not_found',
      message: `Server not found in inventory: ${hostname}`,
      help: `The inventory has: ${hosts.map((entry) => entry.hostname).join(', ') || 'no machines'}`,
    });
  }

  async #get(ref: ServerRef, operation: string): Promise<ObservedServer> {
    const server = await this.getServer(ref);
    if (server === null) throw serverNotFound(name, operation, ref);
    return server;
  }

  async #observe(
    host: InventoryServer,
    adopted: AdoptedHost | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ObservedServer> {
    const up = await accepts(host.ip_address, host.port ?? 22, this.#config.timeout ?? 3, signal);
    signal?.throwIfAborted();
    return {
      id: host.hostname,
      name: host.hostname,
      hostname: host.hostname,
      provider: name,
      status: up ? 'running' : 'unknown',
      plan: planOf(host),
      cores: host.cores ?? adopted?.cores ?? 1,
      memory: host.memory ?? adopted?.memory ?? 1024,
      disk: host.disk ?? adopted?.disk ?? 10,
      zone: zoneOf(host),
      os: adopted?.os ?? host.os ?? 'unknown',
      ip_addresses: {
        public: host.ip_address,
        private: host.private_ip ?? host.ip_address,
      },
      created_at: adopted?.adopted_at ?? new Date(0).toISOString(),
      tags: adopted?.tags ?? host.tags ?? {},
      ...(adopted?.found_os === undefined ? {} : { raw: { os: adopted.found_os } }),
    };
  }

  async #reachable(
    host: InventoryServer,
    limit: number,
    operation: string,
    signal?: AbortSignal,
    help?: string,
  ): Promise<void> {
    await waitUntil({
      help,
      ask: async () =>
        (await accepts(host.ip_address, host.port ?? 22, this.#config.timeout ?? 3, signal))
          ? true
          : undefined,
      what: `server ${host.hostname} (${host.ip_address}:${host.port ?? 22})`,
      state: 'running',
      interval: 5,
      limit,
      clock: clockOf(this.#context),
      provider: name,
      operation,
      signal,
    });
  }

  /** Waits until a machine that was told to stop accepts nothing any more. */
  async #silent(host: InventoryServer, signal?: AbortSignal): Promise<ObservedServer> {
    return waitUntil({
      ask: async () => {
        const server = await this.#observe(host, (await this.#adopted.all())[host.hostname], signal);
        return server.status === 'running' ? undefined : server;
      },
      what: `server ${host.hostname}`,
      state: 'stopped',
      interval: 5,
      limit: startLimit,
      clock: clockOf(this.#context),
      provider: name,
      operation: 'setServerState',
      signal,
    });
  }
}
