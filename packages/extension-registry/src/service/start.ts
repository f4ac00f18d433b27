import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import {
  createHttpServer,
  createLogger,
  currentRequest,
  errorBody,
  httpStatus,
  type Logger,
} from '@provisioning/service-kit';
import { IndexController, RegistryController } from '../api/registry.controller.ts';
import { RegistryService } from '../api/registry-service.ts';
import { SystemController } from '../api/system.controller.ts';
import type { Backend } from '../backends/backend.ts';
import { GitBackend } from '../backends/git-backend.ts';
import { OciBackend } from '../backends/oci-backend.ts';
import { PackageCache } from '../cache/packages.ts';
import { CallLimit } from '../registry/call-limit.ts';
import { ExtensionRegistry } from '../registry/extension-registry.ts';
import { GuardedBackend } from '../registry/guarded-backend.ts';
import { createAccess } from './access.ts';
import { compressTexts } from './compression.ts';
import type { TlsSettings } from './server-settings.ts';
import type { Settings } from './settings.ts';

export interface RunningService {
  readonly host: string;
  readonly port: number;
  readonly registry: ExtensionRegistry;
  /**
   * Reads again what may change while it runs (10 §5): the tokens of the backends and which tokens were taken back. What
   * cannot be read stays as it is and is logged.
   * @param level of the log from now on.
   */
  reload(level?: string): Promise<void>;
  stop(): Promise<void>;
}

/** Backends in the order in which they are asked: sources before distributions (10 §1). */
export async function createBackends(settings: Settings): Promise<readonly Backend[]> {
  const strict = settings.mode === 'cicd' || settings.mode === 'enterprise';
  const { sources, distributions } = settings;
  return Promise.all([
    ...sources.gitea.map((one) => GitBackend.create('gitea', one, strict)),
    ...sources.forgejo.map((one) => GitBackend.create('forgejo', one, strict)),
    ...sources.github.map((one) => GitBackend.create('github', one, strict)),
    ...distributions.oci.map((one) => OciBackend.create(one, strict)),
  ]);
}

/** Seconds that running downloads get when the service is told to stop (10 §9). */
const drainSeconds = 30;

/** Starts the service. @throws ProvisioningError `IDENTITY_REQUIRED`, exit 3; those of unreadable tokens. */
export async function startService(
  settings: Settings,
  version: string,
  log?: Logger,
): Promise<RunningService> {
  const logger = log ?? createLogger('extension-registry', settings.logging);
  for (const message of settings.migrated) logger.info({ event: 'config.migrated' }, message);
  const limit = new CallLimit(settings.server.workers * 8);
  const guards = (await createBackends(settings)).map(
    (backend) =>
      new GuardedBackend(backend, {
        failureThreshold: settings.circuit_breaker.failure_threshold,
        resetSeconds: settings.circuit_breaker.reset_seconds,
        now: Date.now,
        limit,
        onCall: ({ outcome, ...call }) =>
          logger[outcome === 'ok' ? 'debug' : 'warn'](
            { id: currentRequest(), ...call, outcome },
            'backend asked',
          ),
      }),
  );
  const { blobs } = settings.cache;
  const packages = blobs.enabled ? new PackageCache(blobs.path, blobs.max_bytes) : undefined;
  const registry = new ExtensionRegistry(guards, settings.cache, Date.now, packages);
  const service = new RegistryService(registry, settings, version, logger);
  const access = await createAccess(settings, () => service.rejectedTokens++);
  const { tls, enable_cors, cors_origins, enable_compression } = settings.server;
  const http = await createHttpServer({
    module: {
      module: class RegistryModule {},
      controllers: [RegistryController, IndexController, SystemController],
      providers: [{ provide: RegistryService, useValue: service }],
    },
    version,
    logger,
    bodyLimit: 64 * 1024,
    keepAlive: 72,
    maxConnections: 1000,
    prefixes: ['/api/v1', '/v1'],
    security: access.chain,
    corsOrigins: enable_cors ? cors_origins : [],
    ...(tls === undefined ? {} : { tls: await readTls(tls) }),
    extend(fastify) {
      if (enable_compression) compressTexts(fastify);
      fastify.addHook('onRequest', async (request, reply) => {
        const refusal = refuse(request, service.stopping);
        if (refusal === undefined) return;
        return reply.status(httpStatus(refusal)).send(errorBody(refusal, request.id, version));
      });
    },
    onResponse: (request, status, milliseconds) => {
      const route = request.routeOptions.url ?? '';
      service.answered(request.method, route, status, milliseconds);
      logger.debug({ id: request.id, method: request.method, route, status, milliseconds }, 'answered');
    },
  });
  const { host, port } = await http.listen(settings.server.host, settings.server.port);
  logger.info({ host, port, backends: guards.length }, 'serving');
  return {
    host,
    port,
    registry,
    async reload(level) {
      const parts = [access.reload(), ...guards.map(({ backend }) => backend.reload())];
      for (const result of await Promise.allSettled(parts))
        if (result.status === 'rejected') logger.error({ event: 'reload.failed' }, String(result.reason));
      if (level !== undefined) logger.level = level;
      logger.info({ event: 'reloaded' }, 'tokens and log level were read again');
    },
    async stop() {
      service.stopping = true;
      const end = Date.now() + drainSeconds * 1000;
      while (service.active > 0 && Date.now() < end) await delay(50);
      await http.close();
    },
  };
}

/** What is refused before anything looks at it: changes, and everything but questions for health while it stops. */
function refuse(
  request: { readonly method: string; readonly url: string },
  stopping: boolean,
): ProvisioningError | undefined {
  if (stopping && !request.url.startsWith('/health')) {
    return new ProvisioningError({
      code: 'SHUTTING_DOWN',
      kind: 'unavailable',
      message: 'The service is stopping',
      retryable: true,
    });
  }
  const reads = ['GET', 'HEAD', 'OPTIONS'].includes(request.method);
  if (reads || !/^\/extensions(?:[/?]|$)/.test(request.url)) return undefined;
  return new ProvisioningError({
    code: 'READ_ONLY',
    kind: 'usage',
    message: 'The extension registry is read-only',
    hint: 'publish to the Git host or OCI registry behind it: provisioning extension publish',
  });
}

async function readTls({ cert_path, key_path, client_ca_path }: TlsSettings) {
  const [cert, key, ca] = await Promise.all(
    [cert_path, key_path, client_ca_path].map((file) =>
      file === undefined ? undefined : readFile(file, 'utf8'),
    ),
  );
  return { cert: cert!, key: key!, ...(ca === undefined ? {} : { ca }) };
}
