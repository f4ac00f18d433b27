import { existsSync, readFileSync } from 'node:fs';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { usage } from '../errors.ts';
import { etcdLocks } from './etcd.ts';
import type { EtcdOptions } from './etcd-gateway.ts';
import { giteaLocks, type GiteaLockOptions } from './gitea.ts';
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
 * Opens the place where locks are kept: files of the workspace, Redis (`locking.redis.url`), etcd
 * (`locking.etcd.endpoints`, `ETCD_ENDPOINTS`) or Gitea (`locking.gitea.url`). Close it with `await using`.
 * @throws ProvisioningError `GITEA_TOKEN_MISSING` (exit 4)
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
      return opened(giteaLocks(giteaOptions(configuration, env)));
  }
}

function textOf(configuration: Settings, path: string): string | undefined {
  const value = configuration.get(path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Where Gitea is, and the token: `PROVISIONING_GITEA_TOKEN`, else the file of `locking.gitea.token_path`.
 * @throws ProvisioningError `GITEA_TOKEN_MISSING` (exit 4)
 */
export function giteaAccess(
  configuration: Settings,
  env: Readonly<Record<string, string | undefined>>,
): { readonly url: string; readonly token: string; readonly token_path?: string } {
  const file = textOf(configuration, 'locking.gitea.token_path');
  let token = env['PROVISIONING_GITEA_TOKEN'] ?? '';
  if (token === '' && file !== undefined && existsSync(file)) token = readFileSync(file, 'utf8').trim();
  if (token === '') {
    throw new ProvisioningError({
      code: 'GITEA_TOKEN_MISSING',
      kind: 'permission',
      message: 'There is no token for Gitea',
      hint: 'Set PROVISIONING_GITEA_TOKEN or locking.gitea.token_path. Locks can be kept elsewhere: locking.provider.',
    });
  }
  return {
    url: textOf(configuration, 'locking.gitea.url') ?? 'http://127.0.0.1:3000',
    token,
    ...(file === undefined ? {} : { token_path: file }),
  };
}

function giteaOptions(
  configuration: Settings,
  env: Readonly<Record<string, string | undefined>>,
): GiteaLockOptions {
  const { url, token } = giteaAccess(configuration, env);
  const repository = textOf(configuration, 'locking.gitea.repository');
  return { url, token, ...(repository === undefined ? {} : { repository }) };
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
