import type { WorkflowDefinition } from '@provisioning/client';
import fc from 'fast-check';
import { apply, mayRun, pendingCommands } from './apply.ts';
import type { Command } from './commands.ts';
import type { WorkflowEvent } from './events.ts';
import { compile, type WorkflowPlan } from './plan.ts';
import { interruptCompensations, mayUndo } from './rollback.ts';
import { initialState, type WorkflowState } from './state.ts';

/** How an operation behaves: failing attempts before success, or for ever. */
export interface Behaviour {
  readonly failures: number;
  readonly undoFails: boolean;
}

export interface Scenario {
  readonly definition: WorkflowDefinition;
  readonly behaviours: readonly Behaviour[];
  /** Choices of the world: which running attempt ends next, where the process dies. */
  readonly choices: readonly number[];
  readonly crashes: ReadonlySet<number>;
  readonly cancelAt: number | undefined;
}

const attempts = 3;

/** Random graphs of up to 12 operations with every kind of failure, crashes and cancellation. */
export const scenarios = fc
  .record({
    size: fc.integer({ min: 1, max: 12 }),
    edges: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 30 }),
    behaviours: fc.array(
      fc.record({
        failures: fc.constantFrom(0, 0, 0, 1, 2, 9),
        undoFails: fc.boolean(),
        lenient: fc.boolean(),
      }),
      { minLength: 12, maxLength: 12 },
    ),
    onFailure: fc.constantFrom('stop' as const, 'continue' as const, 'rollback' as const),
    choices: fc.array(fc.nat(), { minLength: 20, maxLength: 60 }),
    crashes: fc.array(fc.nat({ max: 80 }), { maxLength: 4 }),
    cancelAt: fc.option(fc.nat({ max: 40 }), { nil: undefined, freq: 3 }),
  })
  .map(({ size, edges, behaviours, onFailure, choices, crashes, cancelAt }): Scenario => {
    const dependencies: Record<string, { id: string; kind: 'hard' | 'soft' }[]> = {};
    for (const [a, b, hard] of edges) {
      const [low, high] = [a % size, b % size].sort((x, y) => x - y) as [number, number];
      if (low === high) continue;
      (dependencies[`op${high}`] ??= []).push({ id: `op${low}`, kind: hard ? 'hard' : 'soft' });
    }
    const definition: WorkflowDefinition = {
      name: 'random',
      version: '1.0.0',
      on_failure: onFailure,
      dependencies,
      operations: Array.from({ length: size }, (_, index) => ({
        id: `op${index}`,
        type: 'test.run',
        continue_on_error: behaviours[index]!.lenient,
        retry_policy: { max_attempts: attempts },
      })),
    };
    return { definition, behaviours, choices, crashes: new Set(crashes), cancelAt };
  });

/** A world around the pure engine: it journals, obeys commands, and crashes where the scenario says. */
export class Simulation {
  readonly journal: WorkflowEvent[] = [];
  readonly plan: WorkflowPlan;
  /** Operations in the order in which they were begun and undone. */
  readonly begun: number[] = [];
  readonly undone: number[] = [];
  state: WorkflowState;
  #ready = new Map<string, { op: number; undo: boolean }>();
  #running = new Map<string, { op: number; undo: boolean }>();
  #clock = 0;
  readonly #scenario: Scenario;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.plan = compile('workflow', scenario.definition);
    this.state = initialState(this.plan);
  }

  run(): void {
    this.#append({ type: 'WorkflowSubmitted', at: this.#clock });
    for (let step = 0; step < 2000; step++) {
      if (this.#scenario.crashes.has(step)) this.#crash();
      if (
        step === this.#scenario.cancelAt &&
        (this.state.status === 'Pending' || this.state.status === 'Running')
      ) {
        this.#append({ type: 'CancelRequested', at: this.#clock });
      }
      if (!this.#turn(this.#scenario.choices[step % this.#scenario.choices.length]!)) return;
    }
    throw new Error('the workflow does not come to an end');
  }

  /** The state that the journal alone gives. */
  folded(): WorkflowState {
    const state = initialState(this.plan);
    for (const event of this.journal) apply(state, event, () => undefined);
    return state;
  }

  #turn(choice: number): boolean {
    this.#clock++;
    const startable = [...this.#ready].filter(([, { op, undo }]) =>
      undo ? mayUndo(this.state, op) : mayRun(this.state, op),
    );
    const options = startable.length + this.#running.size;
    if (options === 0) return false;
    const pick = choice % options;
    if (pick < startable.length) this.#start(...startable[pick]!);
    else this.#end(...[...this.#running][pick - startable.length]!);
    return true;
  }

  #start(key: string, work: { op: number; undo: boolean }): void {
    const { op, undo } = work;
    const own = this.state.operations[op]!;
    this.#ready.delete(key);
    this.#running.set(key, work);
    const at = this.#clock;
    if (undo) {
      this.undone.push(op);
      this.#append({ type: 'CompensationStarted', at, op, attempt: own.compensationAttempt + 1 });
      return;
    }
    if (this.state.status === 'Pending') this.#append({ type: 'WorkflowStarted', at });
    this.begun.push(op);
    const attempt = own.phase === 'interrupted' ? own.attempt : own.attempt + 1;
    this.#append({ type: 'OperationStarted', at, op, attempt });
  }

  #end(key: string, { op, undo }: { op: number; undo: boolean }): void {
    this.#running.delete(key);
    const at = this.#clock;
    const behaviour = this.#scenario.behaviours[op]!;
    const own = this.state.operations[op]!;
    const error = { code: 'BROKEN', message: 'broken' };
    if (undo) {
      if (behaviour.undoFails) this.#append({ type: 'CompensationFailed', at, op, error });
      else this.#append({ type: 'CompensationCompleted', at, op });
    } else if (this.state.cancel) this.#append({ type: 'OperationCancelled', at, op });
    else if (own.attempt > behaviour.failures) this.#append({ type: 'OperationCompleted', at, op });
    else if (own.attempt < attempts) this.#append({ type: 'RetryScheduled', at, op, due: at, error });
    else this.#append({ type: 'OperationFailed', at, op, error });
  }

  #append(event: WorkflowEvent): void {
    const commands: Command[] = [];
    this.journal.push(event);
    apply(this.state, event, (command) => commands.push(command));
    for (const command of commands) this.#obey(command);
  }

  #obey(command: Command): void {
    const at = this.#clock;
    switch (command.kind) {
      case 'run':
      case 'undo':
        this.#enqueue(command.op, command.kind === 'undo');
        return;
      case 'retry':
        this.#enqueue(command.op, command.undo);
        return;
      case 'abort':
        return;
      case 'finish':
        if (this.state.status !== 'Pending' && this.state.status !== 'Running') return;
        if (command.status === 'Completed') this.#append({ type: 'WorkflowCompleted', at });
        else if (command.status === 'Cancelled') this.#append({ type: 'WorkflowCancelled', at });
        else this.#append({ type: 'WorkflowFailed', at, error: { code: 'BROKEN', message: 'broken' } });
        return;
      case 'start-rollback': {
        const ops = this.state.operations
          .filter(({ status }) => status === 'Completed')
          .map(({ plan }) => plan.index);
        this.#append({ type: 'RollbackStarted', at, rollback: 'rollback', ops, irreversible: [] });
        return;
      }
      case 'finish-rollback':
        this.#append({ type: 'WorkflowRolledBack', at, success: command.success });
    }
  }

  #enqueue(op: number, undo: boolean): void {
    this.#ready.set(`${op}/${undo}`, { op, undo });
  }

  /** Everything in memory is gone; the journal is read again as recovery does it. */
  #crash(): void {
    this.state = this.folded();
    this.#ready.clear();
    this.#running.clear();
    interruptCompensations(this.state);
    for (const operation of this.state.operations) {
      const lost = operation.phase === 'running' || operation.phase === 'cancelling';
      if (operation.status !== 'Running' || !lost) continue;
      const { index: op } = operation.plan;
      if (this.state.cancel) this.#append({ type: 'OperationCancelled', at: this.#clock, op });
      else this.#append({ type: 'OperationInterrupted', at: this.#clock, op });
    }
    for (const command of pendingCommands(this.state)) this.#obey(command);
  }
}
