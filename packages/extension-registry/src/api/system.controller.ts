import { Controller, Inject } from '@nestjs/common';
import { type CompatibilityMatrix, ownMatrix, rangesOf } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput, Endpoint, Input } from '@provisioning/service-kit';
import { RegistryService } from './registry-service.ts';

const tag = 'system';
const json = 'application/json';

/** Health, caches, backends and metrics (10 §3). */
@Controller()
export class SystemController {
  readonly #service: RegistryService;
  #matrix: Promise<CompatibilityMatrix> | undefined;

  constructor(@Inject(RegistryService) service: RegistryService) {
    this.#service = service;
  }

  @Endpoint({
    operationId: 'getHealth',
    method: 'GET',
    path: '/health',
    tag,
    summary: 'Health of the service and its backends',
    public: true,
    raw: json,
    rateLimit: 'none',
  })
  async health(@Input() { query }: ApiInput<unknown, { deep?: string }>) {
    const health = await this.#service.health(query.deep === 'true');
    return new Answer(health, { status: health.status === 'unhealthy' ? 503 : 200 });
  }

  @Endpoint({
    operationId: 'getCacheStats',
    method: 'GET',
    path: '/cache/stats',
    tag,
    summary: 'Counters of the caches',
    raw: json,
  })
  cacheStats() {
    const { metadata, lists, versionLists } = this.#service.registry;
    return {
      metadata_hits: metadata.hits,
      metadata_misses: metadata.misses,
      list_hits: lists.hits,
      list_misses: lists.misses,
      version_hits: versionLists.hits,
      version_misses: versionLists.misses,
      size: metadata.size + lists.size + versionLists.size,
    };
  }

  @Endpoint({
    operationId: 'clearCache',
    method: 'DELETE',
    path: '/cache',
    tag,
    summary: 'Empty the caches',
    status: 204,
  })
  clear(@Input() { query, identity }: ApiInput<unknown, { scope?: string }>) {
    if (!identity.roles.some((role) => role === 'Admin' || role === 'Operator')) {
      throw new ProvisioningError({
        code: 'FORBIDDEN',
        kind: 'permission',
        message: 'Only Admin and Operator may empty the caches',
      });
    }
    const { scope } = query;
    if (scope !== undefined && !['metadata', 'list', 'version'].includes(scope)) {
      throw new ProvisioningError({
        code: 'INVALID_PARAMETER',
        kind: 'usage',
        message: 'scope is metadata, list or version',
      });
    }
    this.#service.registry.clear(scope as 'metadata' | 'list' | 'version' | undefined);
    return new Answer(undefined, { status: 204 });
  }

  @Endpoint({
    operationId: 'listBackends',
    method: 'GET',
    path: '/backends',
    tag,
    summary: 'State of the backends',
  })
  backends() {
    return this.#service.registry.backends.map((guard) => ({
      id: guard.backend.id,
      kind: guard.backend.kind,
      class: guard.backend.class,
      enabled: guard.backend.enabled,
      healthy: guard.lastError === null,
      circuit: guard.circuit,
      url: guard.backend.url,
      last_error: guard.lastError,
      latency_ms: guard.latencyMs,
    }));
  }

  @Endpoint({
    operationId: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    tag,
    summary: 'Prometheus metrics',
    machine: true,
    raw: 'text/plain; version=0.0.4',
    rateLimit: 'none',
  })
  metrics() {
    return this.#service.metrics();
  }

  @Endpoint({
    operationId: 'getConfig',
    method: 'GET',
    path: '/config',
    aliases: ['/api/config'],
    tag,
    summary: 'Configuration without secrets',
  })
  config() {
    const { settings } = this.#service;
    return { deployment_mode: settings.mode, ...settings };
  }

  @Endpoint({
    operationId: 'getVersions',
    method: 'GET',
    path: '/versions',
    aliases: ['/api/versions'],
    tag,
    summary: 'API versions',
    public: true,
  })
  async versions() {
    const { version } = this.#service;
    return {
      service: 'extension-registry',
      version,
      api_versions: ['v1'],
      compatibility: rangesOf(await (this.#matrix ??= ownMatrix(import.meta.url)), version),
    };
  }
}
