import { follow, type FollowOptions } from './follow.ts';
import { type CallOptions, Http, type HttpOptions } from './http.ts';
import type { EventEnvelope } from './schemas/events.ts';
import type { Health, OperationRecord, ServiceVersions, Task, WorkflowRecord } from './schemas/records.ts';
import type { Submission, ValidationResult, WorkflowDefinition } from './schemas/workflow.ts';

export interface SubmitOptions extends CallOptions {
  /** Plan only: the workflow's operations report what they would change. */
  readonly check?: boolean;
  /** Warnings of the validation are errors. */
  readonly strict?: boolean;
}

export interface ListOptions extends CallOptions {
  /** One status or several, any case. */
  readonly status?: string | readonly string[];
  readonly kind?: string;
  readonly infra?: string;
  readonly workspace?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly offset?: number;
}

export interface RollbackSelection {
  readonly operation_ids?: readonly string[];
  readonly include_dependents?: boolean;
  readonly check_mode?: boolean;
}

/** Which lines of a log are wanted. */
export interface LogOptions {
  /** From the end; default 200. */
  readonly tail?: number;
  /** The lowest: debug, info, warn or error. */
  readonly level?: string;
  readonly operation?: string;
}

/** What the command line needs of an orchestrator. */
export interface OrchestratorClient {
  readonly endpoint: string;
  /** Durable once it resolves; running goes on without the caller. */
  submit(workflow: WorkflowDefinition, options?: SubmitOptions): Promise<Submission>;
  validate(workflow: unknown, options?: { readonly strict?: boolean }): Promise<ValidationResult>;
  /** With its operations. */
  get(workflowId: string, options?: CallOptions): Promise<WorkflowRecord>;
  operations(workflowId: string, options?: CallOptions): Promise<readonly OperationRecord[]>;
  /** Newest first; `total` counts all that match, this page or not. */
  list(options?: ListOptions): Promise<readonly WorkflowRecord[] & { readonly total: number }>;
  cancel(
    workflowId: string,
    options?: CallOptions & { readonly rollback?: boolean; readonly reason?: string },
  ): Promise<void>;
  /** Failed and skipped operations run again; completed ones stay. */
  resume(
    workflowId: string,
    /** `workflow`: go on with this definition; what has completed must be the same in it. */
    options?: CallOptions & { readonly workflow?: WorkflowDefinition },
  ): Promise<Submission>;
  /** Lets running operations finish and starts nothing new until `unpause`. */
  pause(workflowId: string, options?: CallOptions): Promise<void>;
  unpause(workflowId: string, options?: CallOptions): Promise<void>;
  rollback(
    workflowId: string,
    selection?: RollbackSelection,
    options?: CallOptions,
  ): Promise<{ rollback_id: string }>;
  /** Events until the workflow ends; see {@link follow}. */
  follow(workflowId: string, options?: FollowOptions): AsyncGenerator<EventEnvelope, void, undefined>;
  /** The log as text, one line an entry. */
  logs(workflowId: string, options?: CallOptions & LogOptions): Promise<string>;
  /** Tells the log, then what is added to it, until the workflow ends. */
  followLogs(
    workflowId: string,
    onText: (piece: string) => void,
    options?: CallOptions & LogOptions,
  ): Promise<void>;
  task(taskId: string, options?: CallOptions): Promise<Task>;
  tasks(options?: ListOptions): Promise<readonly Task[] & { readonly total: number }>;
  /** The health record, also of an unhealthy orchestrator; throws only when nothing answers. One attempt. */
  health(options?: CallOptions): Promise<Health>;
  /** Versions of the service and of the APIs it speaks. One attempt. */
  versions(options?: CallOptions): Promise<ServiceVersions>;
}

/** A client for the orchestrator at `endpoint`, `http://localhost:9090` when absent. Does no I/O by itself. */
export function createClient(options: Partial<HttpOptions> = {}): OrchestratorClient {
  const settings: HttpOptions = { ...options, endpoint: options.endpoint ?? 'http://localhost:9090' };
  const http = new Http(settings);
  const single = new Http({ ...settings, retry: false });
  const at = (id: string, rest = '') => `/api/v1/workflows/${encodeURIComponent(id)}${rest}`;

  const page = async <T>(path: string, list: ListOptions = {}) => {
    const { signal, timeout, headers, status, ...filters } = list;
    const query = {
      ...filters,
      idempotencyKey: undefined,
      status: status === undefined ? undefined : [status].flat().join(','),
    };
    const answer = await http.call<T[]>({ method: 'GET', path, query, signal, timeout, headers });
    const total = Number(answer.headers.get('x-total-count') ?? answer.data.length);
    return Object.assign(answer.data, { total });
  };

  return {
    endpoint: http.endpoint,
    async submit(workflow, { check, strict, ...call } = {}) {
      const query = { check: check || undefined, strict: strict || undefined };
      const path = '/api/v1/workflows/submit';
      return (await http.call<Submission>({ method: 'POST', path, query, body: workflow, ...call })).data;
    },
    async validate(workflow, { strict } = {}) {
      const query = { strict: strict || undefined };
      const path = '/api/v1/workflows/validate';
      return (await http.call<ValidationResult>({ method: 'POST', path, query, body: workflow })).data;
    },
    async get(id, call) {
      return (await http.call<WorkflowRecord>({ method: 'GET', path: at(id), ...call })).data;
    },
    async operations(id, call) {
      return (await http.call<OperationRecord[]>({ method: 'GET', path: at(id, '/operations'), ...call }))
        .data;
    },
    list: (list) => page<WorkflowRecord>('/api/v1/workflows', list),
    async cancel(id, { rollback, reason, ...call } = {}) {
      await http.call({ method: 'POST', path: at(id, '/cancel'), body: { rollback, reason }, ...call });
    },
    async resume(id, { workflow, ...call } = {}) {
      const request = { method: 'POST', path: at(id, '/resume'), body: { workflow }, ...call } as const;
      return (await http.call<Submission>(request)).data;
    },
    async pause(id, call) {
      await http.call({ method: 'POST', path: at(id, '/pause'), body: {}, ...call });
    },
    async unpause(id, call) {
      await http.call({ method: 'POST', path: at(id, '/unpause'), body: {}, ...call });
    },
    async rollback(id, selection = {}, call) {
      const request = { method: 'POST', path: at(id, '/rollback'), body: selection, ...call } as const;
      return (await http.call<{ rollback_id: string }>(request)).data;
    },
    follow: (id, options) => follow(http, id, options),
    async logs(id, { tail, level, operation, ...call } = {}) {
      return (
        await http.call<string>({
          method: 'GET',
          path: at(id, '/logs'),
          query: { tail, level, operation },
          raw: true,
          ...call,
        })
      ).data;
    },
    async followLogs(id, onText, { tail, level, operation, ...call } = {}) {
      await http.call({
        method: 'GET',
        path: at(id, '/logs'),
        query: { tail, level, operation, follow: true },
        raw: true,
        retry: false,
        timeout: 0,
        onText,
        ...call,
      });
    },
    async task(id, call) {
      return (
        await http.call<Task>({ method: 'GET', path: `/api/v1/tasks/${encodeURIComponent(id)}`, ...call })
      ).data;
    },
    tasks: (list) => page<Task>('/api/v1/tasks', list),
    async versions(call) {
      return (await single.call<ServiceVersions>({ method: 'GET', path: '/api/versions', ...call })).data;
    },
    async health(call) {
      const request = { method: 'GET', path: '/health', accept: [503], raw: true, ...call } as const;
      return JSON.parse((await single.call<string>(request)).data) as Health;
    },
  };
}
