import { hostname } from 'node:os';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Attempt, type AttemptOptions } from '../execution/attempt.ts';
import type { Assignment, Executor } from '../execution/executor.ts';
import type { Dispatcher, DispatchHost, WorkerInfo } from './dispatcher.ts';

/** Runs assignments in this process. */
export class EmbeddedDispatcher implements Dispatcher {
  readonly type = 'embedded';
  readonly outlives = false;
  readonly #executor: Executor;
  readonly #options: AttemptOptions;
  readonly #running = new Map<string, Attempt>();
  #host!: DispatchHost;
  #idle: (() => void) | undefined;
  #closed = false;
  #completed = 0;
  #failed = 0;
  readonly #started = new Date().toISOString();

  constructor(executor: Executor, options: AttemptOptions) {
    this.#executor = executor;
    this.#options = options;
  }

  start(host: DispatchHost): Promise<void> {
    this.#host = host;
    return Promise.resolve();
  }

  dispatch(assignment: Assignment): void {
    if (this.#closed) return;
    const attempt = new Attempt(
      assignment,
      this.#executor,
      {
        saveStep: (of, step, result) => this.#host.step(of, step, result),
        progress: (of, progress) => this.#host.progress(of, progress),
      },
      this.#options,
    );
    const key = keyOf(assignment.workflow.id, assignment.operation.index);
    this.#running.set(key, attempt);
    void attempt.run().then((outcome) => {
      this.#running.delete(key);
      if (outcome.ok) this.#completed++;
      else this.#failed++;
      // What ends after the dispatcher was closed is begun again at the next start, under the same key.
      if (!this.#closed) this.#host.finished(assignment, outcome);
      if (this.#running.size === 0) this.#idle?.();
    });
  }

  abort(workflow: string, operation: number, reason: Error): void {
    this.#running.get(keyOf(workflow, operation))?.abort(reason);
  }

  health(): { status: 'healthy' } {
    return { status: 'healthy' };
  }

  workers(): readonly WorkerInfo[] {
    return [
      {
        id: `${hostname()}/${process.pid}`,
        host: hostname(),
        state: this.#running.size > 0 ? 'busy' : 'idle',
        started_at: this.#started,
        heartbeat_at: new Date().toISOString(),
        running: this.#running.size,
        completed: this.#completed,
        failed: this.#failed,
      },
    ];
  }

  async close(grace: number): Promise<void> {
    if (this.#running.size > 0 && grace > 0) {
      let timer: NodeJS.Timeout | undefined;
      const expired = new Promise<void>((resolve) => (timer = setTimeout(resolve, grace)));
      await Promise.race([new Promise<void>((resolve) => (this.#idle = resolve)), expired]);
      clearTimeout(timer);
    }
    this.#closed = true;
    const reason = new ProvisioningError({
      code: 'SHUTTING_DOWN',
      kind: 'interrupted',
      message: 'The orchestrator is shutting down; the operation goes on at its next start',
    });
    for (const attempt of this.#running.values()) attempt.abort(reason);
    await this.#executor.close?.();
  }
}

function keyOf(workflow: string, operation: number): string {
  return `${workflow}/${operation}`;
}
