import type { RunOptions } from '@provisioning/extensions-sdk';
import { commandTimedOut, interrupted } from './transport-error.ts';

/** How long a stopped command may take to end before its result is given up. */
const patience = 5_000;

/**
 * Watches the time limit and the abort signal of one command. `stop` must end the command's process group; the command
 * then settles by itself, or `giveUp` is called with the error.
 */
export class RunWatch {
  /** Why the command was stopped; it replaces whatever result the command then has. */
  reason: Error | undefined;
  readonly #cleanup: (() => void)[] = [];

  constructor(name: string, options: RunOptions, stop: () => void, giveUp: (error: Error) => void) {
    const fail = (error: Error): void => {
      if (this.reason !== undefined) return;
      this.reason = error;
      stop();
      this.#after(patience, () => giveUp(error));
    };
    const { timeout, signal } = options;
    if (timeout !== undefined) this.#after(timeout * 1000, () => fail(commandTimedOut(name, timeout)));
    if (signal === undefined) return;
    const onAbort = (): void => fail(interrupted(name, signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#cleanup.push(() => signal.removeEventListener('abort', onAbort));
  }

  #after(milliseconds: number, action: () => void): void {
    const timer = setTimeout(action, milliseconds);
    this.#cleanup.push(() => clearTimeout(timer));
  }

  end(): void {
    for (const clean of this.#cleanup.splice(0)) clean();
  }
}
