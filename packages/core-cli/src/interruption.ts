/**
 * Ctrl-C and SIGTERM (01 §8). The first signal aborts what runs and lets commands clean up; the second ends the process
 * at once.
 */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #cleanups = new Set<() => void | Promise<void>>();
  #received: 'SIGINT' | 'SIGTERM' | undefined;
  #handler: (() => void) | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The signal that ended the command, if one did. */
  get received(): 'SIGINT' | 'SIGTERM' | undefined {
    return this.#received;
  }

  get exitCode(): number {
    return this.#received === 'SIGTERM' ? 143 : 130;
  }

  /**
   * Gives the first Ctrl-C a meaning of its own: a watch ends quietly, `deploy` detaches and leaves the work running.
   * Returns a function that takes it back.
   */
  onInterrupt(handler: () => void): () => void {
    this.#handler = handler;
    return () => {
      if (this.#handler === handler) this.#handler = undefined;
    };
  }

  /** Runs when the command is interrupted: restore the terminal, remove temporary files. */
  onCleanup(cleanup: () => void | Promise<void>): () => void {
    this.#cleanups.add(cleanup);
    return () => this.#cleanups.delete(cleanup);
  }

  /** Starts to listen on the process; returns a function that stops. */
  listen(source: NodeJS.Process): () => void {
    const onSignal = (name: NodeJS.Signals): void => {
      void this.receive(name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT', (code) => source.exit(code));
    };
    source.on('SIGINT', onSignal);
    source.on('SIGTERM', onSignal);
    return () => {
      source.off('SIGINT', onSignal);
      source.off('SIGTERM', onSignal);
    };
  }

  /** What a signal does; `exit` ends the process. */
  async receive(name: 'SIGINT' | 'SIGTERM', exit: (code: number) => void): Promise<void> {
    if (this.#received !== undefined) {
      exit(this.exitCode);
      return;
    }
    if (name === 'SIGINT' && this.#handler) {
      const handler = this.#handler;
      this.#handler = undefined;
      handler();
      return;
    }
    this.#received = name;
    await Promise.allSettled([...this.#cleanups].map((cleanup) => cleanup()));
    this.#controller.abort(new Error('interrupted'));
  }
}
