import { Emitter } from './emitter.ts';
import type { ProvisioningClient } from './provisioning-client.ts';
import { finalStatuses } from './schemas/final-statuses.ts';
import type { EventEnvelope } from './schemas/events.ts';
import type { TaskStatus } from './schemas/status.ts';

export interface ManagedTask {
  readonly id: string;
  /** What it is in the workflow: `server_creation`, `kubernetes_installation` … */
  readonly type: string;
  readonly status: TaskStatus;
  readonly dependencies: readonly string[];
}

export interface ManagedWorkflow {
  readonly id: string;
  readonly config: WorkflowConfig;
  readonly tasks: readonly ManagedTask[];
  readonly status: 'pending' | 'running' | 'completed' | 'failed';
  /** 0–100: tasks that have ended. */
  readonly progress: number;
  /** The last 1000. */
  readonly events: readonly EventEnvelope[];
}

export interface WorkflowConfig {
  readonly infra: string;
  readonly [more: string]: unknown;
}

/** A task that follows from another one's success. */
export interface NextStep {
  readonly type: string;
  readonly taskserv?: string;
  readonly cluster_type?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

export type NextSteps = (workflow: ManagedWorkflow, task: ManagedTask) => readonly NextStep[];

export interface ManagerEvents {
  workflowStarted: { readonly workflowId: string; readonly taskId: string };
  workflowProgress: { readonly workflowId: string; readonly progress: number };
  workflowFailed: { readonly workflowId: string; readonly error: string };
  workflowCompleted: { readonly workflowId: string; readonly status: string };
  handlerError: unknown;
}

const rules: Readonly<Record<string, readonly NextStep[]>> = {
  server_creation: [
    { type: 'kubernetes_installation', taskserv: 'kubernetes' },
    { type: 'monitoring_setup', taskserv: 'prometheus' },
  ],
  kubernetes_installation: [{ type: 'networking_setup', taskserv: 'cilium' }],
};

/** Servers, then Kubernetes and monitoring, then the network. */
export const defaultNextSteps: NextSteps = (_workflow, { type }) => rules[type] ?? [];

const eventsKept = 1000;
const listened = ['TaskStatusChanged', 'WorkflowProgressUpdate', 'SystemHealthUpdate'] as const;

interface State {
  readonly id: string;
  readonly config: WorkflowConfig;
  readonly tasks: { -readonly [Key in keyof ManagedTask]: ManagedTask[Key] }[];
  readonly events: EventEnvelope[];
  /** Next steps whose task is being made. */
  creating: number;
  error: string | undefined;
  ended: boolean;
}

/** Workflows that grow: the end of a task brings the tasks that follow from it (14 §7). */
export class EventDrivenWorkflowManager extends Emitter<ManagerEvents> {
  readonly #client: ProvisioningClient;
  readonly #nextSteps: NextSteps;
  readonly #workflows = new Map<string, State>();
  readonly #byTask = new Map<string, State>();
  /** Events of tasks whose id is not known yet. */
  readonly #early = new Map<string, EventEnvelope[]>();
  readonly #status = (event: EventEnvelope) => this.#changed(event);
  readonly #back = () => void this.#catchUp();
  #connected: Promise<void> | undefined;

  constructor(client: ProvisioningClient, options: { readonly nextSteps?: NextSteps } = {}) {
    super();
    this.#client = client;
    this.#nextSteps = options.nextSteps ?? defaultNextSteps;
    client.on('TaskStatusChanged', this.#status as never);
    client.on('websocketConnected', this.#back);
  }

  /** Resolves with the workflow's id when its first task, the servers, is accepted. */
  async createWorkflow(config: WorkflowConfig): Promise<string> {
    await (this.#connected ??= this.#client.connectWebSocket(listened));
    const state: State = {
      id: globalThis.crypto.randomUUID(),
      config,
      tasks: [],
      events: [],
      creating: 1,
      error: undefined,
      ended: false,
    };
    const { workflow: _workflow, ...body } = config;
    const taskId = await this.#client.createServerWorkflow(body as WorkflowConfig);
    this.#workflows.set(state.id, state);
    state.creating--;
    this.emit('workflowStarted', { workflowId: state.id, taskId });
    this.#added(state, taskId, 'server_creation', []);
    return state.id;
  }

  getWorkflow(id: string): ManagedWorkflow | undefined {
    const state = this.#workflows.get(id);
    return state && shown(state);
  }

  listWorkflows(): readonly ManagedWorkflow[] {
    return [...this.#workflows.values()].map(shown);
  }

  /** Listens no more; the client stays as it is. */
  dispose(): void {
    this.#client.off('TaskStatusChanged', this.#status as never);
    this.#client.off('websocketConnected', this.#back);
    this.removeAllListeners();
  }

  #added(state: State, id: string, type: string, dependencies: readonly string[]): void {
    state.tasks.push({ id, type, status: 'Pending', dependencies });
    this.#byTask.set(id, state);
    const early = this.#early.get(id) ?? [];
    this.#early.delete(id);
    for (const event of early) this.#changed(event);
  }

  #changed(event: EventEnvelope): void {
    const { task_id, status } = event.data as { task_id: string; status: TaskStatus };
    const state = this.#byTask.get(task_id);
    if (!state) {
      this.#hold(task_id, event);
      return;
    }
    state.events.push(event);
    if (state.events.length > eventsKept) state.events.shift();
    this.#moved(state, task_id, status);
  }

  #hold(taskId: string, event: EventEnvelope): void {
    const waiting = [...this.#workflows.values()].some(({ creating }) => creating > 0);
    if (this.#workflows.size > 0 && !waiting && this.#early.size > eventsKept) return;
    this.#early.set(taskId, [...(this.#early.get(taskId) ?? []), event]);
    if (this.#early.size > eventsKept) this.#early.delete(this.#early.keys().next().value!);
  }

  #moved(state: State, taskId: string, status: TaskStatus): void {
    const task = state.tasks.find(({ id }) => id === taskId);
    if (!task || finalStatuses.has(task.status)) return;
    task.status = status;
    if (status === 'Completed') this.#follow(state, task);
    else if (finalStatuses.has(status)) state.error ??= `Task ${task.type} ${status.toLowerCase()}`;
    this.emit('workflowProgress', { workflowId: state.id, progress: shown(state).progress });
    this.#settle(state);
  }

  #follow(state: State, task: ManagedTask): void {
    for (const step of this.#nextSteps(shown(state), task)) {
      state.creating++;
      this.#create(state, step)
        .then(
          (id) => this.#added(state, id, step.type, [task.id]),
          (error: unknown) =>
            (state.error ??= `Step ${step.type} could not be created: ${(error as Error).message}`),
        )
        .finally(() => {
          state.creating--;
          this.#settle(state);
        })
        .catch((error: unknown) => this.emit('handlerError', error));
    }
  }

  #create(state: State, { taskserv, cluster_type, config, type }: NextStep): Promise<string> {
    const { infra } = state.config;
    if (taskserv !== undefined) return this.#client.createTaskservWorkflow({ infra, taskserv, ...config });
    if (cluster_type !== undefined)
      return this.#client.createClusterWorkflow({ infra, cluster_type, ...config });
    return Promise.reject(new Error(`step '${type}' names neither taskserv nor cluster_type`));
  }

  /** Ends a workflow once, when every task has ended and no other one is being made. */
  #settle(state: State): void {
    const open = state.tasks.some(({ status }) => !finalStatuses.has(status));
    if (state.ended || state.creating > 0 || open) return;
    state.ended = true;
    if (state.error !== undefined) this.emit('workflowFailed', { workflowId: state.id, error: state.error });
    this.emit('workflowCompleted', { workflowId: state.id, status: shown(state).status });
  }

  /** After a reconnection: what could have been missed is asked for once. */
  async #catchUp(): Promise<void> {
    for (const state of this.#workflows.values()) {
      for (const { id, status } of [...state.tasks]) {
        if (finalStatuses.has(status)) continue;
        const task = await this.#client.getTaskStatus(id).catch(() => undefined);
        if (task && task.status !== status) this.#moved(state, id, task.status);
      }
    }
  }
}

function shown({ id, config, tasks, events, ended, error }: State): ManagedWorkflow {
  const over = tasks.filter(({ status }) => finalStatuses.has(status)).length;
  const running = tasks.some(({ status }) => status !== 'Pending');
  return {
    id,
    config,
    tasks: tasks.map((task) => ({ ...task })),
    status: ended ? (error === undefined ? 'completed' : 'failed') : running ? 'running' : 'pending',
    progress: tasks.length === 0 ? 0 : Math.round((100 * over) / tasks.length),
    events: [...events],
  };
}
