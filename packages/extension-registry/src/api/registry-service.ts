import type { Readable } from 'node:stream';
import type { Logger } from '@provisioning/service-kit';
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

/** Who got which package from where. */
export interface DownloadFacts {
  readonly user: string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly backend: string;
  readonly digest?: string;
}

/** What the controllers share. */
export class RegistryService {
  readonly registry: ExtensionRegistry;
  readonly settings: Settings;
  readonly version: string;
  readonly #started = Date.now();
  readonly #log: Logger;
  readonly #downloads = new Map<string, number>();
  #downloadedBytes = 0;
  readonly #answers = new Map<string, { readonly count: number; readonly seconds: number }>();
  /** Tokens of callers that were refused. */
  rejectedTokens = 0;
  /** Downloads under way. */
  active = 0;
  #probed:
    | {
        readonly at: number;
        readonly work: Promise<readonly (InstanceHealth & { readonly kind: BackendKind })[]>;
      }
    | undefined;
  stopping = false;

  constructor(registry: ExtensionRegistry, settings: Settings, version: string, log: Logger) {
    this.#log = log;
    this.registry = registry;
    this.settings = settings;
    this.version = version;
  }

  /** Counts a download and its bytes as they pass; outside solo mode it is on record who got what (10 §9). */
  downloaded(stream: Readable, facts: DownloadFacts): void {
    const { type, backend } = facts;
    const key = `type="${type}",backend="${backend}"`;
    this.#downloads.set(key, (this.#downloads.get(key) ?? 0) + 1);
    this.active++;
    const { push } = stream;
    stream.push = (chunk: unknown, ...rest) => {
      if (chunk instanceof Uint8Array) this.#downloadedBytes += chunk.length;
      return push.call(stream, chunk, ...rest);
    };
    stream.once('close', () => this.active--);
    stream.once('error', (error) =>
      this.#log.warn({ event: 'download.broken', ...facts }, error instanceof Error ? error.message : ''),
    );
    if (this.settings.mode !== 'solo')
      this.#log.info({ audit: true, event: 'download', ...facts }, 'downloaded');
  }

  /** Counts an answer of the service itself. */
  answered(method: string, route: string, status: number, milliseconds: number): void {
    const key = `method="${method}",route="${route}",status="${status}"`;
    const known = this.#answers.get(key) ?? { count: 0, seconds: 0 };
    this.#answers.set(key, { count: known.count + 1, seconds: known.seconds + milliseconds / 1000 });
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
    const caches = Object.entries({ metadata, list: lists, version: versionLists });
    const answers = [...this.#answers];
    const by = (pick: (entry: { count: number; seconds: number }) => number): readonly Sample[] =>
      answers.map(([labels, entry]) => [labels, pick(entry)]);
    const failed = answers.filter(([labels]) => /status="[45]/.test(labels));
    const ofBackend = (guard: (typeof backends)[number]): string => `id="${guard.backend.id}"`;
    return [
      metric(
        'http_requests_total',
        'counter',
        by(({ count }) => count),
      ),
      summary('http_request_duration_seconds', answers),
      metric(
        'http_errors_total',
        'counter',
        failed.map(([labels, { count }]) => [labels, count]),
      ),
      metric(
        'service_cache_hits_total',
        'counter',
        caches.map(([name, { hits }]) => [`cache="${name}"`, hits]),
      ),
      metric(
        'service_cache_misses_total',
        'counter',
        caches.map(([name, { misses }]) => [`cache="${name}"`, misses]),
      ),
      metric('registry_auth_failures_total', 'counter', [
        ['backend=""', this.rejectedTokens],
        ...backends.map((guard): Sample => [`backend="${guard.backend.id}"`, guard.denials]),
      ]),
      metric(
        'registry_backend_up',
        'gauge',
        backends.map((guard) => [
          `${ofBackend(guard)},kind="${guard.backend.kind}"`,
          guard.lastError === null ? 1 : 0,
        ]),
      ),
      metric(
        'registry_backend_requests_total',
        'counter',
        backends.flatMap((guard) =>
          [...guard.outcomes].map(([labels, count]): Sample => [`${ofBackend(guard)},${labels}`, count]),
        ),
      ),
      summary(
        'registry_backend_duration_seconds',
        backends.map((guard) => [ofBackend(guard), { count: total(guard.outcomes), seconds: guard.seconds }]),
      ),
      metric('registry_downloads_total', 'counter', [...this.#downloads]),
      metric('registry_download_bytes_total', 'counter', [['', this.#downloadedBytes]]),
    ].join('');
  }
}

/** What each metric says (10 §9). */
const meanings = {
  http_requests_total: 'Answers of the service.',
  http_request_duration_seconds: 'How long answers took.',
  http_errors_total: 'Answers with an error.',
  service_cache_hits_total: 'Questions that a cache answered.',
  service_cache_misses_total: 'Questions that no cache answered.',
  registry_auth_failures_total:
    'Tokens of callers that were refused, and answers of backends that refused ours.',
  registry_backend_up: '1 while the last call to the backend was answered.',
  registry_backend_requests_total: 'Calls to backends.',
  registry_backend_duration_seconds: 'How long calls to backends took.',
  registry_downloads_total: 'Packages that were asked for.',
  registry_download_bytes_total: 'Bytes of packages that were sent.',
} as const;

type MetricName = keyof typeof meanings;

function head(name: MetricName, type: string): string {
  return `# HELP ${name} ${meanings[name]}\n# TYPE ${name} ${type}\n`;
}

/** How often and how long: what a Prometheus summary without quantiles says. */
function summary(
  name: MetricName,
  samples: readonly (readonly [labels: string, { readonly count: number; readonly seconds: number }])[],
): string {
  const lines = samples.map(
    ([labels, { count, seconds }]) =>
      `${name}_sum{${labels}} ${seconds}\n${name}_count{${labels}} ${count}\n`,
  );
  return `${head(name, 'summary')}${lines.join('')}`;
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

type Sample = readonly [labels: string, value: number];

function metric(name: MetricName, type: 'counter' | 'gauge', samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`);
  return `${head(name, type)}${lines.join('')}`;
}
