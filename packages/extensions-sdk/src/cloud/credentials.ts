import { ProviderError } from '../provider-error.ts';
import { ProvisioningError } from '../error.ts';
import type { ProviderContext } from '../provider.ts';
import { Secret } from '../secret.ts';

/**
 * A credential, first found wins (06 §4.2): the configuration, then variables of the environment in the given order.
 * Keys are dotted paths below `providers.<name>`.
 */
export function findCredential(
  context: Pick<ProviderContext, 'config' | 'secrets'>,
  keys: readonly string[],
  variables: readonly string[],
): Secret | undefined {
  for (const key of keys) {
    const value = setting(context.config, key);
    if (value instanceof Secret) return value;
    if (typeof value === 'string' && value !== '') return new Secret(value);
  }
  for (const name of variables) {
    const value = context.secrets[name];
    if (value !== undefined && value.reveal() !== '') return value;
  }
  return undefined;
}

/** The value at a dotted path; a flat key of the same name counts too. */
export function setting(config: Readonly<Record<string, unknown>>, path: string): unknown {
  if (path in config) return config[path];
  let value: unknown = config;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** Refuses a call without credentials, before anything is sent (06 §4.2, exit 4). */
export function missingCredential(provider: string, what: string, variable: string): ProviderError {
  return new ProviderError({
    provider,
    operation: 'authenticate',
    code: 'auth',
    message: `${what} not found in configuration; ${variable} environment variable is required`,
    help: `Set ${variable}, or put it into the secrets of the workspace and name it in providers.${provider}.`,
  });
}

/** Whether an error says that credentials are missing or refused. */
export function isAuthError(error: unknown): boolean {
  return error instanceof ProvisioningError && error.code === 'PROVIDER_AUTH';
}
