import { type ErrorKind, ProvisioningError } from './error.ts';

/** Classes of provider errors (06 §7). */
export type ProviderErrorCode =
  | 'auth'
  | 'quota'
  | 'invalid'
  | 'not_found'
  | 'conflict'
  | 'rate_limited'
  | 'timeout'
  | 'unavailable'
  | 'unsupported'
  | 'unknown';

const kinds: Readonly<Record<ProviderErrorCode, ErrorKind>> = {
  auth: 'permission',
  quota: 'failure',
  invalid: 'usage',
  not_found: 'not-found',
  conflict: 'conflict',
  rate_limited: 'unavailable',
  timeout: 'unavailable',
  unavailable: 'unavailable',
  unsupported: 'failure',
  unknown: 'failure',
};

const retryableCodes: ReadonlySet<ProviderErrorCode> = new Set(['rate_limited', 'timeout', 'unavailable']);

/** An error of a provider call; shown as `Provider error [<provider>]: <message>` with `→ <help>` (06 §7). */
export class ProviderError extends ProvisioningError {
  readonly provider: string;
  readonly operation: string;
  readonly providerCode: ProviderErrorCode;
  readonly status: number | undefined;

  constructor(options: {
    readonly provider: string;
    readonly operation: string;
    readonly code: ProviderErrorCode;
    readonly message: string;
    readonly help?: string;
    readonly status?: number;
    readonly retryAfter?: number;
    readonly retryable?: boolean;
    readonly cause?: unknown;
  }) {
    super({
      code: `PROVIDER_${options.code.toUpperCase()}`,
      kind: kinds[options.code],
      message: options.message,
      hint: options.help,
      retryable: options.retryable ?? retryableCodes.has(options.code),
      retryAfter: options.retryAfter,
      details: { provider: options.provider, operation: options.operation, status: options.status },
      cause: options.cause,
    });
    this.name = 'ProviderError';
    this.provider = options.provider;
    this.operation = options.operation;
    this.providerCode = options.code;
    this.status = options.status;
  }
}
