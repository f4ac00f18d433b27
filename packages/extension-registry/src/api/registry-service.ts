import { type BackendKind, backendKinds } from '../backends/backend.ts';
import type { ExtensionRegistry } from '../registry/extension-registry.ts';
import type { Settings } from '../service/settings.ts';

const probeSeconds = 5;
const reuseMs = 10_000;

export interface InstanceHealth {
  readonly id: string;
  readonly healthy: boolean;
  readonly error: string | null;
  readonly latency_ms: number;
  readonly last_check: string;
}

/** What the controllers share. */
export class RegistryService {
  readonly registry: ExtensionRegistry;
  readonly settings: Settings;
  readonly version: string;
  readonly #started = Date.now();
  readonly #downloads = new Map<string, number>();
  #probed:
    | {
        readonly at: number;
        readonly work: Promise<readonly (InstanceHealth & { readonly kind: BackendKind })[]>;
      }
    | undefined;
  stopping = false;

  constructor(registry: ExtensionRegistry, settings: Settings, version: string) {
    this.registry = registry;
    this.settings = settings;
    this.version = version;
  }

  downloaded(type: string, backend: string): void {
    const key = `type="${type}",backend="${backend}"`;
    this.#downloads.set(key, (this.#downloads.get(key) ?? 0) + 1);
  }

  /** Probes all backends side by side, at most every ten seconds (10 §3 "Health"). */
  async health(deep: boolean) {
    if (deep || this.#probed === undefined || Date.now() - this.#probed.at > reuseMs) {
      this.#probed = { at: Date.now(), work: this.#probe() };
    }
    const instances = await this.#probed.work;
    const backends = Object.fromEntries(
      backendKinds.map((kind) => {
        const own = instances.filter((one) => one.kind === kind).map(({ kind: _kind, ...rest }) => rest);
        const bad = own.find(({ healthy }) => !healthy);
        return [
          kind,
          {
            enabled: own.length > 0,
            healthy: own.length > 0 && bad === undefined,
            error: bad?.error ?? null,
            instances: own,
          },
        ];
      }),
    );
    const good = instances.filter(({ healthy }) => healthy).length;
    const status =
      this.stopping || good === 0 ? 'unhealthy' : good < instances.length ? 'degraded' : 'healthy';
    return {
      status,
      service: 'extension-registry',
      version: this.version,
      mode: this.settings.mode,
      uptime: Math.round((Date.now() - this.#started) / 1000),
      ...(instances.length === 0 ? { error: 'no backends configured' } : {}),
      backends,
      components: { cache: { status: 'healthy' } },
    };
  }

  #probe(): Promise<readonly (InstanceHealth & { readonly kind: BackendKind })[]> {
    return Promise.all(
      this.registry.backends.map(async ({ backend }) => {
        const started = performance.now();
        const signal = AbortSignal.timeout(probeSeconds * 1000);
        const error = await backend.health({ signal }).then(
          () => null,
          (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
        );
        return {
          kind: backend.kind,
          id: backend.id,
          healthy: error === null,
          error,
          latency_ms: Math.round(performance.now() - started),
          last_check: new Date().toISOString(),
        };
      }),
    );
  }

  /** Prometheus text (10 §9). */
  metrics(): string {
    const { metadata, lists, versionLists, backends } = this.registry;
    const caches = { metadata, list: lists, version: versionLists };
    const lines = ['# TYPE service_cache_hits_total counter'];
    for (const [name, cache] of Object.entries(caches))
      lines.push(`service_cache_hits_total{cache="${name}"} ${cache.hits}`);
    lines.push('# TYPE service_cache_misses_total counter');
    for (const [name, cache] of Object.entries(caches))
      lines.push(`service_cache_misses_total{cache="${name}"} ${cache.misses}`);
    lines.push('# TYPE registry_backend_up gauge');
    for (const guard of backends) {
      lines.push(
        `registry_backend_up{id="${guard.backend.id}",kind="${guard.backend.kind}"} ${guard.lastError === null ? 1 : 0}`,
      );
    }
    lines.push('# TYPE registry_backend_requests_total counter');
    for (const guard of backends)
      lines.push(`registry_backend_requests_total{id="${guard.backend.id}"} ${guard.calls}`);
    lines.push('# TYPE registry_downloads_total counter');
    for (const [labels, count] of this.#downloads) lines.push(`registry_downloads_total{${labels}} ${count}`);
    return `${lines.join('\n')}\n`;
  }
}
