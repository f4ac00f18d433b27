import { ProviderError, type ProviderErrorCode } from '../provider-error.ts';

/** What failed, in the words of 06 §7. */
const titles: Readonly<Record<string, string>> = {
  createServer: 'Server creation failed',
  deleteServer: 'Server deletion failed',
  listServers: 'Failed to list servers',
  getServer: 'Failed to read the server',
  setServerState: 'Server state change failed',
  resizeServer: 'Server resize failed',
  updateServer: 'Server update failed',
  testConnection: 'Authentication failed',
};

const helps: Readonly<Partial<Record<ProviderErrorCode, string>>> = {
  auth: 'Check API credentials and permissions',
  quota: 'Contact support to increase quota or delete unused servers',
  invalid: 'Check configuration syntax and required fields',
  conflict: 'Look at the resource at the provider, then run the command again',
  rate_limited: 'Run the command again later, or lower rate_limit in the configuration of the provider',
  timeout: 'Check network connectivity and try again',
  unavailable: 'Check network connectivity and try again',
  unknown: 'Check network connectivity and try again',
};

/** `Server creation failed` for `createServer`; other operations by their name. */
export function operationTitle(operation: string): string {
  return titles[operation] ?? `${operation} failed`;
}

/** A `ProviderError` with the usual message and help for its code. `text` is what the service said. */
export function providerError(options: {
  readonly provider: string;
  readonly operation: string;
  readonly code: ProviderErrorCode;
  readonly text?: string;
  readonly message?: string;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly cause?: unknown;
}): ProviderError {
  const { code, text, operation } = options;
  const said = text === undefined || text === '' ? '' : ` (${text})`;
  const title = operationTitle(operation);
  const seconds = Math.ceil(options.retryAfter ?? 60);
  const messages: Readonly<Record<ProviderErrorCode, string>> = {
    auth:
      operation === 'testConnection'
        ? `${title}: ${text ?? 'refused'}`
        : `${title}: authentication error${said}`,
    quota: `${title}: quota limit exceeded${said}`,
    invalid: `${title}: ${text ?? 'the request is not valid'}`,
    not_found: text ?? 'Not found',
    conflict: `${title}: ${text ?? 'the resource is in another state'}`,
    rate_limited: `Rate limit exceeded, retry in ${seconds} s`,
    timeout: `${title}: timeout${said}`,
    unavailable: `${title}: ${text ?? 'the service is not available'}`,
    unsupported: text ?? `Provider '${options.provider}' does not support ${operation}`,
    unknown: `${title}: ${text ?? 'unknown error'}`,
  };
  return new ProviderError({
    provider: options.provider,
    operation,
    code,
    message: options.message ?? messages[code],
    help:
      code === 'auth' && operation === 'testConnection'
        ? 'Check your API credentials and network connectivity'
        : helps[code],
    status: options.status,
    retryAfter: options.retryAfter,
    cause: options.cause,
  });
}

/** The error an API puts into its answer; the shapes of the services we know, else nothing. */
export interface ApiFault {
  readonly code?: string;
  readonly text?: string;
}

export function faultOf(body: unknown): ApiFault {
  if (typeof body === 'string') return { text: plainText(body) };
  if (typeof body !== 'object' || body === null) return {};
  const record = body as Record<string, unknown>;
  const inner = typeof record.error === 'object' && record.error !== null ? record.error : undefined;
  const source = (inner ?? (Array.isArray(record.errors) ? record.errors[0] : undefined) ?? record) as Record<
    string,
    unknown
  >;
  const code = source.code ?? source.error_code ?? source.id ?? source.type;
  const text = source.message ?? source.error_message ?? source.detail ?? record.error ?? source.title;
  return {
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(typeof text === 'string' ? { text: plainText(text) } : {}),
  };
}

/** One line of at most 300 characters; a page of HTML says nothing to a person. */
function plainText(text: string): string | undefined {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line === '' || line.startsWith('<')) return undefined;
  return line.length > 300 ? `${line.slice(0, 297)}...` : line;
}

/**
 * The class of a refused request (06 §7): first the service's own code, then the status, then words in the text.
 * A quota shows in many statuses, so its word counts wherever the status leaves room for it.
 */
export function classify(
  status: number,
  fault: ApiFault,
  codes: Readonly<Record<string, ProviderErrorCode>> = {},
): ProviderErrorCode {
  const known = fault.code === undefined ? undefined : codes[fault.code];
  if (known !== undefined) return known;
  const text = `${fault.code ?? ''} ${fault.text ?? ''}`;
  if (status === 401) return 'auth';
  if (status === 429) return 'rate_limited';
  if (status === 402 || status === 413) return 'quota';
  if (status !== 404 && /quota|limit[ _]exceeded/i.test(text)) return 'quota';
  if (status === 403) return 'auth';
  if (status === 404 || status === 410) return 'not_found';
  if (status === 409 || status === 423) return 'conflict';
  if (status === 408 || status === 504) return 'timeout';
  if (status >= 500) return 'unavailable';
  if (status === 400 || status === 422) return 'invalid';
  return /\bauth(?!or)/i.test(text) ? 'auth' : 'unknown';
}
