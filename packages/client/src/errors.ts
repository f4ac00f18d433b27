import type { ApiError } from './schemas/envelope.ts';
import type { Task } from './schemas/records.ts';

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
  /** How often the call was made, where it was repeated. */
  attempts?: number;

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

/** A second factor is needed. After a login with password alone it brings the token to verify one with. */
export class MfaRequiredError extends PermissionError {
  readonly #partialToken: string | undefined;

  constructor(options: ApiErrorOptions & { readonly partialToken?: string }) {
    super(options);
    this.#partialToken = options.partialToken;
  }

  get partialToken(): string | undefined {
    return this.#partialToken;
  }
}

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

/** A call was not made because the circuit is open. */
export class CircuitOpenError extends ProvisioningAPIError {
  constructor() {
    super({ code: 'CIRCUIT_OPEN', message: 'Circuit breaker is OPEN', retryable: true });
  }
}

/** A task that was waited for with `throwOnFailure` ended badly. */
export class TaskFailedError extends ProvisioningAPIError {
  readonly task: Task;

  constructor(task: Task) {
    super({
      code: task.error_detail?.code ?? 'TASK_FAILED',
      message: `Task ${task.id} ${task.status.toLowerCase()}: ${task.error ?? task.status}`,
      hint: task.error_detail?.hint,
    });
    this.task = task;
  }
}

type Kind<T> = new (...parameters: never[]) => T;

/** A guard that also knows errors of another copy of this package, by their name. */
function guard<T extends ProvisioningAPIError>(kind: Kind<T>, ...below: readonly Kind<T>[]) {
  const names = new Set([kind, ...below].map(({ name }) => name));
  return (error: unknown): error is T =>
    error instanceof kind || (error instanceof Error && 'code' in error && names.has(error.name));
}

export const isAuthenticationError = guard(AuthenticationError);
export const isMfaRequiredError = guard(MfaRequiredError);
export const isPermissionError = guard(PermissionError, MfaRequiredError);
export const isValidationError = guard(ValidationError);
export const isNotFoundError = guard(NotFoundError);
export const isConflictError = guard(ConflictError);
export const isRateLimitError = guard(RateLimitError);
export const isServerError = guard(ServerError, ServiceUnavailableError);
export const isServiceUnavailableError = guard(ServiceUnavailableError);
export const isNetworkError = guard(NetworkError);
export const isTimeoutError = guard(TimeoutError);
export const isUnsupportedVersionError = guard(UnsupportedVersionError);
export const isCircuitOpenError = guard(CircuitOpenError);
export const isTaskFailedError = guard(TaskFailedError);
export const isProtocolError = guard(ProtocolError);
export const isConfigurationError = guard(ConfigurationError);

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
  if (error.code === 'MFA_REQUIRED' || error.code === 'MFA_STALE') return new MfaRequiredError(options);
  if (status === 401) return new AuthenticationError(options);
  if (status === 403) return new PermissionError(options);
  if (status === 404) return new NotFoundError(options);
  if (status === 409 || status === 412) return new ConflictError(options);
  if (status === 429) return new RateLimitError(options);
  if (status === 503) return new ServiceUnavailableError(options);
  if (status >= 500) return new ServerError(options);
  return new ValidationError(options);
}
