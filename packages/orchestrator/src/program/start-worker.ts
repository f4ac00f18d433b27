import { LinkedModules } from '@provisioning/core';
import { Redis } from 'ioredis';
import { createLogger } from '@provisioning/service-kit';
import { requireSharedStore } from '../dispatch/bullmq/shared-store.ts';
import { postgresUrl } from '../journal/open.ts';
import { PostgresStore } from '../journal/postgres/store.ts';
import { OperationWorker } from '../worker/worker.ts';
import { planDefaultsOf, productExecutor } from './executor.ts';
import { type ServiceOptions, warnOfUnknown } from './start.ts';
import { whenAvailable } from '../service/when-available.ts';

/**
 * `provisioning-orchestrator worker`: runs operations for an orchestrator on another machine. It waits for the servers
 * that it works with.
 */
export async function startWorker(options: ServiceOptions): Promise<{ stop(): Promise<void> }> {
  const { settings } = options;
  const logger = options.logger ?? createLogger('orchestrator-worker', settings.logging);
  warnOfUnknown(options, logger);
  requireSharedStore(settings.storage.type);
  const linked = new LinkedModules({ log: (level, message) => logger[level](message) });
  const store = new PostgresStore({ url: postgresUrl(settings), exclusive: false });
  const say = (message: string) => logger.warn(message);
  await whenAvailable('PostgreSQL', () => store.open(), { say });
  await whenAvailable('Redis', () => pingRedis(settings.redis.url), { say });
  const worker = new OperationWorker({
    redisUrl: settings.redis.url,
    store,
    executor: options.executor ?? productExecutor({ ...options, linked }, logger, () => ''),
    concurrency: settings.server.workers,
    grace: settings.executor.cancel_grace_seconds * 1000,
    defaults: planDefaultsOf(settings),
    onError: (error) => logger.error({ err: error }, 'worker'),
  });
  await worker.start();
  logger.info({ worker: worker.id, concurrency: settings.server.workers }, 'worker is ready');
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await worker.close(settings.shutdown_grace_seconds * 1000);
    await linked[Symbol.asyncDispose]();
  };
  return { stop: () => (stopping ??= stop()) };
}

async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  let broken: Error | undefined;
  // What the socket says of itself; the command only tells that there is no connection.
  redis.on('error', (error) => (broken = error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw broken ?? error;
  } finally {
    redis.disconnect();
  }
}
