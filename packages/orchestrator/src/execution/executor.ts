import type { Change, Progress } from '@provisioning/extensions-sdk';
import type { PlannedOperation, WorkflowPlan } from '../engine/plan.ts';

/** One attempt at an operation or at its compensation. */
export interface Assignment {
  /** The workflow's number in the store. */
  readonly number: number;
  readonly workflow: WorkflowPlan;
  readonly operation: PlannedOperation;
  readonly attempt: number;
  /** How often this attempt was begun anew because its process was lost. */
  readonly run: number;
  /** When it began: after a resume the counts begin anew. */
  readonly begun: number;
  /** Compensate instead of run. */
  readonly undo: boolean;
  /** What the operation returned, for its compensation. */
  readonly output: unknown;
  /** Results of steps that earlier attempts finished. */
  readonly steps: ReadonlyMap<string, unknown>;
}

/** What an executor may do while it works on an assignment. */
export interface Execution extends Assignment {
  readonly signal: AbortSignal;
  /** `<workflow>/<operation>`, the same for every attempt (12 §11). */
  readonly idempotencyKey: string;
  /** Runs `work` unless the journal has its result; the result is durable before this resolves. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  report(progress: Progress): void;
}

/** Runs operations of the types it knows. The orchestrator itself knows none. */
export interface Executor {
  supports(type: string): boolean;
  canUndo(type: string, input: unknown): boolean;
  /** What an attempt that did not come to its end has done, by its finished steps; `undefined` is nothing. */
  partial?(type: string, input: unknown, steps: ReadonlyMap<string, unknown>): unknown;
  /** Resources that an operation changes, where its definition names none. */
  resources?(type: string, input: unknown): readonly string[];
  /** Findings about an operation's input; empty when it is good. */
  validate(operation: PlannedOperation, workflow: WorkflowPlan): readonly string[];
  /** What `run` would change. Changes nothing. */
  plan(execution: Execution): Promise<readonly Change[]>;
  run(execution: Execution): Promise<unknown>;
  undo(execution: Execution): Promise<void>;
  close?(): Promise<void>;
}
