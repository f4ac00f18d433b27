import type { WorkflowEvent } from '../engine/events.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Live } from '../runtime/live.ts';
import { Counter, type Family, Gauge, Histogram, renderMetrics } from './metrics.ts';

const statuses = ['completed', 'failed', 'cancelled'];

/** The metrics of 13 §9, fed by the engine's events. */
export class OrchestratorMetrics {
  readonly #tasks = new Counter(
    'orchestrator_tasks_total',
    'Tasks that ended, by status and type',
    statuses.map((status) => ({ status, type: 'workflow' })),
  );
  readonly #failed = new Counter('orchestrator_tasks_failed_total', 'Tasks that failed, by type', [
    { status: 'failed', type: 'workflow' },
  ]);
  readonly #duration = new Histogram(
    'orchestrator_task_duration_seconds',
    'Seconds from start to end of tasks, by type',
    [10, 30, 60, 300, 900, 3600],
  );
  readonly #wait = new Histogram(
    'orchestrator_task_wait_seconds',
    'Seconds that workflows waited for their start, by priority class',
    [0.01, 0.1, 1, 10, 60, 600],
  );
  readonly #retries = new Counter('orchestrator_retries_total', 'Attempts made again, by type', [
    { type: 'workflow' },
  ]);
  readonly #timeouts = new Counter(
    'orchestrator_timeouts_total',
    'Attempts that ran into their limit, by type',
    [{ type: 'workflow' }],
  );
  readonly #rollbacks = new Counter('orchestrator_rollbacks_total', 'Rollbacks that ended, by result', [
    { result: 'success' },
    { result: 'failure' },
  ]);
  readonly #batches = new Counter(
    'orchestrator_batches_total',
    'Batches that ended, by status',
    statuses.map((status) => ({ status })),
  );
  readonly #checkpoints = new Counter('orchestrator_checkpoints_total', 'Named checkpoints made');
  readonly #append = new Histogram(
    'orchestrator_journal_append_seconds',
    'Seconds of one durable write of the journal',
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1],
  );
  readonly #events = new Counter('orchestrator_journal_events_total', 'Events written to the journal');
  readonly #dropped = new Counter(
    'orchestrator_ws_events_dropped_total',
    'Events that slow readers missed, by event',
    ['MetricUpdate', 'LogEntry', 'WorkflowProgressUpdate'].map((event) => ({ event })),
  );
  readonly #limited = new Counter(
    'orchestrator_rate_limited_total',
    'Requests refused by a rate limit, by class',
    [{ class: 'general' }, { class: 'batch' }, { class: 'login' }],
  );
  readonly #deliveries = new Counter(
    'orchestrator_webhook_deliveries_total',
    'Webhook deliveries, by result',
    [],
  );
  readonly #gauges: Gauge[] = [];
  recoverySeconds = 0;

  /** @param sockets open WebSockets by stream */
  watch(runtime: Runtime, sockets: () => Readonly<Record<string, number>>): void {
    const { scheduler } = runtime;
    this.#gauges.push(
      new Gauge('orchestrator_queue_depth', 'Operations ready and waiting', () => [
        { labels: { queue: 'ready', priority: 'all' }, value: scheduler.waiting },
      ]),
      new Gauge('orchestrator_tasks_running', 'Operations running', () => scheduler.running),
      new Gauge('orchestrator_workflows_active', 'Workflows that have not ended, by kind', () => {
        const kinds = new Map<string, number>([['custom', 0]]);
        for (const { state } of runtime.lives())
          kinds.set(state.plan.kind, (kinds.get(state.plan.kind) ?? 0) + 1);
        return [...kinds].map(([kind, value]) => ({ labels: { kind }, value }));
      }),
      new Gauge(
        'orchestrator_circuit_breaker_state',
        'Circuit of a dependency: 0 closed, 1 half-open, 2 open',
        () =>
          runtime.circuits
            .states()
            .map(({ name, level }) => ({ labels: { dependency: name }, value: level })),
      ),
      new Gauge(
        'orchestrator_recovery_seconds',
        'Seconds that the last recovery took',
        () => this.recoverySeconds,
      ),
      new Gauge('orchestrator_ws_connections', 'Open WebSocket connections, by stream', () =>
        Object.entries(sockets()).map(([stream, value]) => ({ labels: { stream }, value })),
      ),
      new Gauge('orchestrator_process_memory_bytes', 'Resident memory of the process', () =>
        process.memoryUsage.rss(),
      ),
    );
  }

  readonly onEvent = ({ state }: Live, event: WorkflowEvent): void => {
    switch (event.type) {
      case 'OperationCompleted':
      case 'OperationFailed':
      case 'OperationCancelled': {
        const operation = state.operations[event.op]!;
        this.#ended(operation.status.toLowerCase(), operation.plan.type, operation.startedAt, event.at);
        return;
      }
      case 'RetryScheduled': {
        const { type } = state.operations[event.op]!.plan;
        this.#retries.add({ type });
        if (event.error.timeout) this.#timeouts.add({ type });
        return;
      }
      case 'WorkflowStarted':
        this.#wait.observe((event.at - state.submittedAt) / 1000, {
          class: priorityClass(state.plan.priority),
        });
        return;
      case 'WorkflowCompleted':
      case 'WorkflowFailed':
      case 'WorkflowCancelled': {
        const status = state.status.toLowerCase();
        this.#ended(status, 'workflow', state.startedAt, event.at);
        if (state.plan.kind === 'batch') this.#batches.add({ status });
        return;
      }
      case 'WorkflowRolledBack':
        this.#rollbacks.add({ result: event.success ? 'success' : 'failure' });
    }
  };

  readonly onAppend = (seconds: number, events: number): void => {
    this.#append.observe(seconds);
    this.#events.add({}, events);
  };

  checkpoint(): void {
    this.#checkpoints.add();
  }

  dropped(event: string): void {
    this.#dropped.add({ event });
  }

  rateLimited(name: string): void {
    this.#limited.add({ class: name });
  }

  /** Deliveries to an endpoint count from 0 on. */
  expectDeliveries(endpoint: string): void {
    for (const result of ['success', 'failure', 'dead']) this.#deliveries.add({ endpoint, result }, 0);
  }

  delivered(endpoint: string, result: 'success' | 'failure' | 'dead'): void {
    this.#deliveries.add({ endpoint, result });
  }

  /** Every family, for the text format and for the metrics stream. */
  families(): readonly Family[] {
    return [
      this.#tasks,
      this.#failed,
      this.#duration,
      this.#wait,
      this.#retries,
      this.#timeouts,
      this.#rollbacks,
      this.#batches,
      this.#checkpoints,
      this.#append,
      this.#events,
      this.#dropped,
      this.#limited,
      this.#deliveries,
      ...this.#gauges,
    ];
  }

  render(): string {
    return renderMetrics(this.families());
  }

  #ended(status: string, type: string, startedAt: number | undefined, at: number): void {
    this.#tasks.add({ status, type });
    if (status === 'failed') this.#failed.add({ status, type });
    if (startedAt !== undefined) this.#duration.observe((at - startedAt) / 1000, { type });
  }
}

function priorityClass(priority: number): string {
  if (priority >= 90) return 'critical';
  if (priority >= 75) return 'high';
  return priority >= 50 ? 'normal' : 'low';
}
