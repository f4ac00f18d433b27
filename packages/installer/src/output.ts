import type { Writable } from 'node:stream';
import type { FormStyle } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the program writes: results on one stream, progress and errors on the other. */
export class Output implements FormStyle {
  readonly #out: Writable;
  readonly #err: Writable & { readonly isTTY?: boolean };
  readonly #marks: boolean;

  constructor(out: Writable, err: Writable & { readonly isTTY?: boolean }, environment: Environment) {
    this.#out = out;
    this.#err = err;
    this.#marks =
      err.isTTY === true && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
  }

  strong(text: string): string {
    return this.#marks ? `\u001b[1m${text}\u001b[0m` : text;
  }

  mark(name: 'active' | 'inactive' | 'error'): string {
    const [plain, drawn] = { active: ['*', '◉'], inactive: ['-', '◯'], error: ['error:', '✗'] }[name] as [
      string,
      string,
    ];
    return this.#marks ? drawn : plain;
  }

  print(...lines: readonly string[]): void {
    this.#out.write(lines.map((line) => `${line}\n`).join(''));
  }

  progress(line: string): void {
    this.#err.write(`${line}\n`);
  }

  warn(line: string): void {
    this.progress(`${this.#marks ? '⚠' : 'warning:'} ${line}`);
  }

  failed(line: string): void {
    this.progress(`${this.#marks ? '✗' : 'error:'} ${line}`);
  }

  error(thrown: unknown): void {
    const error = ProvisioningError.from(thrown);
    this.failed(error.message);
    for (const { message } of error.issues) this.progress(`  ${message}`);
    if (error.hint !== undefined) this.progress(`  -> ${error.hint}`);
    if (error.kind === 'bug' && thrown instanceof Error) this.progress(thrown.stack ?? '');
  }
}
