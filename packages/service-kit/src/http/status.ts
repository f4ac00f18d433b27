import type { ErrorKind, ProvisioningError } from '@provisioning/extensions-sdk';

/** HTTP status of codes that decide it themselves (13 §1). */
const byCode: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  INVALID_TYPE: 400,
  INVALID_PARAMETER: 400,
  UNSUPPORTED_VERSION: 400,
  UNAUTHORIZED: 401,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  TOKEN_REVOKED: 401,
  MFA_REQUIRED: 403,
  MFA_STALE: 403,
  FORBIDDEN: 403,
  APPROVAL_REQUIRED: 403,
  QUOTA_EXCEEDED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  READ_ONLY: 405,
  INVALID_STATE: 409,
  CONFLICT: 409,
  LOCKED: 409,
  PRECONDITION_FAILED: 412,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  VALIDATION_FAILED: 422,
  CYCLIC_DEPENDENCY: 422,
  IDEMPOTENCY_MISMATCH: 422,
  RATE_LIMITED: 429,
  UPSTREAM_ERROR: 502,
  BACKEND_ERROR: 502,
  UPSTREAM_TIMEOUT: 504,
  BACKEND_TIMEOUT: 504,
  QUEUE_FULL: 503,
  STORAGE_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  AUTH_UNAVAILABLE: 503,
  AUDIT_UNAVAILABLE: 503,
};

const byKind: Readonly<Record<ErrorKind, number>> = {
  failure: 500,
  usage: 422,
  configuration: 422,
  permission: 403,
  'not-found': 404,
  conflict: 409,
  unavailable: 503,
  interrupted: 503,
  bug: 500,
};

export function httpStatus(error: ProvisioningError): number {
  return byCode[error.code] ?? byKind[error.kind];
}
