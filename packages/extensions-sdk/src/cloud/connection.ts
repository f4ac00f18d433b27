import type { ProviderContext } from '../provider.ts';
import type { ProviderErrorCode } from '../provider-error.ts';
import { type Clock, systemClock } from '../http/clock.ts';
import { HttpClient, type HttpClientOptions } from '../http/client.ts';
import { defaultRateLimit } from '../http/rate-limit.ts';
import type { Secret } from '../secret.ts';
import { setting } from './credentials.ts';

/** The HTTP client of a provider with the settings every provider has (06 §4.1). */
export function providerClient(
  context: ProviderContext,
  options: {
    readonly provider: string;
    readonly baseUrl: string;
    readonly headers: () => Readonly<Record<string, string>>;
    readonly secrets: readonly Secret[];
    readonly timeout?: number;
    readonly errorCodes?: Readonly<Record<string, ProviderErrorCode>>;
    readonly idempotencyHeader?: string;
  } & Pick<HttpClientOptions, 'sign' | 'parse'>,
): HttpClient {
  const number = (path: string, fallback: number) => {
    const value = setting(context.config, path);
    return typeof value === 'number' ? value : fallback;
  };
  const url = ['api_url', 'api_endpoint', 'api.base_url']
    .map((path) => setting(context.config, path))
    .find((value) => typeof value === 'string' && value !== '');
  return new HttpClient({
    ...options,
    baseUrl: typeof url === 'string' ? url : options.baseUrl,
    timeout: number('timeout', options.timeout ?? 30),
    attempts: Math.max(1, number('retries', 3)),
    rateLimit: {
      requestsPerMinute: number('rate_limit.requests_per_minute', defaultRateLimit.requestsPerMinute),
      burst: number('rate_limit.burst_size', defaultRateLimit.burst),
    },
    cacheDir: context.cacheDir,
    network: context.network,
    clock: clockOf(context),
    log: (level, message) => context.log(level, message),
  });
}

/** The clock of a context. */
export function clockOf(context: Pick<ProviderContext, 'clock'>): Clock {
  return context.clock ?? systemClock;
}
