import { ProvisioningError } from '@provisioning/extensions-sdk';
import { usage } from '../errors.ts';
import { etcdLocks } from './etcd.ts';
import type { EtcdOptions } from './etcd-gateway.ts';
import { localLocks } from './local.ts';
import type { LockProvider } from './record.ts';
import { type ClosableLocks, redisLocks } from './redis.ts';

export const lockProviders = ['local', 'redis', 'gitea', 'etcd'] as const;
export type LockProviderName = (typeof lockProviders)[number];

export interface OpenedLocks extends AsyncDisposable {
  readonly provider: LockProvider;
}

interface Settings {
  get(path: string): unknown;
}

/**
 * Opens the place where locks are kept: files of the workspace, Redis (`locking.redis.url`) or etcd
 * (`locking.etcd.endpoints`, `ETCD_ENDPOINTS`). Close it with `await using`.
 * @throws ProvisioningError `USAGE` for a provider this version does not have
 */
export function openLocks(
  name: LockProviderName,
  configuration: Settings,
  env: Readonly<Record<string, string | undefined>>,
): OpenedLocks {
  switch (name) {
    case 'local':
      return opened(localLocks);
    case 'redis':
      return opened(redisLocks(textOf(configuration, 'locking.redis.url') ?? 'redis://127.0.0.1:6379'));
    case 'etcd':
      return opened(etcdLocks(etcdOptions(configuration, env)));
    case 'gitea':
      throw new ProvisioningError({
        code: 'LOCK_PROVIDER_MISSING',
        kind: 'unavailable',
        message: 'Locks in Gitea are not part of this version',
        hint: 'Set locking.provider to redis or etcd.',
      });
  }
}

function textOf(configuration: Settings, path: string): string | undefined {
  const value = configuration.get(path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Where etcd is: `ETCD_ENDPOINTS`, else `locking.etcd`. */
export function etcdOptions(
  configuration: Settings,
  env: Readonly<Record<string, string | undefined>>,
): EtcdOptions {
  const username = textOf(configuration, 'locking.etcd.username');
  const password = env['ETCD_PASSWORD'] ?? textOf(configuration, 'locking.etcd.password');
  return {
    endpoints: endpoints(configuration.get('locking.etcd.endpoints'), env),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

/** The name of a provider. @throws ProvisioningError `USAGE` (exit 2) */
export function lockProviderName(text: string): LockProviderName {
  const found = lockProviders.find((name) => name === text);
  if (found !== undefined) return found;
  throw usage(`Unknown lock provider: ${text}`, 'USAGE', `Providers: ${lockProviders.join(', ')}`);
}

function endpoints(configured: unknown, env: Readonly<Record<string, string | undefined>>): string[] {
  const named = env['ETCD_ENDPOINTS'];
  const list =
    named !== undefined && named !== ''
      ? named.split(',')
      : Array.isArray(configured)
        ? configured.map(String)
        : [];
  const found = list.map((one) => one.trim()).filter((one) => one !== '');
  return found.length === 0 ? ['http://127.0.0.1:2379'] : found;
}

function opened(provider: LockProvider | ClosableLocks): OpenedLocks {
  return {
    provider,
    [Symbol.asyncDispose]: async () => {
      if ('close' in provider) await provider.close();
    },
  };
}
