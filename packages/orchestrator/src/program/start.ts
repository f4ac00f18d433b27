import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LinkedModules } from '@provisioning/core';
import { isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';
import {
  type Authenticate,
  createHttpServer,
  createLogger,
  type Logger,
  RateLimiter,
  SecurityChain,
  takeDataFolder,
} from '@provisioning/service-kit';
import { parseDocumentBody } from '../api/document-body.ts';
import { allRoutes } from '../api/routes/index.ts';
import { ApiModule } from '../api/module.ts';
import { ApiService } from '../api/api-service.ts';
import { SocketGateway } from '../api/socket/gateway.ts';
import type { Executor } from '../execution/executor.ts';
import { TaskTokens } from '../execution/task-tokens.ts';
import { HealthWatch } from '../events/health-watch.ts';
import { openDispatcher } from '../dispatch/open.ts';
import { servePage } from '../page/page.ts';
import { Infrastructures } from '../resources/infrastructures.ts';
import { openStore } from '../journal/open.ts';
import { storeInForce } from '../migration/marker.ts';
import { InfrastructureWatch } from '../watch/infrastructure-watch.ts';
import { endpointsOf } from '../webhooks/endpoints.ts';
import { planDefaultsOf, productExecutor, type ProgramOptions, surroundingsOf } from './executor.ts';
import { Orchestrator } from '../service/orchestrator.ts';
import type { Settings } from '../settings/settings.ts';
import { servedWorkspace } from '../settings/configuration.ts';

/** Paths that take workflow files as they are (13 §1). */
const documentPaths = new Set(
  allRoutes.filter(({ document }) => document).flatMap(({ path, aliases = [] }) => [path, ...aliases]),
);

/** Prefixes of the same API (13 §1). */
export const prefixes = ['/api/v1', '/v1'] as const;

/** Requests a minute (13 §2). */
const rateLimits = {
  general: { max: 100, window: 60 },
  batch: { max: 10, window: 60 },
  login: { max: 5, window: 60 },
};

/** Without an identity service nobody is known. */
const refuseEverybody: Authenticate = async () => {
  throw new ProvisioningError({
    code: 'TOKEN_INVALID',
    kind: 'permission',
    message: 'The token cannot be verified: no identity service is configured',
    hint: 'Run in solo mode, or configure the control center',
  });
};

export interface ServiceOptions extends ProgramOptions {
  readonly version: string;
  /** Where each setting comes from. */
  readonly origins?: Readonly<Record<string, string>>;
  /** Settings that nothing reads, for the log. */
  readonly unknown?: readonly string[];
  readonly logger?: Logger;
  /** Who a token belongs to; needed in every mode but solo. */
  readonly authenticate?: Authenticate;
  /** Replaces the operations of the product. */
  readonly executor?: Executor;
  /** Rights of child processes; default their own. */
  readonly tokens?: TaskTokens;
}

export interface Service {
  readonly host: string;
  readonly port: number;
  readonly orchestrator: Orchestrator;
  /** Looks at the infrastructures once a minute; `look` does it now. */
  readonly watch: InfrastructureWatch;
  /** Stops cleanly: health 503, no new operation, running ones get their grace, then all is closed. */
  stop(): Promise<void>;
}

/** A setting that nothing reads is said, never passed over in silence. */
export function warnOfUnknown({ unknown = [] }: ServiceOptions, logger: Logger): void {
  for (const setting of unknown) logger.warn(`Setting without effect: ${setting}`);
}

/** Starts the orchestrator: lock, store, API, recovery, in this order, so that the API answers while it recovers. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { settings, version } = options;
  const logger = options.logger ?? createLogger('orchestrator', settings.logging);
  warnOfUnknown(options, logger);
  refuseDisabled(settings);
  refuseOpenSolo(settings);
  let endpoint = '';
  const linked = new LinkedModules({ log: (level, message) => logger[level](message) });
  const folder = takeDataFolder(settings.paths.data_dir, 'orchestrator', 'Orchestrator');
  try {
    mkdirSync(settings.paths.logs_dir, { recursive: true, mode: 0o700 });
    const tokens = options.tokens ?? new TaskTokens();
    const executor =
      options.executor ?? productExecutor({ ...options, linked }, logger, () => endpoint, tokens);
    const type = storeInForce(settings, options.origins ?? {});
    const store = await openStore({ ...settings, storage: { ...settings.storage, type } });
    const dispatcher = await openDispatcher(settings, {
      store,
      executor,
      journal: () => orchestrator.journal,
      onError: (error) => logger.error({ err: error }, 'dispatcher'),
    });
    const orchestrator: Orchestrator = new Orchestrator({
      store,
      executor,
      dispatcher,
      logsFolder: join(settings.paths.logs_dir, 'tasks'),
      settings,
      checkpointsFolder: join(settings.paths.data_dir, 'checkpoints'),
      maxOperations: settings.limits.max_operations,
      retention: {
        get completedDays() {
          return settings.retention.completed_days;
        },
        get failedDays() {
          return settings.retention.failed_days;
        },
        get eventsDays() {
          return settings.retention.events_days;
        },
        get checkpointDays() {
          return settings.rollback.checkpoint_retention_days;
        },
      },
      webhooks: endpointsOf(settings.webhooks, settings.mode),
      version,
      onWarning: (message) => logger.warn(message),
      runtime: {
        scheduler: {
          strategy: settings.scheduler.strategy,
          // Looked at each time: they may change while the service runs.
          get maxConcurrent() {
            return settings.queue.max_concurrent_tasks;
          },
          get maxCpuCores() {
            return settings.scheduler.resource_limits.max_cpu_cores;
          },
          get enablePreemption() {
            return settings.scheduler.enable_preemption;
          },
          get providerLimits() {
            return settings.scheduler.provider_limits;
          },
        },
        maxQueue: settings.queue.max_size,
        schedulingInterval: settings.scheduler.scheduling_interval * 1000,
        defaults: planDefaultsOf(settings),
      },
      journal: {
        onHealth: (error) =>
          error
            ? logger.error({ err: error }, 'the state store refuses writes')
            : logger.info('the state store writes again'),
      },
    });
    await orchestrator.openStore();
    const served = await servedWorkspace(settings, surroundingsOf(options));
    const infrastructures = new Infrastructures({
      served: served?.name,
      surroundings: surroundingsOf(options),
      moduleUrls: [options.moduleUrl],
      log: (level, message) => logger[level](message),
      linked,
    });
    const solo = settings.mode === 'solo';
    const corsOrigins = settings.server.cors_enabled ? settings.server.cors_origins : [];
    const limiter = solo ? undefined : new RateLimiter(rateLimits);
    const api = new ApiService(orchestrator, settings, version, infrastructures, tokens, {
      origins: options.origins,
      limiter,
      endpoint: () => endpoint,
      onChange: () => {
        logger.level = settings.logging.level;
        orchestrator.runtime.wake();
      },
    });
    const http = await createHttpServer({
      security: new SecurityChain({
        ...(solo ? {} : { authenticate: options.authenticate ?? refuseEverybody, limiter }),
        allowedAddresses: settings.metrics.allow_ips,
        onLimited: (name) => orchestrator.metrics.rateLimited(name),
      }),
      localOnly: solo,
      module: ApiModule.with(api),
      version,
      logger,
      bodyLimit: settings.limits.max_body_bytes,
      keepAlive: settings.server.keep_alive,
      maxConnections: settings.server.max_connections,
      prefixes,
      environments: ['production'],
      corsOrigins,
      onResponse: (request, status, milliseconds) => {
        const route = request.routeOptions.url?.replace(/:(\w+)/g, '{$1}') ?? 'unknown';
        api.requests.record(`${request.method} ${route}`, status, milliseconds);
      },
      documents: {
        takes: (path) => documentPaths.has(path),
        parse: (text, format) => parseDocumentBody(text, format),
      },
      extend: (fastify) => servePage(fastify, new URL('../web/', options.moduleUrl)),
    });
    const gateway = new SocketGateway(http.server, api, {
      prefixes,
      corsOrigins,
      ...(solo ? {} : { authenticate: options.authenticate ?? refuseEverybody }),
      perUser: solo ? settings.server.max_connections : 10,
      onDropped: (event) => orchestrator.metrics.dropped(event),
    });
    orchestrator.metrics.watch(orchestrator.runtime, () => gateway.connections);
    const { monitoring } = settings;
    const health =
      monitoring.enabled &&
      new HealthWatch({
        interval: monitoring.health_interval_seconds,
        bus: orchestrator.bus,
        health: () => api.health(),
        metrics: () => api.load(),
        onChange: (before, now) =>
          orchestrator.webhooks.tell('system.health_changed', {
            previous_status: before,
            status: now.status,
            components: now.components,
          }),
      });
    const watch = new InfrastructureWatch({
      infrastructures,
      surroundings: surroundingsOf(options),
      submit: (definition, createdBy) => orchestrator.workflows.submit(definition, { createdBy }),
      isActive: (id) => orchestrator.runtime.live(id) !== undefined,
      onWarning: (message) => logger.warn(message),
      onScalingRefused: (data) => orchestrator.webhooks.tell('scaling.refused', data),
      onCostAlert: (data) => orchestrator.webhooks.tell('cost.alert', data),
    });
    const { host, port } = await http.listen(settings.server.host, settings.server.port);
    endpoint = `http://${host}:${port}`;
    folder.announce(port);
    const began = performance.now();
    const recovered = await orchestrator.recover();
    const seconds = Math.round(performance.now() - began) / 1000;
    logger.info(
      { host, port, pid: process.pid, recovered, recovery_seconds: seconds },
      'orchestrator is ready',
    );
    watch.start();
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      api.drain();
      logger.info('orchestrator stops');
      if (health) health.stop();
      await watch.stop();
      try {
        await orchestrator.close(settings.shutdown_grace_seconds * 1000);
        gateway.close();
        await http.close();
        await linked[Symbol.asyncDispose]();
      } finally {
        folder.release();
      }
    };
    return { host, port, orchestrator, watch, stop: () => (stopping ??= stop()) };
  } catch (error) {
    folder.release();
    throw error;
  }
}

function refuseDisabled({ enabled }: Settings): void {
  if (enabled) return;
  throw new ProvisioningError({
    code: 'CONFIGURATION_ERROR',
    kind: 'configuration',
    message: 'The orchestrator is disabled: platform.orchestrator.enabled is false',
    hint: 'Set it to true, or use --direct for commands without an orchestrator',
  });
}

/** Without authentication only this machine may ask. */
function refuseOpenSolo({ mode, server }: Settings): void {
  if (mode !== 'solo' || isLoopback(server.host)) return;
  throw new ProvisioningError({
    code: 'CONFIGURATION_ERROR',
    kind: 'configuration',
    message: `Configuration error: in solo mode server.host must be a loopback address, found '${server.host}'`,
    hint: 'Use 127.0.0.1, or another mode with authentication',
  });
}
