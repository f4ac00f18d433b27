import { ProvisioningError } from '@provisioning/extensions-sdk';
import { createHttpServer, createLogger, type Logger, SecurityChain } from '@provisioning/service-kit';
import { RegistryController } from '../api/registry.controller.ts';
import { RegistryService } from '../api/registry-service.ts';
import { SystemController } from '../api/system.controller.ts';
import type { Backend } from '../backends/backend.ts';
import { GitBackend } from '../backends/git-backend.ts';
import { OciBackend } from '../backends/oci-backend.ts';
import { ExtensionRegistry } from '../registry/extension-registry.ts';
import { GuardedBackend } from '../registry/guarded-backend.ts';
import type { Settings } from './settings.ts';

export interface RunningService {
  readonly host: string;
  readonly port: number;
  readonly registry: ExtensionRegistry;
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

/**
 * Starts the service.
 * @throws ProvisioningError `IDENTITY_REQUIRED`: without an identity service only solo mode may serve, on this machine.
 */
export async function startService(
  settings: Settings,
  version: string,
  log?: Logger,
): Promise<RunningService> {
  if (settings.mode !== 'solo') {
    throw new ProvisioningError({
      code: 'IDENTITY_REQUIRED',
      kind: 'configuration',
      message: `${settings.mode} mode needs an identity service that checks tokens; none is configured`,
      hint: 'run it in solo mode, behind a proxy that authenticates',
    });
  }
  const logger = log ?? createLogger('extension-registry', settings.logging.level);
  for (const message of settings.migrated) logger.info({ event: 'config.migrated' }, message);
  const guards = (await createBackends(settings)).map(
    (backend) =>
      new GuardedBackend(backend, {
        failureThreshold: settings.circuit_breaker.failure_threshold,
        resetSeconds: settings.circuit_breaker.reset_seconds,
        now: Date.now,
      }),
  );
  const registry = new ExtensionRegistry(guards, settings.cache, Date.now);
  const service = new RegistryService(registry, settings, version);
  const http = await createHttpServer({
    module: {
      module: class RegistryModule {},
      controllers: [RegistryController, SystemController],
      providers: [{ provide: RegistryService, useValue: service }],
    },
    version,
    logger,
    bodyLimit: 64 * 1024,
    keepAlive: 72,
    maxConnections: 1000,
    prefixes: ['/api/v1', '/v1'],
    security: new SecurityChain({}),
    onResponse: (request, status, milliseconds) =>
      logger.debug({ path: request.url.split('?')[0], status, milliseconds }, 'answered'),
  });
  const { host, port } = await http.listen(settings.server.host, settings.server.port);
  logger.info({ host, port, backends: guards.length }, 'serving');
  return {
    host,
    port,
    registry,
    async stop() {
      service.stopping = true;
      await http.close();
    },
  };
}
