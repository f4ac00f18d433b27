import type { TSchema } from 'typebox';
import type { Issue } from '../error.ts';
import { ProvisioningError } from '../error.ts';
import type { ProviderInstance } from '../provider.ts';
import { ProviderError } from '../provider-error.ts';

/** Findings of a configuration against a provider's schema, with dotted keys below `providers.<name>`. */
export async function configIssues(
  provider: string,
  schema: TSchema,
  config: Readonly<Record<string, unknown>>,
): Promise<Issue[]> {
  const { Errors } = await import('typebox/value');
  return [...Errors(schema, config)].map(({ instancePath, keyword, message }) => {
    const key = `providers.${provider}${instancePath.replaceAll('/', '.')}`;
    const said = /minimum/i.test(keyword) ? numbers[instancePath] : undefined;
    return { message: said ?? `${key} ${message}`, location: { file: '', key } };
  });
}

/** What is said of numbers that every provider has when they are too small (06 §4.1). */
const numbers: Readonly<Record<string, string>> = {
  '/timeout': 'Timeout must be positive',
  '/retries': 'Retries must be non-negative',
};

/** The result of `testConnection` from one authenticated read (06 §4.3). */
export async function connectionResult(
  read: () => Promise<unknown>,
): Promise<Awaited<ReturnType<ProviderInstance['testConnection']>>> {
  try {
    return { success: true, account_info: await read(), message: 'Connection successful' };
  } catch (error) {
    const { message, hint } = ProvisioningError.from(error);
    return {
      ...{ success: false, error: message, message: 'Connection failed' },
      ...(error instanceof ProviderError ? { code: error.providerCode } : {}),
      ...(hint === undefined ? {} : { help: hint }),
    };
  }
}

/** The record of `health` from one cheap read. */
export async function healthResult(
  read: () => Promise<unknown>,
  now: () => number,
): Promise<Awaited<ReturnType<ProviderInstance['health']>>> {
  const started = now();
  const result = await connectionResult(read);
  return {
    healthy: result.success,
    latency_ms: now() - started,
    ...(result.error === undefined ? {} : { error: result.error }),
    checked_at: new Date(started).toISOString(),
  };
}

/** The result of `validateConfig`: the schema, the credentials, and online one read whose failure is a warning. */
export async function validationResult(options: {
  readonly issues: readonly Issue[];
  readonly credentials: readonly {
    readonly found: boolean;
    readonly message: string;
    readonly variable: string;
  }[];
  readonly ping?: () => Promise<unknown>;
}): Promise<Awaited<ReturnType<ProviderInstance['validateConfig']>>> {
  const errors: Issue[] = [...options.issues];
  const warnings: Issue[] = [];
  for (const { found, message, variable } of options.credentials) {
    if (!found) errors.push({ message, code: 'MISSING_CREDENTIAL', hint: `Set ${variable}` });
  }
  if (options.ping !== undefined && errors.length === 0) {
    const { success, error } = await connectionResult(options.ping);
    if (!success) warnings.push({ message: `API endpoint not reachable: ${error ?? ''}` });
  }
  return { valid: errors.length === 0, errors, warnings };
}
