import { ProviderError, type ProviderErrorCode, ProvisioningError } from '@provisioning/extensions-sdk';
import { operationTitle, providerError } from '@provisioning/extensions-sdk/http';

export const name = 'aws';

/** Error codes of the services in our classes, by pattern; the first that fits counts. */
const patterns: readonly (readonly [RegExp, ProviderErrorCode])[] = [
  [/^(RequestLimitExceeded|Throttl|TooManyRequests|EC2ThrottledException|SlowDown)/, 'rate_limited'],
  [/LimitExceeded|Insufficient\w*Capacity|Quota|TooMany/, 'quota'],
  [
    /^(AuthFailure|UnauthorizedOperation|AccessDenied|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|RequestExpired|UnrecognizedClient|OptInRequired|InvalidAccessKeyId|IncompleteSignature|MissingAuthenticationToken)/,
    'auth',
  ],
  [/NotFound|^NoSuch|Unknown(Volume|Instance)/, 'not_found'],
  [
    /Duplicate|AlreadyExists|AlreadyOwned|InUse|NotEmpty|IncorrectInstanceState|IncorrectState|DependencyViolation|Conflict|IdempotentParameterMismatch/,
    'conflict',
  ],
  [/^(Invalid|Missing|Malformed|Validation|UnknownParameter|UnsupportedOperation|Unsupported)/, 'invalid'],
  [/^(Internal|ServiceUnavailable|Unavailable|ServerException)/, 'unavailable'],
  [/TimeoutError|ETIMEDOUT/, 'timeout'],
  [/ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|NetworkingError/, 'unavailable'],
];

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
  readonly $retryable?: unknown;
}

/** What the SDK throws, as the provider error people see (06 §7). */
export function failure(operation: string, error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof ProvisioningError) return error;
  const {
    name: type = '',
    code: system = '',
    message = '',
    $metadata: meta = {},
  } = (error ?? {}) as SdkError;
  const status = meta.httpStatusCode;
  const known = [type, system].flatMap(
    (text) => patterns.find(([pattern]) => pattern.test(text))?.[1] ?? [],
  )[0];
  const code = /quota/i.test(message) && known !== 'rate_limited' ? 'quota' : (known ?? byStatus(status));
  const text = message === '' || message === 'UnknownError' ? `${type} ${status ?? ''}`.trim() : message;
  if (code === 'unavailable' && (meta.attempts ?? 1) > 1) {
    return new ProviderError({
      provider: name,
      operation,
      code,
      message: `${operationTitle(operation)}: API call failed after retries (${text})`,
      help: 'Check network connectivity and try again',
      status,
    });
  }
  return providerError({ provider: name, operation, code, text, status });
}

function byStatus(status: number | undefined): ProviderErrorCode {
  if (status === undefined) return 'unknown';
  if (status === 401 || status === 403) return 'auth';
  if (status === 404) return 'not_found';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'unavailable';
  return status === 400 ? 'invalid' : 'unknown';
}
