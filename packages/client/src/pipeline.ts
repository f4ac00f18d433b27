import { Emitter } from './emitter.ts';
import { ProvisioningAPIError } from './errors.ts';
import type { ProvisioningClient } from './provisioning-client.ts';
import type { Task } from './schemas/records.ts';

export interface PipelineStep {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly status: 'pending' | 'running' | 'completed' | 'failed' | 'skipped';
  readonly result?: unknown;
  readonly error?: Error;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** A pipeline that cannot run, or a step that failed; `steps` says how far it came. */
export class PipelineError extends ProvisioningAPIError {
  readonly steps: readonly PipelineStep[];

  constructor(message: string, steps: readonly PipelineStep[], cause?: unknown) {
    super({ code: 'PIPELINE', message, cause });
    this.steps = steps;
  }
}

export interface PipelineOptions {
  /** Steps at once; default no limit. */
  readonly maxParallel?: number;
  /** A step that returns a task's id is complete when that task is; default true. */
  readonly waitForTasks?: boolean;
  /** Milliseconds between two looks at a task. */
  readonly pollInterval?: number;
  /** Milliseconds for one task; 0 is none. Default 0. */
  readonly taskTimeout?: number;
}

export interface PipelineRun {
  readonly signal?: AbortSignal;
  readonly onStep?: (step: PipelineStep) => void;
  /** An abort cancels the tasks under way too. */
  readonly cancelTasks?: boolean;
}

/** Gets the results of the steps it depends on. */
export type StepOperation = (
  results: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
) => Promise<unknown>;

type Waiter = Pick<ProvisioningClient, 'waitForTaskCompletion' | 'cancelTask'>;
type State = { -readonly [Key in keyof PipelineStep]: PipelineStep[Key] } & { operation: StepOperation };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Steps in the order of their dependencies; each begins as soon as it can (14 §7). */
export class WorkflowPipeline extends Emitter<{ step: PipelineStep; handlerError: unknown }> {
  readonly #client: Waiter;
  readonly #options: PipelineOptions;
  readonly #steps: State[] = [];

  constructor(client: Waiter, options: PipelineOptions = {}) {
    super();
    this.#client = client;
    this.#options = options;
  }

  addStep(name: string, operation: StepOperation, dependencies: readonly string[] = []): this {
    this.#steps.push({ name, operation, dependencies, status: 'pending' });
    return this;
  }

  /** Results by step. @throws PipelineError before anything runs when the steps cannot be ordered */
  async execute(run: PipelineRun = {}): Promise<Record<string, unknown>> {
    this.#check();
    const { maxParallel = Infinity } = this.#options;
    const running = new Map<string, Promise<void>>();
    let failed: State | undefined;
    for (;;) {
      run.signal?.throwIfAborted();
      for (const step of this.#steps) {
        if (failed || running.size >= maxParallel) break;
        if (
          step.status === 'pending' &&
          step.dependencies.every((name) => this.#step(name).status === 'completed')
        ) {
          running.set(
            step.name,
            this.#run(step, run).finally(() => running.delete(step.name)),
          );
        }
      }
      if (running.size === 0) break;
      await Promise.race(running.values());
      failed ??= this.#steps.find(({ status }) => status === 'failed');
    }
    if (!failed) return Object.fromEntries(this.#steps.map(({ name, result }) => [name, result]));
    for (const step of this.#steps) if (step.status === 'pending') this.#move(step, 'skipped', run);
    if (run.signal?.aborted) throw run.signal.reason as Error;
    throw new PipelineError(
      `Step ${failed.name} failed: ${failed.error?.message}`,
      this.#shown(),
      failed.error,
    );
  }

  async #run(step: State, run: PipelineRun): Promise<void> {
    step.startedAt = new Date().toISOString();
    this.#move(step, 'running', run);
    try {
      const results = Object.fromEntries(step.dependencies.map((name) => [name, this.#step(name).result]));
      const result = await step.operation(results, run.signal);
      const isTask = this.#options.waitForTasks !== false && typeof result === 'string' && uuid.test(result);
      step.result = isTask ? await this.#finished(result, run) : result;
      this.#move(step, 'completed', run);
    } catch (error) {
      step.error = error as Error;
      this.#move(step, 'failed', run);
    }
  }

  async #finished(id: string, { signal, cancelTasks }: PipelineRun): Promise<Task> {
    const { pollInterval, taskTimeout = 0 } = this.#options;
    try {
      return await this.#client.waitForTaskCompletion(id, {
        timeout: taskTimeout,
        throwOnFailure: true,
        ...(pollInterval === undefined ? {} : { pollInterval }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted && cancelTasks) await this.#client.cancelTask(id).catch(() => undefined);
      throw error;
    }
  }

  #move(step: State, status: PipelineStep['status'], { onStep }: PipelineRun): void {
    step.status = status;
    if (status !== 'running') step.endedAt = new Date().toISOString();
    const shown = shownStep(step);
    onStep?.(shown);
    this.emit('step', shown);
  }

  #step(name: string): State {
    return this.#steps.find((step) => step.name === name)!;
  }

  #shown(): PipelineStep[] {
    return this.#steps.map(shownStep);
  }

  #check(): void {
    const names = this.#steps.map(({ name }) => name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    if (twice.length > 0) throw this.#deadlock(`duplicate step ${twice.join(', ')}`);
    for (const { name, dependencies } of this.#steps) {
      const unknown = dependencies.filter((dependency) => !names.includes(dependency));
      if (unknown.length > 0) throw this.#deadlock(`step ${name} depends on unknown ${unknown.join(', ')}`);
    }
    const ordered = new Set<string>();
    for (let grown = true; grown;) {
      const ready = this.#steps.filter(
        ({ name, dependencies }) => !ordered.has(name) && dependencies.every((one) => ordered.has(one)),
      );
      for (const { name } of ready) ordered.add(name);
      grown = ready.length > 0;
    }
    const cyclic = names.filter((name) => !ordered.has(name));
    if (cyclic.length > 0) throw this.#deadlock(`cycle among ${cyclic.join(', ')}`);
  }

  #deadlock(reason: string): PipelineError {
    return new PipelineError(`Pipeline deadlock detected: ${reason}`, this.#shown());
  }
}

function shownStep({ operation: _operation, ...step }: State): PipelineStep {
  return { ...step };
}
