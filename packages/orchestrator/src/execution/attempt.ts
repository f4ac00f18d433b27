import type { Progress } from '@provisioning/extensions-sdk';
import type { Failure } from '../engine/events.ts';
import type { Assignment, Execution, Executor } from './executor.ts';
import { outputWithin, requireStepWithin } from './event-limit.ts';
import { failureOf, TimeLimit } from './failure.ts';

export type Outcome =
  { readonly ok: true; readonly output: unknown } | { readonly ok: false; readonly failure: Failure };

export interface AttemptHost {
  /** Journals a finished step; resolves when it is durable. */
  saveStep(assignment: Assignment, step: string, result: unknown): Promise<void>;
  progress(assignment: Assignment, progress: Progress): void;
}

export interface AttemptOptions {
  /** Milliseconds that an aborted attempt gets to stop by itself. */
  readonly grace: number;
}

/** One attempt: time limit, abort, durable steps, and its outcome as a value. Never rejects. */
export class Attempt {
  readonly assignment: Assignment;
  readonly #executor: Executor;
  readonly #host: AttemptHost;
  readonly #options: AttemptOptions;
  readonly #abort = new AbortController();

  constructor(assignment: Assignment, executor: Executor, host: AttemptHost, options: AttemptOptions) {
    this.assignment = assignment;
    this.#executor = executor;
    this.#host = host;
    this.#options = options;
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  async run(): Promise<Outcome> {
    const { operation } = this.assignment;
    const { signal } = this.#abort;
    let graceTimer: NodeJS.Timeout | undefined;
    const limit =
      operation.timeout > 0
        ? setTimeout(
            () => this.#abort.abort(new TimeLimit(operation.timeout)),
            Math.min(operation.timeout, 2 ** 31 - 1),
          )
        : undefined;
    const unresponsive = new Promise<never>((_resolve, reject) => {
      signal.addEventListener(
        'abort',
        () => (graceTimer = setTimeout(() => reject(signal.reason as Error), this.#options.grace)),
        { once: true },
      );
    });
    try {
      const output = await Promise.race([this.#work(signal), unresponsive]);
      const tell = (message: string) =>
        this.#host.progress(this.assignment, { type: 'log', level: 'info', message });
      return { ok: true, output: outputWithin(output, tell) };
    } catch (error) {
      const cause = signal.reason instanceof TimeLimit ? signal.reason : error;
      return { ok: false, failure: failureOf(cause) };
    } finally {
      clearTimeout(limit);
      clearTimeout(graceTimer);
    }
  }

  async #work(signal: AbortSignal): Promise<unknown> {
    const { assignment } = this;
    const { workflow, operation } = assignment;
    const seen = new Map<string, number>();
    const execution: Execution = {
      ...assignment,
      signal,
      idempotencyKey: `${workflow.id}/${operation.id}`,
      step: async (name, work) => {
        const count = (seen.get(name) ?? 0) + 1;
        seen.set(name, count);
        // Undo has steps of its own; the second step of a name is another one than the first.
        const key = (assignment.undo ? 'undo:' : '') + (count === 1 ? name : `${name}#${count}`);
        if (assignment.steps.has(key)) return assignment.steps.get(key) as Awaited<ReturnType<typeof work>>;
        signal.throwIfAborted();
        const result = await work();
        requireStepWithin(key, result);
        await this.#host.saveStep(assignment, key, result);
        return result;
      },
      report: (progress) => this.#host.progress(assignment, progress),
    };
    if (assignment.undo) return this.#executor.undo(execution);
    if (workflow.checkMode) return this.#executor.plan(execution);
    return this.#executor.run(execution);
  }
}
