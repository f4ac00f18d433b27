import { inspect } from 'node:util';

const brand = Symbol.for('provisioning.secret');

/** A value that never prints: in logs, JSON, templates and errors it reads `[redacted]`. */
export class Secret {
  readonly [brand] = true;
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Holds across copies of this package. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  /** The plain text. Call it where the value is used, never where it is stored or shown. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
