import type { Progress } from '@provisioning/extensions-sdk';
import type { Outcome } from '../../execution/attempt.ts';
import type { Assignment } from '../../execution/executor.ts';

/** Name of the queue in Redis; jobs are wake-ups, the store is the truth (12 §10). */
export const queueName = 'provisioning';
export const resultsChannel = 'provisioning:results';
export const abortChannel = 'provisioning:abort';
export const progressChannel = 'provisioning:progress';

/** Seconds that a worker owns an attempt without renewing; it renews three times as often (12 §10). */
export const leaseSeconds = 30;

/** Which attempt a job is about. */
export interface Job {
  readonly token: string;
  readonly number: number;
  readonly workflow: string;
  readonly op: number;
  readonly attempt: number;
  readonly run: number;
  readonly undo: boolean;
}

/** What a worker puts into the inbox. */
export type Message =
  | { readonly kind: 'step'; readonly job: Job; readonly step: string; readonly result: unknown }
  | { readonly kind: 'done'; readonly job: Job; readonly worker: string; readonly outcome: Outcome };

export interface ProgressMessage {
  readonly job: Job;
  readonly progress: Progress;
}

/** The same for the same attempt, before and after a restart of the orchestrator. */
export function jobOf({ number, workflow, operation, attempt, run, undo }: Assignment): Job {
  const token = `${workflow.id}/${operation.index}/${undo ? 'undo' : 'run'}/${attempt}/${run}`;
  return { token, number, workflow: workflow.id, op: operation.index, attempt, run, undo };
}
