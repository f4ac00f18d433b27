import type { TSchema } from 'typebox';
import type { Issue } from './error.ts';
import type { Clock } from './http/clock.ts';
import type { NetworkSettings } from './http/network.ts';
import type { ProviderErrorCode } from './provider-error.ts';
import type { BucketService, LoadBalancerService, ManagedServices, ServerRef } from './resources.ts';
import type { FirewallRule } from './schemas/server.ts';
import type { Secret } from './secret.ts';
import type { Access } from './transport.ts';

/** States of a server (05 §7.1); providers map theirs onto these. */
export const serverStates = [
  'planned',
  'creating',
  'starting',
  'running',
  'stopping',
  'stopped',
  'rebooting',
  'resizing',
  'updating',
  'deleting',
  'deleted',
  'error',
  'unknown',
] as const;
export type ServerState = (typeof serverStates)[number];

export interface IpAddresses {
  readonly public?: string;
  readonly private?: string;
  readonly utility?: string;
  readonly ipv6?: string;
}

/** A server as the provider reports it (06 §3). Memory in MB, disk in GB. */
export interface ObservedServer {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly provider: string;
  readonly status: ServerState;
  readonly plan: string;
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
  readonly zone: string;
  readonly os: string;
  readonly ip_addresses: IpAddresses;
  readonly created_at: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Ports of the server that are published on this machine's loopback: inner port → port on 127.0.0.1. */
  readonly published_ports?: Readonly<Record<string, number>>;
  readonly raw?: unknown;
}

/** What a provider needs to create a server; resolved and validated before it gets here. Memory MB, disk GB. */
export interface ServerSpec {
  readonly hostname: string;
  readonly title?: string;
  readonly plan: string;
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
  readonly zone: string;
  readonly os: string;
  readonly user?: string;
  readonly user_ssh_port?: number;
  /** Public keys in authorized_keys format. */
  readonly ssh_public_keys: readonly string[];
  readonly allowed_ports: readonly number[];
  readonly firewall_rules?: readonly FirewallRule[];
  readonly time_zone: string;
  readonly volumes?: readonly {
    readonly name: string;
    readonly size: number;
    readonly type?: string;
    readonly mount_point?: string;
  }[];
  readonly network?: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Provider-specific extras under the provider's own name in the definition. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly idempotency_key: string;
}

export interface Plan {
  readonly name: string;
  readonly cores: number;
  readonly memory_mb: number;
  readonly disk_gb?: number;
  readonly description: string;
  readonly zones: readonly string[];
  readonly hourly?: number;
  readonly architecture: string;
}
export interface Zone {
  readonly name: string;
  readonly region: string;
  readonly country?: string;
  readonly available: boolean;
}
export interface Image {
  readonly name: string;
  readonly arch: string;
  readonly id: string;
  readonly os_family: string;
}
export interface Price {
  readonly plan: string;
  readonly zone: string;
  readonly currency: string;
  readonly hourly: number;
  readonly monthly: number;
  readonly storage_gb_month?: number;
  readonly ip_month?: number;
}
export interface Quota {
  readonly name: string;
  readonly used: number;
  readonly limit: number;
}

export interface ProviderCapabilities {
  readonly server_management: boolean | 'adopt' | 'declared';
  readonly network_management?: boolean;
  readonly storage_management?: boolean;
  readonly load_balancer?: boolean;
  readonly dns_management?: boolean;
  readonly auto_scaling?: boolean;
  readonly spot_instances?: boolean;
  readonly multi_region?: boolean;
  readonly containers?: boolean;
  readonly serverless?: boolean;
  readonly encryption_at_rest?: boolean;
  readonly snapshots?: boolean;
  readonly firewall?: boolean;
  readonly managed_kubernetes?: boolean;
  readonly managed_databases?: boolean;
  readonly console?: boolean;
  readonly compliance_certifications?: readonly string[];
}

export interface ProviderMetadata {
  readonly name: string;
  readonly version: string;
  readonly type: 'provider';
  readonly display_name: string;
  readonly description: string;
  readonly interface: 'API' | 'CLI';
  readonly category: 'cloud' | 'local' | 'container' | 'baremetal';
  readonly capabilities: ProviderCapabilities;
  readonly required_auth: readonly string[];
  readonly auth_methods: readonly string[];
  readonly supported_os: readonly string[];
  readonly regions: readonly string[];
  readonly certified: boolean;
  /** Prices for a promised time, where the provider sells them: for how many months, and where they are bought. */
  readonly reservations?: { readonly months: readonly number[]; readonly url: string };
}

/** Everything a provider may touch; it reads no environment variable and no file on its own (06 §2). */
export interface ProviderContext {
  readonly config: Readonly<Record<string, unknown>>;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly infra: string;
  /** Decrypted credentials by name; values print as `[redacted]`. */
  readonly secrets: Readonly<Record<string, Secret>>;
  /** Environment variables the manifest declares, and only those. */
  readonly environment: Readonly<Record<string, string>>;
  /** A directory the provider owns between runs. */
  readonly cacheDir: string;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
  now(): number;
  /** Proxies and certificates of the machine (06 §8). Default: direct connections, the usual certificates. */
  readonly network?: NetworkSettings;
  /** Time and chance for retries and waits. Default: the real ones. */
  readonly clock?: Clock;
  /** Text of a file of the workspace, `undefined` when there is none. Paths outside the workspace are refused. */
  readonly readWorkspaceFile?: (path: string) => Promise<string | undefined>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface CreateOptions extends CallOptions {
  readonly wait: boolean;
  /** Called with what is going on, for progress lines. */
  readonly onProgress?: (message: string, level?: 'info' | 'warn') => void;
  /** Called with the provider's id the moment it is known, before any waiting (05 §7.3.10). */
  readonly onCreated?: (id: string) => Promise<void>;
  /**
   * Runs a command on a host over the caller's connections and returns what it printed. For providers that adopt hosts
   * and read their facts; a provider opens no SSH connection itself.
   */
  readonly onHost?: (
    access: Access,
    command: string,
  ) => Promise<{ readonly code: number; readonly stdout: string }>;
}

/** An initialised provider, bound to one infrastructure (06 §2). Functions throw `ProviderError`. */
export interface ProviderInstance {
  validateConfig(options: { readonly online: boolean }): Promise<{
    readonly valid: boolean;
    readonly errors: readonly Issue[];
    readonly warnings: readonly Issue[];
  }>;
  testConnection(): Promise<{
    readonly success: boolean;
    readonly account_info?: unknown;
    readonly error?: string;
    readonly message: string;
    /** Why it failed, and what to do about it. */
    readonly code?: ProviderErrorCode;
    readonly help?: string;
  }>;
  health(): Promise<{
    readonly healthy: boolean;
    readonly latency_ms: number;
    readonly error?: string;
    readonly checked_at: string;
  }>;
  listPlans(query?: { readonly zone?: string }): Promise<readonly Plan[]>;
  listZones(): Promise<readonly Zone[]>;
  listImages(query?: { readonly find?: string }): Promise<readonly Image[]>;
  getPricing(query?: { readonly plan?: string; readonly zone?: string }): Promise<readonly Price[]>;
  getQuota?(): Promise<readonly Quota[]>;
  /** Only servers of this workspace and infrastructure (by tags) unless `all`. */
  listServers(
    query?: { readonly all?: boolean; readonly zone?: string; readonly status?: ServerState } & CallOptions,
  ): Promise<readonly ObservedServer[]>;
  getServer(ref: ServerRef, options?: CallOptions): Promise<ObservedServer | null>;
  serverExists(ref: ServerRef, options?: CallOptions): Promise<boolean>;
  /** Creates, or returns the one that already exists under the same tags. */
  createServer(spec: ServerSpec, options: CreateOptions): Promise<ObservedServer>;
  deleteServer(
    ref: ServerRef,
    options: { readonly keepStorage: boolean; readonly force: boolean; readonly wait: boolean } & CallOptions,
  ): Promise<{ readonly deleted: boolean }>;
  setServerState(
    ref: ServerRef,
    state: 'running' | 'stopped' | 'rebooted',
    options: { readonly wait: boolean; readonly force: boolean } & CallOptions,
  ): Promise<ObservedServer>;
  resizeServer(ref: ServerRef, plan: string, options?: CallOptions): Promise<ObservedServer>;
  updateServer(ref: ServerRef, patch: Partial<ServerSpec>, options?: CallOptions): Promise<ObservedServer>;
  getIp(ref: ServerRef, type: keyof IpAddresses): Promise<string | null>;
  getAccess(ref: ServerRef): Promise<Access>;
  configureFirewall?(ref: ServerRef, rules: readonly FirewallRule[]): Promise<void>;
  getFirewall?(ref: ServerRef): Promise<readonly FirewallRule[]>;
  readonly network?: {
    ensure(network: Readonly<Record<string, unknown>>): Promise<{ readonly id: string }>;
    list(): Promise<readonly { readonly id: string; readonly name: string }[]>;
    delete(id: string): Promise<void>;
  };
  readonly volume?: {
    ensure(volume: {
      readonly name: string;
      readonly size: number;
      readonly type?: string;
      /** Where it is made: the zone of the server it is for. Default: the provider's default zone. */
      readonly zone?: string;
      /** Default: true, where the provider encrypts. */
      readonly encrypted?: boolean;
    }): Promise<{ readonly id: string }>;
    list(): Promise<
      readonly {
        readonly id: string;
        readonly name: string;
        readonly size: number;
        readonly attached_to?: string;
      }[]
    >;
    attach(id: string, ref: ServerRef): Promise<void>;
    detach(id: string): Promise<void>;
    resize(id: string, gb: number): Promise<void>;
    delete(id: string): Promise<void>;
  };
  readonly snapshot?: {
    create(ref: ServerRef, name?: string): Promise<{ readonly id: string }>;
    list(): Promise<readonly { readonly id: string; readonly name: string; readonly created_at: string }[]>;
    restore(id: string): Promise<void>;
    delete(id: string): Promise<void>;
  };
  readonly loadBalancer?: LoadBalancerService;
  readonly dns?: {
    ensure(record: {
      readonly zone: string;
      readonly name: string;
      readonly type: string;
      readonly value: string;
      readonly ttl: number;
    }): Promise<void>;
    list(zone: string): Promise<
      readonly {
        readonly name: string;
        readonly type: string;
        readonly value: string;
        readonly ttl: number;
      }[]
    >;
    delete(record: { readonly zone: string; readonly name: string; readonly type: string }): Promise<void>;
  };
  readonly bucket?: BucketService;
  readonly managed?: ManagedServices;
  dispose(): Promise<void>;
}

/** Provider API 2.x. The default export of a provider package (06 §2). */
export interface Provider {
  readonly apiVersion: '2.0';
  metadata(): ProviderMetadata;
  readonly configSchema: TSchema;
  /** Extras allowed under the provider's name in a server definition. */
  readonly serverSchema: TSchema;
  readonly defaults: { readonly server: Partial<ServerSpec> };
  /** No network call. */
  init(context: ProviderContext): Promise<ProviderInstance>;
}

/** Schemas of what a provider is set to: in the configuration, and under its name in servers. */
export interface ProviderSchemas {
  readonly config: TSchema;
  readonly server: TSchema;
}

/** Functions every provider instance must have (06 §2); the loader names the missing ones. */
export const requiredProviderFunctions = [
  'validateConfig',
  'testConnection',
  'health',
  'listPlans',
  'listZones',
  'listImages',
  'getPricing',
  'listServers',
  'getServer',
  'serverExists',
  'createServer',
  'deleteServer',
  'setServerState',
  'resizeServer',
  'updateServer',
  'getIp',
  'getAccess',
  'dispose',
] as const satisfies readonly (keyof ProviderInstance)[];

/** What a group that an instance has must hold; the group as a whole is optional (06 §2). */
export const groupFunctions = {
  network: ['ensure', 'list', 'delete'],
  volume: ['ensure', 'list', 'attach', 'detach', 'resize', 'delete'],
  snapshot: ['create', 'list', 'restore', 'delete'],
  loadBalancer: ['ensure', 'setTargets', 'health', 'delete'],
  dns: ['ensure', 'list', 'delete'],
  bucket: ['ensure', 'delete'],
} as const satisfies Partial<Record<keyof ProviderInstance, readonly string[]>>;

/** Declares a provider; only checks types. */
export function defineProvider(provider: Provider): Provider {
  return provider;
}
