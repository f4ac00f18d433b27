import { batchGet, type BatchStatuses } from './batch-get.ts';
import { CallingClient } from './calling-client.ts';
import type { CallOptions } from './http.ts';
import type { OperationId } from './operations.ts';
import type { ClusterConfig, Listed, ListFilters, ServerConfig, TaskservConfig } from './requests.ts';
import { finalStatuses } from './schemas/final-statuses.ts';
import type { Task } from './schemas/records.ts';
import { snakeCased } from './snake-case.ts';
import { waitUntilFinal, type WaitOptions } from './waiting.ts';

type TaskLike = string | { readonly task_id: string };

/** Workflows on servers, taskservs and clusters, and the tasks that they are (14 §4). */
export abstract class TaskClient extends CallingClient {
  // Workflows on resources

  async createServerWorkflow(config: ServerConfig, call?: CallOptions): Promise<string> {
    return this.#create('server', 'createServerWorkflow', config, call);
  }

  async createTaskservWorkflow(config: TaskservConfig, call?: CallOptions): Promise<string> {
    return this.#create('taskserv', 'createTaskservWorkflow', { operation: 'create', ...config }, call);
  }

  async createClusterWorkflow(config: ClusterConfig, call?: CallOptions): Promise<string> {
    return this.#create('cluster', 'createClusterWorkflow', { operation: 'create', ...config }, call);
  }

  async runServerWorkflow(config: ServerConfig, wait?: WaitOptions): Promise<Task> {
    return this.waitForTaskCompletion(await this.createServerWorkflow(config), wait);
  }

  async runTaskservWorkflow(config: TaskservConfig, wait?: WaitOptions): Promise<Task> {
    return this.waitForTaskCompletion(await this.createTaskservWorkflow(config), wait);
  }

  async runClusterWorkflow(config: ClusterConfig, wait?: WaitOptions): Promise<Task> {
    return this.waitForTaskCompletion(await this.createClusterWorkflow(config), wait);
  }

  // Tasks

  getTaskStatus(id: string, call?: CallOptions): Promise<Task> {
    return this.ask('getTaskStatus', { ...call, path: { id } });
  }

  getTask(id: string, call?: CallOptions): Promise<Task> {
    return this.getTaskStatus(id, call);
  }

  /** A finished task from the cache, where the client has one; any other from the server. */
  async getTaskStatusCached(id: string, call?: CallOptions): Promise<Task> {
    const key = this.cacheKey('task', id);
    const known = this.cache?.get(key) as Task | undefined;
    if (known) return known;
    const task = await this.getTaskStatus(id, call);
    if (finalStatuses.has(task.status)) this.cache?.set(key, task);
    return task;
  }

  /** Many tasks at once; one that fails harms no other (14 §6). */
  batchGetTaskStatus(
    ids: readonly string[],
    { concurrency = 20, ...call }: CallOptions & { readonly concurrency?: number } = {},
  ): Promise<BatchStatuses> {
    return batchGet(ids, concurrency, (id) => this.getTaskStatusCached(id, call));
  }

  /** One page; `total` counts all that match. */
  async listTasks(filters: string | ListFilters = {}, call?: CallOptions): Promise<Listed<Task>> {
    return this.listed('listTasks', filters, call);
  }

  /** All pages, one task after the other. */
  async *iterateTasks(filters: string | ListFilters = {}, call?: CallOptions): AsyncGenerator<Task> {
    let offset: number | undefined = typeof filters === 'string' ? 0 : (filters.offset ?? 0);
    while (offset !== undefined) {
      const wanted: ListFilters = {
        ...(typeof filters === 'string' ? { status: filters } : filters),
        offset,
      };
      const page: Listed<Task> = await this.listed('listTasks', wanted, call);
      yield* page;
      offset = page.nextOffset;
    }
  }

  async cancelTask(
    id: string,
    { reason, ...call }: CallOptions & { readonly reason?: string } = {},
  ): Promise<void> {
    await this.ask('cancelTask', { ...call, path: { id }, body: { reason } });
  }

  async retryTask(id: string, call?: CallOptions): Promise<string> {
    return this.ask('retryTask', { ...call, path: { id } });
  }

  /** The log as text, or line by line until the task ends. */
  getTaskLogs(
    id: string,
    options?: CallOptions & { readonly tail?: number; readonly follow?: false },
  ): Promise<string>;
  getTaskLogs(id: string, options: CallOptions & { readonly follow: true }): AsyncGenerator<string>;
  getTaskLogs(
    id: string,
    { follow, tail, ...call }: CallOptions & { readonly tail?: number; readonly follow?: boolean } = {},
  ): Promise<string> | AsyncGenerator<string> {
    if (follow) return this.#followLogs(id, call);
    return this.ask('getTaskLogs', { ...call, path: { id }, query: { tail } });
  }

  waitForTaskCompletion(id: string, options?: WaitOptions | number, pollInterval?: number): Promise<Task> {
    const wait = typeof options === 'number' ? { timeout: options, pollInterval } : (options ?? {});
    return waitUntilFinal(
      {
        subject: `Task ${id}`,
        poll: (signal) => this.polled<Task>('getTaskStatus', id, signal),
        onProgress: (task) => this.emit('taskProgress', task),
        listen: (wake) => this.listen('TaskStatusChanged', 'task_id', id, wake),
      },
      wait,
    );
  }

  async #create(
    type: 'server' | 'taskserv' | 'cluster',
    operation: OperationId,
    config: object,
    call: CallOptions | undefined,
  ): Promise<string> {
    const { workspace } = this.place;
    const body = { ...(workspace === undefined ? {} : { workspace }), ...(snakeCased(config) as object) };
    const answer = await this.ask<TaskLike>(operation, { ...call, body });
    const taskId = typeof answer === 'string' ? answer : answer.task_id;
    this.emit('workflowCreated', { type, taskId });
    return taskId;
  }

  async *#followLogs(id: string, call: CallOptions): AsyncGenerator<string> {
    let told = 0;
    for (;;) {
      const task = await this.getTaskStatus(id, call);
      const text = await this.ask<string>('getTaskLogs', {
        ...call,
        path: { id },
        query: { tail: 1_000_000 },
      });
      const lines = text.split('\n').slice(0, -1);
      for (const line of lines.slice(told)) yield line;
      told = lines.length;
      if (finalStatuses.has(task.status)) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
