import { Controller, Inject } from '@nestjs/common';
import { type CompatibilityMatrix, ownMatrix, rangesOf } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput, Endpoint, Input } from '@provisioning/service-kit';
import { type CustomEvent, customEvent } from '../events/custom.ts';
import { asyncApiDocument } from '../openapi/async-document.ts';
import { openApiDocument } from '../openapi/document.ts';
import { ApiService } from './api-service.ts';
import { allRoutes } from './routes/index.ts';
import { systemRoutes } from './routes/system.ts';

@Controller()
export class SystemController {
  readonly #api: ApiService;
  #openApi: string | undefined;
  #asyncApi: string | undefined;
  #matrix: Promise<CompatibilityMatrix> | undefined;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(systemRoutes.getHealth)
  async health(@Input() { headers }: ApiInput) {
    const health = await this.#api.health();
    const service = headers['x-service'];
    const peer = typeof service === 'string' ? { peer: await this.#api.peers.peer(service) } : {};
    return new Answer(JSON.stringify({ ...health, ...peer }), {
      status: health.status === 'unhealthy' ? 503 : 200,
    });
  }

  @Endpoint(systemRoutes.getReady)
  ready() {
    if (this.#api.isReady) return { ready: true };
    throw new ProvisioningError({
      code: 'NOT_READY',
      kind: 'unavailable',
      message: 'Recovery is not finished',
      retryAfter: 1,
    });
  }

  @Endpoint(systemRoutes.getMetrics)
  metrics() {
    if (!this.#api.settings.monitoring.enabled) {
      throw new ProvisioningError({
        code: 'NOT_FOUND',
        kind: 'not-found',
        message: 'Metrics are disabled: platform.orchestrator.monitoring.enabled is false',
      });
    }
    return this.#api.orchestrator.metrics.render();
  }

  @Endpoint(systemRoutes.getLatency)
  latency(@Input() { query }: ApiInput<unknown, { window?: string }>) {
    return this.#api.requests.latency(windowOf(query.window));
  }

  @Endpoint(systemRoutes.getErrors)
  errors(@Input() { query }: ApiInput<unknown, { window?: string }>) {
    return this.#api.requests.errors(windowOf(query.window));
  }

  @Endpoint(systemRoutes.getVersions)
  async versions() {
    return {
      service: 'orchestrator',
      version: this.#api.version,
      api: {
        current: 'v1',
        path: '/api/v1',
        levels: ['v1', 'v2', 'v3'],
        default_level: 'v1',
        deprecated: [],
      },
      compatibility: rangesOf(await (this.#matrix ??= ownMatrix(import.meta.url)), this.#api.version),
    };
  }

  @Endpoint(systemRoutes.getConfiguration)
  configuration() {
    return {
      deployment_mode: this.#api.settings.mode,
      settings: this.#api.redactedSettings(),
      origins: this.#api.origins,
    };
  }

  @Endpoint(systemRoutes.getVersion)
  version() {
    return { version: this.#api.version, node: process.versions.node, api: 'v1' };
  }

  @Endpoint(systemRoutes.getStatus)
  async status() {
    const { orchestrator } = this.#api;
    const [health, stats] = await Promise.all([this.#api.health(), this.#api.stats(undefined)]);
    const tasks = Object.fromEntries(
      ['Pending', 'Running', 'Completed', 'Failed', 'Cancelled'].map((name) => [
        name.toLowerCase(),
        stats.by_status[name] ?? 0,
      ]),
    );
    return {
      health: health.status,
      version: this.#api.version,
      mode: this.#api.settings.mode,
      uptime: health.uptime,
      tasks,
      store: orchestrator.store.type,
      dispatcher: orchestrator.dispatcher.type,
      circuits: orchestrator.runtime.circuits.states(),
      recovering: orchestrator.recovering,
      rate_limit: this.#api.rateLimits() ?? { enabled: false },
    };
  }

  @Endpoint(systemRoutes.getQueueStatus)
  queue() {
    const { scheduler } = this.#api.orchestrator.runtime;
    return {
      depth: scheduler.waiting,
      running: scheduler.running,
      max_concurrent: this.#api.settings.queue.max_concurrent_tasks,
      ...scheduler.describe(Date.now()),
    };
  }

  @Endpoint(systemRoutes.listWorkers)
  workers() {
    return this.#api.orchestrator.dispatcher.workers();
  }

  @Endpoint(systemRoutes.listWebhookEndpoints)
  webhookEndpoints() {
    return this.#api.orchestrator.webhooks.endpoints();
  }

  @Endpoint(systemRoutes.listWebhookDeliveries)
  webhookDeliveries(@Input() { query }: ApiInput<unknown, { endpoint?: string; status?: string }>) {
    return this.#api.orchestrator.webhooks.deliveries(query);
  }

  @Endpoint(systemRoutes.testWebhookEndpoint)
  testWebhook(@Input() { params }: ApiInput) {
    return { delivery_id: this.#api.orchestrator.webhooks.test(params['id']!) };
  }

  @Endpoint(systemRoutes.redeliverWebhook)
  async redeliver(@Input() { params }: ApiInput) {
    const { id, status } = await this.#api.orchestrator.webhooks.redeliver(params['id']!);
    return { delivery_id: id, status };
  }

  @Endpoint(systemRoutes.publishEvent)
  publish(@Input() { body, identity }: ApiInput<CustomEvent>) {
    this.#api.orchestrator.bus.publish(undefined, customEvent(body, identity.user));
    return 'Event accepted';
  }

  @Endpoint(systemRoutes.getAsyncApi)
  asyncApi() {
    return (this.#asyncApi ??= JSON.stringify(asyncApiDocument(this.#api.version)));
  }

  @Endpoint(systemRoutes.getOpenApi)
  openApi() {
    return (this.#openApi ??= JSON.stringify(openApiDocument(allRoutes, this.#api.version)));
  }
}

/** Seconds of `5m`. */
function windowOf(text = '5m'): number {
  const units = { s: 1, m: 60, h: 3600 };
  return Math.min(3600, parseInt(text, 10) * units[text.at(-1) as keyof typeof units]);
}
