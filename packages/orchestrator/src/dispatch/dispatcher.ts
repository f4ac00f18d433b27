import type { Progress } from '@provisioning/extensions-sdk';
import type { Outcome } from '../execution/attempt.ts';
import type { Assignment } from '../execution/executor.ts';

/** What a dispatcher tells about the assignments given to it. */
export interface DispatchHost {
  step(assignment: Assignment, step: string, result: unknown): Promise<void>;
  progress(assignment: Assignment, progress: Progress): void;
  finished(assignment: Assignment, outcome: Outcome): void;
}

/** Puts assignments to work, here or on other machines. The journal, not the dispatcher, knows what was assigned. */
export interface Dispatcher {
  readonly type: 'embedded' | 'bullmq';
  start(host: DispatchHost): Promise<void>;
  /** Called only after the start of the attempt is durable. */
  dispatch(assignment: Assignment): void;
  abort(workflow: string, operation: number, reason: Error): void;
  /** Whether work can be handed out at the moment; why not otherwise. */
  health(): { readonly status: 'healthy' | 'degraded'; readonly message?: string };
  /** Waits up to `grace` ms for running attempts, then aborts them without reporting their outcome. */
  close(grace: number): Promise<void>;
}
