import { randomBytes } from 'node:crypto';
import type { WorkflowDefinition } from '@provisioning/client';
import type { Progress } from '@provisioning/extensions-sdk';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { apply, mayRun } from '../engine/apply.ts';
import { blamesDependency, Circuits } from '../engine/circuits.ts';
import type { Command } from '../engine/commands.ts';
import type { Failure, WorkflowEvent } from '../engine/events.ts';
import { workflowId } from '../engine/identifiers.ts';
import { compile, type PlanDefaults } from '../engine/plan.ts';
import { mayUndo } from '../engine/rollback.ts';
import { Scheduler, type SchedulerOptions, type Ticket } from '../engine/scheduler.ts';
import { initialState } from '../engine/state.ts';
import type { EventBus } from '../events/bus.ts';
import { project } from '../events/projection.ts';
import type { Outcome } from '../execution/attempt.ts';
import type { Assignment, Executor } from '../execution/executor.ts';
import type { Journal } from '../journal/journal.ts';
import type { RecordWrite } from '../journal/store.ts';
import type { SubmissionFacts } from '../views/records.ts';
import { refuseWhenBusy } from './admission.ts';
import { endingOf } from './ending.ts';
import { type Live, newLive, rowOf } from './live.ts';
import { ProgressReporter, type LogSink } from './progress.ts';
import { redactorOf } from './redaction.ts';
import { chooseRollback, rollbackOrderStart } from './rollback.ts';
import { assignmentOf, cancelled, isResting, queueKey, ticketOf } from './work.ts';
import { Timers } from './timers.ts';

export interface RuntimeOptions {
  readonly scheduler: SchedulerOptions;
  readonly defaults: PlanDefaults;
  /** Workflows that are Pending or Running at once; more are refused with `QUEUE_FULL`. */
  readonly maxQueue: number;
  /** Milliseconds after which timers and lost wake-ups are looked for. */
  readonly schedulingInterval: number;
  readonly worker: string;
}

export interface RuntimeParts {
  readonly journal: Journal;
  readonly dispatcher: Dispatcher;
  readonly executor: Executor;
  readonly bus: EventBus;
  readonly logs: LogSink;
  /** Told of every workflow that ended or was rolled back, once that is durable. */
  readonly onEnd?: (live: Live) => void;
  readonly onEvent?: (live: Live, event: WorkflowEvent) => void;
}

/** How often the same operation may lose its process before it fails (12 §10). */
export const maxInterruptions = 3;

/**
 * The shell around the pure engine: it journals events, applies them, and turns the engine's commands into scheduled
 * work. State changes at once; effects begin and answers go out only when the events before them are durable.
 */
export class Runtime {
  readonly #options: RuntimeOptions;
  readonly #parts: RuntimeParts;
  readonly #scheduler: Scheduler;
  readonly #timers: Timers;
  readonly #progress: ProgressReporter;
  readonly circuits = new Circuits();
  readonly #live = new Map<string, Live>();
  #nextNumber = 1;
  #pumping = false;
  #draining = false;
  #held = false;
  #dispatching = false;

  constructor(options: RuntimeOptions, parts: RuntimeParts) {
    this.#options = options;
    this.#parts = parts;
    this.#scheduler = new Scheduler(options.scheduler);
    this.#timers = new Timers((key) => this.#timerFired(key), options.schedulingInterval);
    this.#progress = new ProgressReporter(parts.bus, parts.logs);
  }

  get scheduler(): Scheduler {
    return this.#scheduler;
  }

  /** Workflows that have not ended. */
  get active(): number {
    return this.#live.size;
  }

  live(id: string): Live | undefined {
    return this.#live.get(id);
  }

  lives(): IterableIterator<Live> {
    return this.#live.values();
  }

  /** Continues numbering behind what the store has. */
  begin(lastNumber: number): void {
    this.#nextNumber = lastNumber + 1;
  }

  /** Starts handing out work; before it, commands only queue up (recovery). */
  dispatch(): void {
    this.#dispatching = true;
    this.#pump();
  }

  /**
   * Accepts a validated workflow. Resolves when it is durable.
   * @param records written in the same transaction (idempotency key)
   */
  async submit(
    definition: WorkflowDefinition,
    facts: SubmissionFacts = {},
    records: (id: string) => readonly RecordWrite[] = () => [],
  ): Promise<string> {
    refuseWhenBusy({
      draining: this.#draining,
      held: this.#held,
      storeError: this.#parts.journal.error,
      active: this.#live.size,
      limit: this.#options.maxQueue,
    });
    const now = Date.now();
    const id = workflowId(now, randomBytes(7));
    const live = newLive(
      this.#nextNumber++,
      initialState(compile(id, definition, this.#options.defaults)),
      facts,
    );
    this.#live.set(id, live);
    this.append(live, { type: 'WorkflowSubmitted', at: now });
    this.#parts.journal.put(rowOf(live, JSON.stringify(definition)));
    for (const record of records(id)) this.#parts.journal.record(record);
    await this.#parts.journal.flush();
    return id;
  }

  /** Takes a workflow that recovery has loaded, or one that begins to move again. */
  adopt(live: Live): void {
    this.#live.set(live.state.plan.id, live);
  }

  /** Accepts nothing new while `work` is under way. */
  async alone(work: () => Promise<void>): Promise<void> {
    this.#held = true;
    try {
      await work();
    } finally {
      this.#held = false;
    }
  }

  /** Journals an event, applies it and follows the engine's commands. */
  append(live: Live, event: WorkflowEvent): void {
    const { journal, bus, onEvent } = this.#parts;
    const { state } = live;
    const commands: Command[] = [];
    const status = state.status;
    const phase = state.phase;
    const change = () => apply(state, event, (command) => commands.push(command));
    const sequence = journal.append(live.number, event);
    if (bus.hears(state.plan.id)) {
      const envelopes = project(state, sequence, event, change);
      if (envelopes.length > 0) {
        journal.whenDurable(() => envelopes.forEach((envelope) => bus.publish(state.plan.id, envelope)));
      }
    } else change();
    onEvent?.(live, event);
    if (event.type !== 'WorkflowSubmitted' && (state.status !== status || state.phase !== phase)) {
      journal.put(rowOf(live));
    }
    this.follow(live, commands);
  }

  follow(live: Live, commands: readonly Command[]): void {
    for (const command of commands) this.#obey(live, command);
    this.#pump();
  }

  /** No new attempt starts; what runs may end. */
  drain(): void {
    this.#draining = true;
  }

  /** After the store has recovered. */
  wake(): void {
    this.#pump();
  }

  stop(): void {
    this.#draining = true;
    this.#timers.stop();
    this.#progress.close();
  }

  /** Starts a circuit trial and such from outside. */
  get timers(): Timers {
    return this.#timers;
  }

  /** An operation told something of itself. */
  report(assignment: Pick<Assignment, 'workflow' | 'operation'>, progress: Progress): void {
    const live = this.#live.get(assignment.workflow.id);
    if (!live) return;
    const told = redactorOf(live.state.plan)(progress);
    this.#progress.report(live.state, assignment.operation.index, told);
  }

  /** A step is finished: journalled, and known to every later attempt. */
  step(assignment: Assignment, step: string, result: unknown): Promise<void> {
    const live = this.#live.get(assignment.workflow.id);
    if (!live) return Promise.resolve();
    const at = Date.now();
    this.append(live, { type: 'StepCompleted', at, op: assignment.operation.index, step, result });
    return this.#parts.journal.flush();
  }

  /** An attempt has ended. */
  finished(assignment: Assignment, outcome: Outcome): void {
    const { workflow, operation, undo } = assignment;
    const live = this.#live.get(workflow.id);
    if (!live) return;
    const op = operation.index;
    this.#scheduler.release(workflow.id, op, undo);
    this.#progress.flush(live.state, op);
    if (operation.provider !== undefined) this.#judge(operation.provider, outcome);
    const told = redactorOf(live.state.plan)(outcome);
    const event = endingOf(live.state, assignment, told, Date.now(), Math.random());
    if (event) this.append(live, event);
    this.#pump();
  }

  /** Counts the outcome for the circuit of the provider (12 §6). */
  #judge(provider: string, outcome: Outcome): void {
    const now = Date.now();
    const broken = !outcome.ok && blamesDependency(outcome.failure);
    const change = broken ? this.circuits.failed(provider, now) : this.circuits.succeeded(provider);
    if (change === 'opened') {
      this.#scheduler.openCircuit(provider);
      this.#timers.set(`circuit:0:${provider}`, this.circuits.openUntil(provider)!);
    } else if (change === 'closed') {
      this.#timers.clear(`circuit:0:${provider}`);
      this.#scheduler.closeCircuit(provider);
    }
  }

  #obey(live: Live, command: Command): void {
    const { state } = live;
    const { id } = state.plan;
    switch (command.kind) {
      case 'run':
      case 'undo':
        this.#enqueue(live, command.op, command.kind === 'undo');
        return;
      case 'retry':
        this.#timers.set(`${command.undo ? 'undo' : 'run'}:${command.op}:${id}`, command.due);
        return;
      case 'abort':
        this.#parts.dispatcher.abort(id, command.op, cancelled(state.cancel?.reason));
        return;
      case 'finish':
        this.#finish(live, command.status);
        return;
      case 'start-rollback':
        this.append(live, rollbackOrderStart(live.state, chooseRollback(live.state, this.#parts.executor)));
        return;
      case 'finish-rollback':
        this.append(live, { type: 'WorkflowRolledBack', at: Date.now(), success: command.success });
        this.#ended(live);
        return;
    }
  }

  #finish(live: Live, status: 'Completed' | 'Failed' | 'Cancelled'): void {
    const { state } = live;
    if (state.status !== 'Pending' && state.status !== 'Running') return;
    const at = Date.now();
    if (status === 'Completed') this.append(live, { type: 'WorkflowCompleted', at });
    else if (status === 'Cancelled') this.append(live, { type: 'WorkflowCancelled', at });
    else {
      const error: Failure = state.error ?? { code: 'WORKFLOW_ERROR', message: 'Operations failed' };
      this.append(live, { type: 'WorkflowFailed', at, error });
    }
    if (state.plan.timeout > 0) this.#timers.clear(`workflow:0:${state.plan.id}`);
    if (state.phase !== 'rolling_back') this.#ended(live);
  }

  /** The workflow rests: it leaves memory as soon as its end is durable. */
  #ended(live: Live): void {
    const { id } = live.state.plan;
    this.#parts.journal.whenDurable(() => {
      if (this.#live.get(id) !== live || !isResting(live)) return;
      this.#live.delete(id);
      this.#progress.forget(id);
      this.#parts.onEnd?.(live);
    });
  }

  #enqueue(live: Live, op: number, undo: boolean): void {
    const key = queueKey(op, undo);
    if (live.queued.has(key)) return;
    live.queued.add(key);
    this.#scheduler.add(ticketOf(live, op, undo, Date.now()));
  }

  #timerFired(key: string): void {
    const [kind, number, id] = key.split(':') as [string, string, string];
    if (kind === 'circuit') {
      this.circuits.halfOpen(id);
      this.#scheduler.tryCircuit(id);
      this.#pump();
      return;
    }
    const live = this.#live.get(id);
    if (!live) return;
    const op = Number(number);
    if (kind === 'workflow') {
      const { status } = live.state;
      if (status === 'Running' || status === 'Pending')
        this.append(live, { type: 'WorkflowTimedOut', at: Date.now() });
    } else if (kind === 'undo' ? mayUndo(live.state, op) : mayRun(live.state, op)) {
      this.#enqueue(live, op, kind === 'undo');
    }
    this.#pump();
  }

  /** Starts what may start; once a turn, however many events asked for it. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      if (this.#draining || !this.#dispatching || this.#parts.journal.error) return;
      const now = Date.now();
      for (let ticket = this.#next(now); ticket; ticket = this.#next(now)) this.#start(ticket, now);
    });
  }

  #next(now: number): Ticket | undefined {
    return this.#scheduler.next(now, ({ workflow, op, undo }) => {
      const live = this.#live.get(workflow);
      if (!live) return false;
      if (undo ? mayUndo(live.state, op) : mayRun(live.state, op)) return true;
      live.queued.delete(queueKey(op, undo));
      return false;
    });
  }

  #start({ workflow, op, undo }: Ticket, at: number): void {
    const live = this.#live.get(workflow)!;
    live.queued.delete(queueKey(op, undo));
    const { state } = live;
    const own = state.operations[op]!;
    if (undo)
      this.append(live, { type: 'CompensationStarted', at, op, attempt: own.compensationAttempt + 1 });
    else {
      if (state.status === 'Pending') {
        this.append(live, { type: 'WorkflowStarted', at });
        this.watchTimeout(live);
      }
      // An attempt that was lost with the process is not counted (12 §10).
      const attempt = own.phase === 'interrupted' ? Math.max(1, own.attempt) : own.attempt + 1;
      this.append(live, { type: 'OperationStarted', at, op, attempt, worker: this.#options.worker });
    }
    const assignment = assignmentOf(live, op, undo);
    this.#parts.dispatcher.assign?.(assignment);
    this.#parts.journal.whenDurable(() => {
      // Cancelled between the decision and its durability: nothing has begun, nothing needs to be stopped.
      if (!undo && own.phase === 'cancelling') {
        this.finished(assignment, {
          ok: false,
          failure: { code: 'CANCELLED', message: 'Cancelled before it began' },
        });
      } else this.#parts.dispatcher.dispatch(assignment);
    });
  }

  /**
   * Takes up an attempt that other processes may still be working on: it keeps its slot and its locks, and the
   * dispatcher finds out whether somebody has it.
   */
  reattach(live: Live, op: number, undo: boolean): void {
    this.#scheduler.restore(ticketOf(live, op, undo, Date.now()));
    this.#parts.dispatcher.dispatch(assignmentOf(live, op, undo));
  }

  /** Arms the time limit of a whole workflow, counted from its start. */
  watchTimeout({ state }: Live): void {
    if (state.plan.timeout <= 0 || state.startedAt === undefined) return;
    this.#timers.set(`workflow:0:${state.plan.id}`, state.startedAt + state.plan.timeout);
  }
}
