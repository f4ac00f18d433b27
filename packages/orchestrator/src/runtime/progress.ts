import type { EventEnvelope } from '@provisioning/client';
import type { Progress } from '@provisioning/extensions-sdk';
import { taskId } from '../engine/identifiers.ts';
import type { WorkflowState } from '../engine/state.ts';
import type { EventBus } from '../events/bus.ts';
import { progressData } from '../events/projection.ts';

/** Where log lines of operations go. */
export interface LogSink {
  write(workflow: string, line: { at: number; level: string; operation: string; message: string }): void;
  close(workflow?: string): void;
}

/** At most 4 progress events a second and task (12 §7). */
const interval = 250;

interface Pending {
  readonly timer: NodeJS.Timeout;
  envelope: EventEnvelope | undefined;
}

/** Progress and log lines: never journalled, throttled, clamped to 0–100 and never going back within an attempt. */
export class ProgressReporter {
  readonly #bus: EventBus;
  readonly #logs: LogSink;
  readonly #pending = new Map<string, Pending>();

  constructor(bus: EventBus, logs: LogSink) {
    this.#bus = bus;
    this.#logs = logs;
  }

  report(state: WorkflowState, op: number, progress: Progress): void {
    const operation = state.operations[op]!;
    const { id } = state.plan;
    if (progress.type === 'log') {
      this.#log(state, op, progress.level, progress.message);
      return;
    }
    if (progress.type === 'percent') {
      const percent = Math.min(100, Math.max(0, progress.percent));
      operation.progress = Math.max(operation.progress, percent);
    } else {
      if (progress.state === 'started') operation.step = progress.step;
      this.#logs.write(id, {
        at: Date.now(),
        level: 'INFO',
        operation: operation.plan.id,
        message: `${progress.step} ${progress.state}`,
      });
    }
    if (!this.#bus.hears(id)) return;
    const step = progress.type === 'step' ? progress.step : (operation.step ?? operation.plan.name);
    const envelope: EventEnvelope = {
      event_type: 'WorkflowProgressUpdate',
      timestamp: new Date().toISOString(),
      data: {
        ...progressData(state),
        step_details: {
          operation_id: operation.plan.id,
          step_name: step,
          ...(progress.type === 'step' ? { step_state: progress.state } : { step_message: progress.message }),
          step_progress: operation.progress,
        },
      },
      metadata: { workflow_id: id, task_id: taskId(id, op), infra: state.plan.infra },
    };
    if (progress.type === 'step') this.#bus.publish(id, envelope);
    else this.#throttle(`${id}/${op}`, id, envelope);
  }

  /** Sends what is held back for an operation: the last value is always sent. */
  flush(state: WorkflowState, op: number): void {
    const key = `${state.plan.id}/${op}`;
    const held = this.#pending.get(key);
    if (!held) return;
    clearTimeout(held.timer);
    this.#pending.delete(key);
    if (held.envelope) this.#bus.publish(state.plan.id, held.envelope);
  }

  /** A workflow is over: its log is closed. */
  forget(workflow: string): void {
    this.#logs.close(workflow);
  }

  close(): void {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
    this.#logs.close();
  }

  #throttle(key: string, workflow: string, envelope: EventEnvelope): void {
    const held = this.#pending.get(key);
    if (held) {
      held.envelope = envelope;
      return;
    }
    this.#bus.publish(workflow, envelope);
    const timer = setTimeout(() => {
      const last = this.#pending.get(key)?.envelope;
      this.#pending.delete(key);
      if (last) this.#throttle(key, workflow, last);
    }, interval);
    this.#pending.set(key, { timer, envelope: undefined });
  }

  #log(state: WorkflowState, op: number, level: string, message: string): void {
    const { id } = state.plan;
    const operation = state.operations[op]!.plan.id;
    const at = Date.now();
    this.#logs.write(id, { at, level: level.toUpperCase(), operation, message });
    if (!this.#bus.hears(id)) return;
    this.#bus.publish(id, {
      event_type: 'LogEntry',
      timestamp: new Date(at).toISOString(),
      data: {
        level: level.toUpperCase(),
        message,
        component: operation,
        task_id: taskId(id, op),
        workflow_id: id,
        operation_id: operation,
      },
      metadata: { workflow_id: id, infra: state.plan.infra },
    } as EventEnvelope);
  }
}
