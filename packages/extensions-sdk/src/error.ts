/**
 * What went wrong, in one shape for the CLI, the API and every extension.
 *
 * Errors are values: they carry a code that programs read, a message that says what was expected and what was found,
 * and a hint that says what to do next.
 */

/** The class of an error decides the exit code (rulings §9) and the HTTP status. */
export type ErrorKind =
  | 'failure'
  | 'usage'
  | 'configuration'
  | 'permission'
  | 'not-found'
  | 'conflict'
  | 'unavailable'
  | 'interrupted'
  | 'bug';

/** Exit code of the CLI for each kind (rulings §9). */
export const exitCodes: Readonly<Record<ErrorKind, number>> = {
  failure: 1,
  usage: 2,
  configuration: 3,
  permission: 4,
  'not-found': 5,
  conflict: 1,
  unavailable: 1,
  interrupted: 130,
  bug: 1,
};

/** Where in a file the cause stands; line and column count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Dotted path of the key, such as `servers.0.plan`. */
  readonly key?: string;
}

/** One finding of a validation; a `ProvisioningError` may carry many. */
export interface Issue {
  readonly message: string;
  readonly code?: string;
  readonly location?: SourceLocation;
  readonly hint?: string;
  /** The source lines around the location with a mark under the column. */
  readonly frame?: string;
}

export interface ErrorOptions {
  /** UPPER_CASE, the same in every service (rulings §6). */
  readonly code: string;
  readonly message: string;
  readonly kind?: ErrorKind;
  readonly hint?: string;
  readonly location?: SourceLocation;
  /** All findings, when there is more than one. */
  readonly issues?: readonly Issue[];
  /** Whether the same call may succeed later without a change. */
  readonly retryable?: boolean;
  /** Seconds to wait before the next attempt, when the other side said so. */
  readonly retryAfter?: number;
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** Marks our errors across copies of this package: an extension brings its own copy, a bundle has another. */
const brand = Symbol.for('provisioning.error');

export class ProvisioningError extends Error {
  readonly [brand] = true;
  readonly code: string;
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly location: SourceLocation | undefined;
  readonly issues: readonly Issue[];
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly details: unknown;

  constructor(options: ErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ProvisioningError';
    this.code = options.code;
    this.kind = options.kind ?? 'failure';
    this.hint = options.hint;
    this.location = options.location;
    this.issues = options.issues ?? [];
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
    this.details = options.details;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null || !(brand in value)) return false;
    return this === ProvisioningError || Function.prototype[Symbol.hasInstance].call(this, value);
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }

  /** The form that is journalled and sent over an API; no stack, no cause. */
  toJSON(): SerializedError {
    return {
      code: this.code,
      message: this.message,
      kind: this.kind,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.location === undefined ? {} : { location: this.location }),
      ...(this.issues.length === 0 ? {} : { issues: this.issues }),
      ...(this.retryable ? { retryable: true } : {}),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  static fromJSON(value: SerializedError): ProvisioningError {
    return new ProvisioningError(value);
  }

  /** Any thrown value as a `ProvisioningError`; an unknown one is a bug of ours (`INTERNAL`). */
  static from(value: unknown): ProvisioningError {
    if (value instanceof ProvisioningError) return value;
    const message = value instanceof Error ? value.message : String(value);
    return new ProvisioningError({ code: 'INTERNAL', kind: 'bug', message, cause: value });
  }
}

export interface SerializedError {
  readonly code: string;
  readonly message: string;
  readonly kind?: ErrorKind;
  readonly hint?: string;
  readonly location?: SourceLocation;
  readonly issues?: readonly Issue[];
  readonly retryable?: boolean;
  readonly details?: unknown;
}
