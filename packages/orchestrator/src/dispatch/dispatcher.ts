import type { Progress } from '@provisioning/extensions-sdk';
import type { Outcome } from '../execution/attempt.ts';
import type { Assignment } from '../execution/executor.ts';

/** What a dispatcher tells about the assignments given to it. */
export interface DispatchHost {
  step(assignment: Assignment, step: string, result: unknown): Promise<void>;
  progress(assignment: Assignment, progress: Progress): void;
  finished(assignment: Assignment, outcome: Outcome): void;
}

export interface WorkerInfo {
  readonly id: string;
  readonly host: string;
  readonly state: 'idle' | 'busy' | 'lost';
  readonly started_at: string;
  readonly heartbeat_at: string;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
}

/** Puts assignments to work, here or on other machines. The journal, not the dispatcher, knows what was assigned. */
export interface Dispatcher {
  readonly type: 'embedded' | 'bullmq';
  /** Whether attempts go on while the orchestrator is away: then they are not begun anew after its restart. */
  readonly outlives: boolean;
  start(host: DispatchHost): Promise<void>;
  /** Recovery has taken up all that was running: results may come. */
  begin?(): void;
  /** Called while the start of the attempt is being journalled; what it puts into the journal goes with it. */
  assign?(assignment: Assignment): void;
  /** Called only after the start of the attempt is durable. */
  dispatch(assignment: Assignment): void;
  abort(workflow: string, operation: number, reason: Error): void;
  /** Whether work can be handed out at the moment; why not otherwise. */
  health(): { readonly status: 'healthy' | 'degraded'; readonly message?: string };
  /** The processes that run assignments (13 §3). */
  workers(): readonly WorkerInfo[];
  /** Waits up to `grace` ms for running attempts, then aborts them without reporting their outcome. */
  close(grace: number): Promise<void>;
}
