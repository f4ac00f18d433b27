import type { ApiError } from './schemas/envelope.ts';

export interface ApiErrorOptions {
  readonly message: string;
  readonly code?: string;
  readonly status?: number;
  readonly details?: unknown;
  readonly hint?: string;
  readonly requestId?: string;
  readonly method?: string;
  /** Without query: a token in it must not travel in an error. */
  readonly url?: string;
  readonly retryable?: boolean;
  readonly retryAfter?: number;
  readonly idempotencyKey?: string;
  readonly cause?: unknown;
}

/** Whatever goes wrong between a caller and the orchestrator (14 §5). The message is the server's where it sent one. */
export class ProvisioningAPIError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly details: unknown;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly retryable: boolean;
  /** The key under which a call of unknown outcome may be repeated safely. */
  readonly idempotencyKey: string | undefined;

  constructor(options: ApiErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code ?? 'UNKNOWN';
    this.status = options.status;
    this.details = options.details;
    this.hint = options.hint;
    this.requestId = options.requestId;
    this.method = options.method;
    this.url = options.url;
    this.retryable = options.retryable ?? false;
    this.idempotencyKey = options.idempotencyKey;
  }
}

export class AuthenticationError extends ProvisioningAPIError {}
export class PermissionError extends ProvisioningAPIError {}
export class MfaRequiredError extends PermissionError {}
export class ValidationError extends ProvisioningAPIError {}
export class NotFoundError extends ProvisioningAPIError {}
export class ConflictError extends ProvisioningAPIError {}
export class ServerError extends ProvisioningAPIError {}
export class ServiceUnavailableError extends ServerError {}
export class NetworkError extends ProvisioningAPIError {}
export class TimeoutError extends ProvisioningAPIError {}
export class UnsupportedVersionError extends ProvisioningAPIError {}
export class ProtocolError extends ProvisioningAPIError {}
export class ConfigurationError extends ProvisioningAPIError {}

export class RateLimitError extends ProvisioningAPIError {
  /** Seconds until the next attempt makes sense. */
  readonly retryAfter: number;

  constructor(options: ApiErrorOptions) {
    super(options);
    this.retryAfter = options.retryAfter ?? 60;
  }
}

/** The error of a failed answer, by its status and code (14 §5). */
export function errorOf(
  error: ApiError,
  base: Pick<
    ApiErrorOptions,
    'status' | 'requestId' | 'method' | 'url' | 'retryAfter' | 'idempotencyKey' | 'retryable'
  >,
): ProvisioningAPIError {
  const status = base.status ?? 0;
  const options: ApiErrorOptions = {
    ...base,
    code: error.code,
    message: error.message,
    details: error.details,
    hint: error.hint,
  };
  if (error.code === 'UNSUPPORTED_VERSION') return new UnsupportedVersionError(options);
  if (status === 401) return new AuthenticationError(options);
  if (error.code === 'MFA_REQUIRED' || error.code === 'MFA_STALE') return new MfaRequiredError(options);
  if (status === 403) return new PermissionError(options);
  if (status === 404) return new NotFoundError(options);
  if (status === 409 || status === 412) return new ConflictError(options);
  if (status === 429) return new RateLimitError(options);
  if (status === 503) return new ServiceUnavailableError(options);
  if (status >= 500) return new ServerError(options);
  return new ValidationError(options);
}
