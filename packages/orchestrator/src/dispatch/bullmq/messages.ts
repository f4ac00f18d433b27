import type { Progress } from '@provisioning/extensions-sdk';
import type { Outcome } from '../../execution/attempt.ts';
import type { Assignment } from '../../execution/executor.ts';

/** Name of the queue in Redis; jobs are wake-ups, the store is the truth (12 §10). */
export const queueName = 'provisioning';
export const resultsChannel = 'provisioning:results';
export const abortChannel = 'provisioning:abort';
export const progressChannel = 'provisioning:progress';

/** Where a worker is handed attempts that it already holds the lease of. */
export function handChannel(holder: string): string {
  return `provisioning:work:${holder}`;
}

/** Seconds that a worker owns an attempt without renewing; it renews three times as often (12 §10). */
export const leaseSeconds = 30;

/** Which attempt a job is about. */
export interface Job {
  readonly token: string;
  readonly number: number;
  readonly workflow: string;
  /** Of its definition; absent: the first. */
  readonly revision?: number;
  readonly op: number;
  readonly attempt: number;
  readonly run: number;
  readonly begun: number;
  readonly undo: boolean;
  /** Whether earlier attempts finished steps. */
  readonly steps: boolean;
}

/** An attempt that begins where another one has ended. */
export interface Handed {
  readonly job: Job;
  /** The attempt of the same worker whose outcome made room for this one. */
  readonly after: string;
}

/** What a worker puts into the inbox. */
export type Message =
  | { readonly kind: 'step'; readonly job: Job; readonly step: string; readonly result: unknown }
  | {
      readonly kind: 'done';
      readonly job: Job;
      readonly outcome: Outcome;
      /** The worker, when it has more room than work: it can go on with what follows. */
      readonly idle?: string;
    };

export interface ProgressMessage {
  readonly job: Job;
  readonly progress: Progress;
}

/** The same for the same attempt, before and after a restart of the orchestrator. */
export function jobOf(assignment: Assignment): Job {
  const { number, workflow, operation, attempt, run, begun, undo, steps } = assignment;
  const kind = undo ? 'undo' : 'run';
  const token = `${workflow.id}/${operation.index}/${kind}/${attempt}/${run}/${begun}`;
  const op = operation.index;
  const { id, revision } = workflow;
  return {
    ...{ token, number, workflow: id, op, attempt, run, begun, undo, steps: steps.size > 0 },
    ...(revision === 0 ? {} : { revision }),
  };
}
