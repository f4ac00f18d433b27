import {
  ProviderError,
  type ProviderInstance,
  ProvisioningError,
  groupFunctions,
} from '@provisioning/extensions-sdk';
import { inside, outside } from './output-guard.ts';
import { checkResult } from './result-check.ts';

/** What a provider did so far in this process (06 §5.2). */
export interface CallStatistics {
  calls: number;
  errors: number;
  /** Milliseconds spent in calls. */
  total_ms: number;
}

export interface GuardOptions {
  readonly statistics: CallStatistics;
  readonly now: () => number;
  /** Seconds a question may take before the provider counts as hanging. Default 300. */
  readonly queryLimit?: number;
  /** Seconds for what changes something; providers have shorter limits of their own. Default 3600. */
  readonly changeLimit?: number;
  /** Called after each change, for the audit record (06 §8). */
  readonly onChange?: (record: ChangeRecord) => void;
}

/** One change at a provider. */
export interface ChangeRecord {
  readonly provider: string;
  readonly operation: string;
  readonly resource: string;
  readonly result: 'success' | 'failure';
  /** The same for every attempt of the same request, where the call carries one. */
  readonly request_id?: string;
  readonly error?: string;
}

type AnyFunction = (...parameters: readonly unknown[]) => unknown;

const questions = /^(list|get|is|health|validate|test|serverExists$|dispose$)/;

/**
 * A provider that can't harm anything but its own calls (06.A2): what it throws becomes a `ProviderError` with its name,
 * a call that hangs ends, an answer of the wrong shape is refused, what it prints does not reach our output.
 */
export function guardProvider(
  provider: string,
  instance: ProviderInstance,
  options: GuardOptions,
): ProviderInstance {
  return guardObject(provider, '', instance, options) as ProviderInstance;
}

function guardObject(provider: string, prefix: string, target: object, options: GuardOptions): object {
  const wrapped = new Map<PropertyKey, unknown>();
  return new Proxy(target, {
    get(object, key) {
      const value = Reflect.get(object, key, object) as unknown;
      if (typeof key === 'symbol') return value;
      if (value === undefined || value === null)
        return prefix === '' ? value : (absent(provider, prefix, key) ?? value);
      let guarded = wrapped.get(key);
      if (guarded === undefined) {
        const name = `${prefix}${key}`;
        if (typeof value === 'function') {
          guarded = guardFunction(provider, name, (value as AnyFunction).bind(object), options);
        } else if (typeof value === 'object') guarded = guardObject(provider, `${name}.`, value, options);
        else guarded = value;
        wrapped.set(key, guarded);
      }
      return guarded;
    },
  });
}

/** In place of what a group must hold and lacks: callers ask for groups, never for their single functions. */
function absent(provider: string, prefix: string, key: string): AnyFunction | undefined {
  const members: readonly string[] | undefined =
    groupFunctions[prefix.slice(0, -1) as keyof typeof groupFunctions];
  if (members?.includes(key) !== true) return undefined;
  const operation = `${prefix}${key}`;
  return () =>
    Promise.reject(
      new ProviderError({
        provider,
        operation,
        code: 'unsupported',
        message: `Provider '${provider}' does not implement: ${operation}`,
        help: 'Update the provider, or report this to its author. Other providers are not affected.',
      }),
    );
}

function guardFunction(
  provider: string,
  name: string,
  work: AnyFunction,
  options: GuardOptions,
): (...parameters: readonly unknown[]) => Promise<unknown> {
  const question = questions.test(name.split('.').at(-1) ?? name);
  const limit =
    name === 'health' ? 5 : question ? (options.queryLimit ?? 300) : (options.changeLimit ?? 3600);
  return async (...parameters) => {
    const { statistics, now } = options;
    const started = now();
    statistics.calls += 1;
    const record = (result: ChangeRecord['result'], error?: string) => {
      if (question) return;
      options.onChange?.({
        provider,
        operation: name,
        resource: resourceOf(parameters[0]),
        result,
        ...requestOf(parameters[0]),
        ...(error === undefined ? {} : { error }),
      });
    };
    try {
      const result = await limited(provider, name, limit, () =>
        inside(() => work(...parameters.map(ownCallbacks))),
      );
      checkResult(provider, name, result);
      record('success');
      return result;
    } catch (error) {
      statistics.errors += 1;
      const known = isAbort(error, parameters) ? error : asProviderError(provider, name, error);
      record('failure', known instanceof Error ? known.message : String(known));
      throw known;
    } finally {
      statistics.total_ms += now() - started;
    }
  };
}

/** Callbacks of ours run outside the provider's output guard: what they print is ours. */
function ownCallbacks(parameter: unknown): unknown {
  if (typeof parameter !== 'object' || parameter === null || Array.isArray(parameter)) return parameter;
  const entries = Object.entries(parameter);
  if (!entries.some(([, value]) => typeof value === 'function')) return parameter;
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      typeof value === 'function'
        ? (...args: unknown[]) => outside(() => (value as AnyFunction)(...args))
        : (value as unknown),
    ]),
  );
}

async function limited<T>(
  provider: string,
  name: string,
  seconds: number,
  work: () => T | Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hanging = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new ProviderError({
          provider,
          operation: name,
          code: 'timeout',
          message: `Provider '${provider}' did not answer ${name} within ${seconds} s`,
          help: 'The provider hangs; other providers are not affected. Check its version and connection.',
        }),
      );
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work(), hanging]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whatever a provider throws as an error that names it. */
export function asProviderError(provider: string, operation: string, error: unknown): ProvisioningError {
  // EXTENSION_FAILED is what a plain error of an isolated provider becomes on its way here.
  if (error instanceof ProvisioningError && error.code !== 'EXTENSION_FAILED') return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ProviderError({
    provider,
    operation,
    code: 'unknown',
    message: `Provider '${provider}' failed in ${operation}: ${text === '' ? 'no reason given' : text}`,
    help: 'This is an error of the provider; report it to its author.',
    cause: error,
  });
}

function isAbort(error: unknown, parameters: readonly unknown[]): boolean {
  return parameters.some((parameter) => {
    const signal = (parameter as { signal?: AbortSignal } | undefined | null)?.signal;
    return (
      signal instanceof AbortSignal &&
      signal.aborted &&
      (error === signal.reason || (error as Error)?.name === 'AbortError')
    );
  });
}

function requestOf(parameter: unknown): { readonly request_id?: string } {
  const { idempotency_key: id } = (parameter ?? {}) as { idempotency_key?: unknown };
  return typeof id === 'string' && id !== '' ? { request_id: id } : {};
}

function resourceOf(parameter: unknown): string {
  if (typeof parameter === 'string') return parameter;
  const { hostname, name, id } = (parameter ?? {}) as { hostname?: unknown; name?: unknown; id?: unknown };
  return String(hostname ?? name ?? id ?? '');
}
