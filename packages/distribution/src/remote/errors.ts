import { isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';

const certificateCodes: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** Errors of a connection that may vanish on the next attempt. */
const transientCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
]);

export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** Whether trying the same request again makes sense. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ProvisioningError) return error.retryable;
  return transientCodes.has(errorCode(error));
}

/** A failed connection in the words of 09 §7. */
export function connectionError(host: string, error: unknown, timeoutSeconds: number): ProvisioningError {
  if (error instanceof ProvisioningError) return error;
  const code = errorCode(error);
  if (code === 'ECONNREFUSED') {
    return new ProvisioningError({
      code: 'CONNECTION_REFUSED',
      kind: 'unavailable',
      message: `Connection refused to ${host}`,
      hint: isLoopback(host)
        ? 'Start the local registry: provisioning oci-registry start'
        : 'check the address and that the registry runs',
      cause: error,
    });
  }
  if (certificateCodes.has(code)) {
    return new ProvisioningError({
      code: 'UNKNOWN_CERTIFICATE_AUTHORITY',
      message: 'x509: certificate signed by unknown authority',
      hint: 'use --insecure for development, or set oci.ca_file',
      details: { host },
      cause: error,
    });
  }
  if (
    code === 'CERT_HAS_EXPIRED' ||
    code === 'ERR_TLS_CERT_ALTNAME_INVALID' ||
    code === 'CERT_NOT_YET_VALID'
  ) {
    return new ProvisioningError({
      code: 'INVALID_CERTIFICATE',
      message: `The certificate of ${host} is not valid: ${(error as Error).message}`,
      hint: 'renew the certificate of the registry, or use the name it was issued for',
      cause: error,
    });
  }
  if (code === 'ETIMEDOUT' || code === 'ERR_TIMEOUT') return timeoutError(host, timeoutSeconds);
  return new ProvisioningError({
    code: 'REGISTRY_UNREACHABLE',
    kind: 'unavailable',
    message: `Registry ${host} cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
    hint: code === 'ENOTFOUND' ? 'check the host name' : 'check the network and the proxy settings',
    retryable: isTransient(error),
    cause: error,
  });
}

export function timeoutError(host: string, seconds: number): ProvisioningError {
  return new ProvisioningError({
    code: 'REGISTRY_TIMEOUT',
    kind: 'unavailable',
    message: `Registry ${host} did not answer within ${seconds} s`,
    hint: 'try again, or raise oci.timeout_seconds',
    retryable: true,
  });
}

/** What a registry wrote into an error body (distribution-spec "Error Codes"), cut to a line of printable text. */
export function registryMessage(body: string): string | undefined {
  try {
    const { errors } = JSON.parse(body) as { errors?: { code?: unknown; message?: unknown }[] };
    const first = errors?.[0];
    if (first === undefined) return undefined;
    const text = [first.code, first.message]
      .filter((part) => typeof part === 'string' && part !== '')
      .join(': ');
    // Control characters of a hostile registry must not reach a terminal.
    return text.replace(/\p{Cc}/gu, ' ').slice(0, 300) || undefined;
  } catch {
    return undefined;
  }
}

export interface FailedResponse {
  readonly status: number;
  readonly host: string;
  readonly repository?: string;
  readonly method: string;
  readonly body: string;
  /** Seconds after which the registry wants to be asked again. */
  readonly retryAfter?: number;
}

/** What a host says who is not asked before a time, in milliseconds since 1970 (10 §1). */
export function rateLimited(until: number): ProvisioningError {
  return new ProvisioningError({
    code: 'RATE_LIMITED',
    kind: 'unavailable',
    message: `rate limited until ${new Date(until).toISOString()}`,
    retryable: true,
  });
}

/** An HTTP status as an error in the words of 09 §7; 404 is told apart by the callers who know what was asked for. */
export function statusError(response: FailedResponse): ProvisioningError {
  const { status, host, repository, retryAfter } = response;
  const said = registryMessage(response.body);
  const details = { status, host, ...(said === undefined ? {} : { registry: said }) };
  if (status === 401) {
    return new ProvisioningError({
      code: 'UNAUTHORIZED',
      kind: 'permission',
      message: 'unauthorized: authentication required',
      hint: `provisioning oci login ${host}`,
      details,
    });
  }
  if (status === 403) {
    return new ProvisioningError({
      code: 'DENIED',
      kind: 'permission',
      message: `denied: requested access to ${repository ?? host} is denied`,
      hint: 'ask the owner of the registry for access, or log in as somebody else',
      details,
    });
  }
  if (status === 429) {
    return new ProvisioningError({
      code: 'RATE_LIMITED',
      kind: 'unavailable',
      message: `Registry ${host} limits the rate of requests`,
      hint: 'log in for a higher limit, or try again later',
      retryable: true,
      details: { ...details, ...(retryAfter === undefined ? {} : { retry_after: retryAfter }) },
    });
  }
  return new ProvisioningError({
    code: status >= 500 ? 'REGISTRY_ERROR' : 'REGISTRY_REFUSED',
    kind: status >= 500 ? 'unavailable' : 'failure',
    message: `Registry ${host} answered ${status} to ${response.method}${repository === undefined ? '' : ` ${repository}`}${said === undefined ? '' : `: ${said}`}`,
    retryable: status >= 500,
    details,
  });
}

/** The registry answered something the specification does not allow. */
export function protocolError(host: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'REGISTRY_PROTOCOL',
    message: `Registry ${host} does not keep to the distribution specification: ${reason}`,
    hint: 'nothing was stored; check that the address is a registry and that nothing rewrites its answers',
  });
}
