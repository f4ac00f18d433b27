import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Failure } from '../engine/events.ts';

/** An attempt ran longer than its operation allows. */
export class TimeLimit extends Error {
  constructor(milliseconds: number) {
    super(`Task timed out after ${milliseconds / 1000}s`);
  }
}

/** Network errors of Node that a later attempt may not meet. */
const transient: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Any thrown value as it is journalled: no stack, no cause. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TimeLimit) {
    return { code: 'TIMEOUT', message: error.message, retryable: true, timeout: true };
  }
  if (error instanceof ProvisioningError) {
    const { retryAfter } = error;
    return { ...error.toJSON(), ...(retryAfter === undefined ? {} : { retryAfter }) };
  }
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const network = [code, cause?.code].find((value) => typeof value === 'string' && transient.has(value));
  if (network !== undefined) {
    return { code: 'NETWORK', kind: 'unavailable', message: (error as Error).message, retryable: true };
  }
  return ProvisioningError.from(error).toJSON();
}
