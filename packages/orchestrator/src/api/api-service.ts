import { createHash } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { cpus, hostname, loadavg } from 'node:os';
import type { Health, WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput, type RateLimiter } from '@provisioning/service-kit';
import type { RecordWrite } from '../journal/store.ts';
import { RequestStatistics } from '../metrics/requests.ts';
import type { TaskTokens } from '../execution/task-tokens.ts';
import type { Infrastructures } from '../resources/infrastructures.ts';
import { Inventory } from '../resources/inventory.ts';
import type { Orchestrator } from '../service/orchestrator.ts';
import { Peers } from '../service/peers.ts';
import { changeSettings } from '../service/reload.ts';
import { type Settings, redactSettings } from '../settings/settings.ts';
import type { Workflows } from '../service/workflows.ts';
import type { SubmissionFacts } from '../views/records.ts';
import { filterOf } from './paging.ts';
import type { ValidationOptions } from '../validation/validate.ts';

export interface ApiParts {
  /** Where each setting comes from. */
  readonly origins?: Readonly<Record<string, string>>;
  readonly limiter?: RateLimiter;
  /** The address of the service, once it listens. */
  readonly endpoint?: () => string;
  /** Settings have changed. */
  readonly onChange?: () => void;
}

interface StoredAnswer {
  readonly hash: string;
  readonly workflow: string;
}

/** Idempotency keys are kept for a day (12 §11). */
const keyLifetime = 24 * 60 * 60 * 1000;
const keyPattern = /^[\x20-\x7e]{1,255}$/;

/** What the controllers share: the orchestrator, its settings, submission with idempotency keys, health. */
export class ApiService {
  readonly orchestrator: Orchestrator;
  readonly settings: Settings;
  readonly version: string;
  readonly origins: Record<string, string>;
  readonly infrastructures: Infrastructures;
  readonly inventory: Inventory;
  readonly peers: Peers;
  readonly requests = new RequestStatistics();
  readonly #started = Date.now();
  readonly #parts: ApiParts;
  readonly #inProgress = new Set<string>();
  #draining = false;

  /** Rights of the processes of tasks. */
  readonly tokens: TaskTokens;

  constructor(
    orchestrator: Orchestrator,
    settings: Settings,
    version: string,
    infrastructures: Infrastructures,
    tokens: TaskTokens,
    parts: ApiParts = {},
  ) {
    this.#parts = parts;
    this.peers = new Peers(() => ({
      orchestrator: this.node.address,
      'control-center': settings.control_center.url,
      ...settings.services,
    }));
    this.infrastructures = infrastructures;
    this.tokens = tokens;
    this.inventory = new Inventory(infrastructures);
    this.origins = { ...parts.origins };
    this.orchestrator = orchestrator;
    this.settings = settings;
    this.version = version;
  }

  get workflows(): Workflows {
    return this.orchestrator.workflows;
  }

  /** This process among those that share the store. */
  get node(): { readonly id: string; readonly address: string } {
    return { id: `${hostname()}/${process.pid}`, address: this.#parts.endpoint?.() ?? '' };
  }

  get isReady(): boolean {
    return !this.orchestrator.recovering && !this.#draining;
  }

  /** Health is 503 from now on; work that runs may end. */
  drain(): void {
    this.#draining = true;
  }

  validation(strict = false): ValidationOptions {
    return {
      executor: this.orchestrator.executor,
      maxOperations: this.settings.limits.max_operations,
      strict,
    };
  }

  /**
   * Submits once for each idempotency key: the same key and body get the same workflow, another body is refused.
   * @param data the answer's data from the workflow's id
   */
  async submit(
    definition: WorkflowDefinition,
    input: ApiInput<unknown, unknown>,
    data: (id: string, status: string) => unknown,
  ): Promise<Answer<unknown>> {
    const header = input.headers['idempotency-key'];
    const key = typeof header === 'string' ? header : definition.workflow_id;
    const facts = { createdBy: input.identity.user, requestId: input.requestId, idempotencyKey: key };
    const answer = (id: string, headers = {}) =>
      new Answer(data(id, 'queued'), { status: 202, headers: { ...this.location(id).headers, ...headers } });
    const { roles } = input.identity;
    if (key === undefined) return answer(await this.#accept(definition, facts, roles));
    if (!keyPattern.test(key)) {
      throw new ProvisioningError({
        code: 'BAD_REQUEST',
        kind: 'usage',
        message: 'Idempotency-Key: expected at most 255 printable characters',
      });
    }
    const name = `${input.identity.user}:${key}`;
    const hash = createHash('sha256')
      .update(JSON.stringify([input.path.replace(/^\/api\/v1|^\/v1/, ''), definition]))
      .digest('base64');
    if (this.#inProgress.has(name)) throw this.#busy(key);
    this.#inProgress.add(name);
    try {
      const stored = await this.orchestrator.store.record('idempotency', name);
      if (stored !== undefined) {
        const before = JSON.parse(stored) as StoredAnswer;
        if (before.hash === hash) return answer(before.workflow, { 'idempotency-replayed': 'true' });
        throw new ProvisioningError({
          code: 'IDEMPOTENCY_MISMATCH',
          kind: 'usage',
          message: `Idempotency-Key '${key}' was used for another request`,
        });
      }
      const id = await this.#accept(definition, facts, roles, (workflow) => [
        {
          kind: 'idempotency',
          id: name,
          data: JSON.stringify({ hash, workflow } satisfies StoredAnswer),
          expiresAt: Date.now() + keyLifetime,
        },
      ]);
      return answer(id);
    } finally {
      this.#inProgress.delete(name);
    }
  }

  /** Within the quota of who asks (04 §2.5): check and reservation are one step. */
  async #accept(
    definition: WorkflowDefinition,
    facts: SubmissionFacts,
    roles: readonly string[],
    records: (id: string) => readonly RecordWrite[] = () => [],
  ): Promise<string> {
    const { workspace } = definition;
    this.infrastructures.requireServed(typeof workspace === 'string' ? workspace : workspace?.name);
    const reserve = this.orchestrator.quotas.admit(facts.createdBy ?? '', definition, roles);
    return this.workflows.submit(definition, facts, (id) => [...records(id), ...reserve(id)]);
  }

  /** Counts, success rate and mean duration of workflows since a time or span (13 §4). */
  async stats(since: string | undefined, kind?: string) {
    const filter = filterOf({ since, kind });
    const counts = (await this.orchestrator.store.counts(filter.since ?? 0)).filter(
      (row) => kind === undefined || row.kind === kind,
    );
    const sum = (key: 'status' | 'kind') => {
      const result: Record<string, number> = {};
      for (const row of counts) result[row[key]] = (result[row[key]] ?? 0) + row.count;
      return result;
    };
    const by_status = sum('status');
    const ended = (by_status['Completed'] ?? 0) + (by_status['Failed'] ?? 0);
    const { records } = await this.workflows.list(filter, { limit: 1000, offset: 0, descending: true });
    const seconds = records
      .filter(({ started_at, completed_at }) => started_at !== undefined && completed_at !== undefined)
      .map(({ started_at, completed_at }) => (Date.parse(completed_at!) - Date.parse(started_at!)) / 1000)
      .sort((a, b) => a - b);
    return {
      total: counts.reduce((total, { count }) => total + count, 0),
      by_status,
      by_kind: sum('kind'),
      success_rate: ended === 0 ? 1 : (by_status['Completed'] ?? 0) / ended,
      average_duration:
        seconds.length === 0 ? 0 : seconds.reduce((total, value) => total + value, 0) / seconds.length,
      p95_duration: seconds[Math.floor(seconds.length * 0.95)] ?? 0,
      operations_total: records.reduce((total, { total_steps }) => total + total_steps, 0),
    };
  }

  /** Changes settings until the next start, and tells everybody. @returns the keys that changed */
  change(values: Readonly<Record<string, unknown>>): string[] {
    const changes = changeSettings(this.settings, values);
    for (const data of changes) {
      this.origins[data.key] = 'api';
      this.orchestrator.bus.publish(undefined, {
        event_type: 'ConfigurationChanged',
        timestamp: new Date().toISOString(),
        data,
        metadata: {},
      });
    }
    if (changes.length > 0) this.#parts.onChange?.();
    return changes.map(({ key }) => key);
  }

  /** Counters of the rate limits; nothing where there are none (solo mode). */
  rateLimits(): ReturnType<RateLimiter['stats']> | undefined {
    return this.#parts.limiter?.stats();
  }

  /** Settings without secrets. */
  redactedSettings(): unknown {
    return redactSettings(this.settings);
  }

  /** Load of the machine and of the service (13 §8.4). */
  async load(): Promise<{
    readonly cpu_usage: number;
    readonly memory_usage: number;
    readonly disk_usage: number;
    readonly active_workflows: number;
  }> {
    const disk = await statfs(this.settings.paths.data_dir).catch(() => undefined);
    return {
      cpu_usage: Math.min(100, Math.round((100 * loadavg()[0]!) / cpus().length)),
      memory_usage: Math.round(process.memoryUsage.rss() / 1024 / 1024),
      disk_usage: disk === undefined ? 0 : Math.round(100 * (1 - disk.bavail / disk.blocks)),
      active_workflows: this.orchestrator.runtime.active,
    };
  }

  location(id: string): { readonly headers: Readonly<Record<string, string>> } {
    return { headers: { location: `/api/v1/tasks/${id}` } };
  }

  async health(): Promise<Health> {
    const { journal, dispatcher, recovering, store } = this.orchestrator;
    let storeError = journal.error;
    try {
      await store.ping();
    } catch (error) {
      storeError ??= error as Error;
    }
    const dispatch = dispatcher.health();
    const unhealthy = this.#draining || storeError !== undefined;
    const status = unhealthy
      ? 'unhealthy'
      : recovering || dispatch.status === 'degraded'
        ? 'degraded'
        : 'healthy';
    return {
      success: !unhealthy,
      status,
      data: unhealthy
        ? `Orchestrator is ${this.#draining ? 'shutting down' : 'unhealthy'}`
        : `Orchestrator is ${status}`,
      service: 'orchestrator',
      version: this.version,
      mode: this.settings.mode,
      uptime: Math.round((Date.now() - this.#started) / 100) / 10,
      pid: process.pid,
      database_connected: storeError === undefined,
      components: {
        storage: storeError ? { status: 'unhealthy', message: storeError.message } : { status: 'healthy' },
        dispatcher: dispatch,
        ...(recovering ? { recovery: { status: 'degraded', message: 'recovering' } } : {}),
      },
    };
  }

  #busy(key: string): ProvisioningError {
    return new ProvisioningError({
      code: 'CONFLICT',
      kind: 'conflict',
      message: `A request with Idempotency-Key '${key}' is still in progress`,
      retryable: true,
    });
  }
}
