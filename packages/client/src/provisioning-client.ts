import { apiOf, type Api, callOperation, type OperationInput } from './call.ts';
import { batchGet, type BatchStatuses } from './batch-get.ts';
import { ConnectedClient, type ClientEvents, type ConnectOptions } from './connected-client.ts';
import { NotFoundError, ProtocolError, UnsupportedVersionError } from './errors.ts';
import type { CallOptions } from './http.ts';
import type { OperationId } from './operations.ts';
import type { ClientOptions } from './options.ts';
import type {
  Batch,
  BatchConfig,
  ClusterConfig,
  Health,
  ListFilters,
  Listed,
  RollbackSelection,
  ServerConfig,
  Snapshot,
  TaskservConfig,
  Versions,
} from './requests.ts';
import { finalStatuses } from './schemas/final-statuses.ts';
import type { Task, WorkflowRecord } from './schemas/records.ts';
import type { ValidationResult, WorkflowDefinition } from './schemas/workflow.ts';
import { snakeCased } from './snake-case.ts';
import { waitUntilFinal, type WaitOptions } from './waiting.ts';

export type { ClientEvents, ConnectOptions };

type TaskLike = string | { readonly task_id: string };

/**
 * The typed client of an orchestrator (14). Constructing does no I/O; `close()` ends all that it has begun. Works in
 * Node.js and in browsers.
 */
export class ProvisioningClient extends ConnectedClient {
  /** Every operation of the API by its id. */
  readonly api: Api;

  constructor(options?: ClientOptions);
  /** @deprecated Give an object. */
  constructor(baseUrl: string, authUrl?: string, username?: string, password?: string, token?: string);
  constructor(
    first: ClientOptions | string = {},
    authUrl?: string,
    username?: string,
    password?: string,
    token?: string,
  ) {
    super(typeof first === 'string' ? { baseUrl: first, authUrl, username, password, token } : first);
    this.api = apiOf(this.http);
  }

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

  async submitWorkflow(
    workflow: WorkflowDefinition,
    { check, strict, ...call }: CallOptions & { readonly check?: boolean; readonly strict?: boolean } = {},
  ): Promise<{ readonly workflowId: string; readonly taskId: string }> {
    const query = { check: check || undefined, strict: strict || undefined };
    const data = await this.#data<{ workflow_id: string; task_id: string }>('submitWorkflow', {
      ...call,
      query,
      body: workflow,
    });
    return { workflowId: data.workflow_id, taskId: data.task_id };
  }

  validateWorkflow(
    workflow: unknown,
    { strict, ...call }: CallOptions & { readonly strict?: boolean } = {},
  ): Promise<ValidationResult> {
    return this.#data('validateWorkflow', {
      ...call,
      query: { strict: strict || undefined },
      body: workflow,
    });
  }

  // Tasks

  getTaskStatus(id: string, call?: CallOptions): Promise<Task> {
    return this.#data('getTaskStatus', { ...call, path: { id } });
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
    return this.#list('listTasks', filters, call);
  }

  /** All pages, one task after the other. */
  async *iterateTasks(filters: string | ListFilters = {}, call?: CallOptions): AsyncGenerator<Task> {
    let offset: number | undefined = typeof filters === 'string' ? 0 : (filters.offset ?? 0);
    while (offset !== undefined) {
      const wanted: ListFilters = {
        ...(typeof filters === 'string' ? { status: filters } : filters),
        offset,
      };
      const page: Listed<Task> = await this.#list('listTasks', wanted, call);
      yield* page;
      offset = page.nextOffset;
    }
  }

  async cancelTask(
    id: string,
    { reason, ...call }: CallOptions & { readonly reason?: string } = {},
  ): Promise<void> {
    await this.#data('cancelTask', { ...call, path: { id }, body: { reason } });
  }

  async retryTask(id: string, call?: CallOptions): Promise<string> {
    return this.#data('retryTask', { ...call, path: { id } });
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
    return this.#data('getTaskLogs', { ...call, path: { id }, query: { tail } });
  }

  waitForTaskCompletion(id: string, options?: WaitOptions | number, pollInterval?: number): Promise<Task> {
    const wait = typeof options === 'number' ? { timeout: options, pollInterval } : (options ?? {});
    return waitUntilFinal(
      {
        subject: `Task ${id}`,
        poll: (signal) => this.#polled<Task>('getTaskStatus', id, signal),
        onProgress: (task) => this.emit('taskProgress', task),
        listen: (wake) => this.#listen('TaskStatusChanged', 'task_id', id, wake),
      },
      { ...wait, pollInterval: wait.pollInterval ?? 5000 },
    );
  }

  // Batches

  async executeBatchOperation(config: BatchConfig, call?: CallOptions): Promise<Batch> {
    const batch = await this.#data<Batch>('executeBatchOperation', { ...call, body: snakeCased(config) });
    this.emit('batchStarted', batch);
    return batch;
  }

  getBatchStatus(id: string, call?: CallOptions): Promise<Batch> {
    return this.#data('getBatchStatus', { ...call, path: { id } });
  }

  listBatchOperations(filters: string | ListFilters = {}, call?: CallOptions): Promise<Listed<Batch>> {
    return this.#list('listBatchOperations', filters, call);
  }

  getBatchProgress(id: string, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getBatchProgress', { ...call, path: { id } });
  }

  getBatchStats(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getBatchStats', call);
  }

  cancelBatchOperation(id: string, call?: CallOptions): Promise<string> {
    return this.#data('cancelBatchOperation', { ...call, path: { id } });
  }

  rollbackBatch(
    id: string,
    options: CallOptions & {
      readonly operationIds?: readonly string[];
      readonly includeDependents?: boolean;
    } = {},
  ): Promise<{ readonly rollback_id: string }> {
    const { operationIds, includeDependents, ...call } = options;
    const body = { operation_ids: operationIds, include_dependents: includeDependents };
    return this.#data('rollbackBatch', { ...call, path: { id }, body });
  }

  /** Without a time limit unless one is given. */
  async waitForBatchCompletion(
    id: string,
    {
      timeout = 0,
      interval = 10_000,
      onUpdate,
      signal,
    }: {
      readonly timeout?: number;
      readonly interval?: number;
      readonly onUpdate?: (batch: Batch) => void;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Batch> {
    const batch = await waitUntilFinal(
      {
        subject: `Batch ${id}`,
        poll: (stop) => this.#polled<Batch>('getBatchStatus', id, stop) as unknown as Promise<Task>,
        onProgress: () => undefined,
        listen: (wake) => this.#listen('BatchOperationUpdate', 'batch_id', id, wake),
      },
      {
        timeout,
        pollInterval: interval,
        ...(signal ? { signal } : {}),
        ...(onUpdate ? { onProgress: (task) => onUpdate(task as unknown as Batch) } : {}),
      },
    );
    return batch as unknown as Batch;
  }

  // Workflows

  getWorkflow(id: string, call?: CallOptions): Promise<WorkflowRecord> {
    return this.#data('getWorkflow', { ...call, path: { id } });
  }

  listWorkflows(filters: string | ListFilters = {}, call?: CallOptions): Promise<Listed<WorkflowRecord>> {
    return this.#list('listWorkflows', filters, call);
  }

  async cancelWorkflow(
    id: string,
    {
      rollback,
      reason,
      ...call
    }: CallOptions & { readonly rollback?: boolean; readonly reason?: string } = {},
  ): Promise<void> {
    await this.#data('cancelWorkflow', { ...call, path: { id }, body: { rollback, reason } });
  }

  resumeWorkflow(
    id: string,
    call?: CallOptions,
  ): Promise<{ readonly task_id: string; readonly workflow_id: string }> {
    return this.#data('resumeWorkflow', { ...call, path: { id } });
  }

  rollbackWorkflow(
    id: string,
    selection: RollbackSelection = {},
    call?: CallOptions,
  ): Promise<{ readonly rollback_id?: string }> {
    return this.#data('rollbackWorkflow', { ...call, path: { id }, body: snakeCased(selection) });
  }

  getWorkflowProgress(id: string, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getWorkflowProgress', { ...call, path: { id } });
  }

  getWorkflowSnapshots(id: string, call?: CallOptions): Promise<readonly Snapshot[]> {
    return this.#data('getWorkflowSnapshots', { ...call, path: { id } });
  }

  // Checkpoints and rollback

  createCheckpoint(name: string, description?: string, call?: CallOptions): Promise<string> {
    return this.#data('createCheckpoint', { ...call, body: { name, description } });
  }

  listCheckpoints(call?: CallOptions): Promise<readonly Record<string, unknown>[]> {
    return this.#data('listCheckpoints', call);
  }

  getCheckpoint(id: string, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getCheckpoint', { ...call, path: { id } });
  }

  executeRollback(selection: RollbackSelection, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('executeRollback', { ...call, body: snakeCased(selection) });
  }

  getRollbackStatistics(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getRollbackStatistics', call);
  }

  // The service

  getSystemHealth(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getSystemHealth', call);
  }

  getSystemMetrics(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getSystemMetrics', call);
  }

  getStatistics(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getStatistics', call);
  }

  getQueueStatus(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getQueueStatus', call);
  }

  async getVersions(call?: CallOptions): Promise<Versions> {
    return (await callOperation<Versions>(this.http, 'getVersions', { ...call, anonymous: true })).data;
  }

  /** The highest level that both sides know. @throws UnsupportedVersionError when there is none */
  async negotiateVersion(): Promise<string> {
    const { api } = await this.getVersions();
    const known = ['v3', 'v2', 'v1'];
    const common = known.find((level) => api.levels.includes(level));
    if (common !== undefined) return common;
    throw new UnsupportedVersionError({
      code: 'UNSUPPORTED_VERSION',
      message: `No common API level: the server has ${api.levels.join(', ')}, this client ${known.join(', ')}`,
    });
  }

  /** Whether the service works; false on any error. Sends no token. */
  async healthCheck(call?: CallOptions): Promise<boolean> {
    try {
      const { data } = await callOperation<string>(this.http, 'getHealth', {
        ...call,
        anonymous: true,
        retry: false,
      });
      const { success, status } = JSON.parse(data) as Partial<Health>;
      return success !== false && ['healthy', 'degraded', 'ok'].includes(status ?? '');
    } catch {
      return false;
    }
  }

  // Resources

  listServers(filters: ListFilters = {}, call?: CallOptions): Promise<Listed<Record<string, unknown>>> {
    return this.#list('listServers', filters, call);
  }

  getServer(id: string, query: ListFilters = {}, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.#data('getServer', { ...call, path: { id }, query: queryOf(query) });
  }

  createServer(
    server: Readonly<Record<string, unknown>>,
    call?: CallOptions,
  ): Promise<Record<string, unknown>> {
    return this.#data('createServer', { ...call, body: snakeCased(server) });
  }

  deleteServer(id: string, query: ListFilters = {}, call?: CallOptions): Promise<unknown> {
    return this.#data('deleteServer', { ...call, path: { id }, query: queryOf(query) });
  }

  listTaskservs(filters: ListFilters = {}, call?: CallOptions): Promise<Listed<Record<string, unknown>>> {
    return this.#list('listTaskservs', filters, call);
  }

  listClusters(filters: ListFilters = {}, call?: CallOptions): Promise<Listed<Record<string, unknown>>> {
    return this.#list('listClusters', filters, call);
  }

  listOperations(filters: ListFilters = {}, call?: CallOptions): Promise<Listed<Record<string, unknown>>> {
    return this.#list('listOperations', filters, call);
  }

  /** Tells everybody who listens of something of your own. */
  async publishEvent(
    type: string,
    data: unknown,
    metadata?: Readonly<Record<string, unknown>>,
    call?: CallOptions,
  ): Promise<void> {
    await this.#data('publishEvent', { ...call, body: { event_type: type, data, metadata } });
  }

  async #create(
    type: 'server' | 'taskserv' | 'cluster',
    operation: OperationId,
    config: object,
    call: CallOptions | undefined,
  ): Promise<string> {
    const { workspace } = this.place;
    const body = { ...(workspace === undefined ? {} : { workspace }), ...(snakeCased(config) as object) };
    const answer = await this.#data<TaskLike>(operation, { ...call, body });
    const taskId = typeof answer === 'string' ? answer : answer.task_id;
    this.emit('workflowCreated', { type, taskId });
    return taskId;
  }

  async #data<T>(operation: OperationId, input?: OperationInput): Promise<T> {
    const { data } = await callOperation<T>(this.http, operation, input);
    this.check(operation, data);
    return data;
  }

  async #polled<T>(operation: OperationId, id: string, signal: AbortSignal): Promise<T> {
    return (await callOperation<T>(this.http, operation, { path: { id }, signal, retry: false })).data;
  }

  #listen(name: string, key: string, id: string, wake: () => void): (() => void) | undefined {
    if (!this.isWebSocketOpen) return undefined;
    const listener = (event: { data: Record<string, unknown> }) => {
      if (event.data[key] === id) wake();
    };
    this.on(name, listener as never);
    return () => this.off(name, listener as never);
  }

  async #list<T>(
    operation: OperationId,
    filters: string | ListFilters,
    call?: CallOptions,
  ): Promise<Listed<T>> {
    const query = queryOf(typeof filters === 'string' ? { status: filters } : filters);
    const { data, headers } = await callOperation<T[]>(this.http, operation, { ...call, query });
    if (!Array.isArray(data)) {
      throw new ProtocolError({ code: 'PROTOCOL_ERROR', message: `${operation}: expected a list` });
    }
    const next = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
    const offset = next === undefined ? null : new URL(next, this.place.baseUrl).searchParams.get('offset');
    return Object.assign(data, {
      total: Number(headers.get('x-total-count') ?? data.length),
      nextOffset: offset === null ? undefined : Number(offset),
    });
  }

  async *#followLogs(id: string, call: CallOptions): AsyncGenerator<string> {
    let told = 0;
    for (;;) {
      const task = await this.getTaskStatus(id, call);
      const text = await this.#data<string>('getTaskLogs', { ...call, path: { id } });
      const lines = text.split('\n').slice(0, -1);
      for (const line of lines.slice(told)) yield line;
      told = lines.length;
      if (finalStatuses.has(task.status)) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function queryOf({ status, ...filters }: ListFilters): Record<string, string | number | boolean | undefined> {
  return {
    ...(snakeCased(filters) as Record<string, string | number | boolean | undefined>),
    status: status === undefined ? undefined : [status].flat().join(','),
  };
}

/** Whether a task or workflow is not known to the server. */
export function isUnknown(error: unknown): boolean {
  return error instanceof NotFoundError;
}
