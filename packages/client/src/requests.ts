import type { TaskStatus } from './schemas/status.ts';
import type { OperationDefinition, WorkflowDefinition } from './schemas/workflow.ts';

export type { Health } from './schemas/records.ts';

interface Work {
  readonly infra: string;
  readonly workspace?: string;
  readonly settings?: string;
  /** Plan only; the task's output is the plan. */
  readonly check_mode?: boolean;
  readonly checkMode?: boolean;
  readonly wait?: boolean;
  readonly [more: string]: unknown;
}

export interface ServerConfig extends Work {
  /** Names, or definitions; absent: all that the infrastructure defines. */
  readonly servers?: readonly (string | Readonly<Record<string, unknown>>)[];
}

export interface TaskservConfig extends Work {
  readonly taskserv: string;
  readonly operation?: string;
  readonly servers?: readonly string[];
}

export interface ClusterConfig extends Work {
  readonly cluster_type?: string;
  readonly clusterType?: string;
  readonly operation?: string;
}

export interface BatchConfig extends Omit<Partial<WorkflowDefinition>, 'operations'> {
  /** Fields of an operation stand flat, or below `config`. */
  readonly operations: readonly (Pick<OperationDefinition, 'id' | 'type'> &
    Readonly<Record<string, unknown>>)[];
}

export interface Batch {
  readonly batch_id: string;
  readonly name?: string;
  readonly status: TaskStatus;
  readonly progress?: number;
  readonly operations: readonly {
    readonly id: string;
    readonly status: TaskStatus;
    readonly progress: number;
    readonly [more: string]: unknown;
  }[];
}

export interface ListFilters {
  readonly status?: string | readonly string[];
  readonly limit?: number;
  readonly offset?: number;
  readonly sort?: string;
  readonly infra?: string;
  readonly workspace?: string;
  readonly since?: string;
  readonly until?: string;
  readonly [more: string]: string | number | boolean | readonly string[] | undefined;
}

/** One page; `total` counts what all pages have, `nextOffset` is where the next one begins. */
export type Listed<T> = T[] & { readonly total: number; readonly nextOffset: number | undefined };

export interface RollbackSelection {
  readonly checkpoint_id?: string;
  readonly checkpointId?: string;
  readonly workflow_id?: string;
  readonly workflowId?: string;
  readonly operation_ids?: readonly string[];
  readonly operationIds?: readonly string[];
  readonly include_dependents?: boolean;
  readonly includeDependents?: boolean;
  readonly check_mode?: boolean;
  readonly checkMode?: boolean;
}

export interface Snapshot {
  readonly snapshot_id: string;
  readonly timestamp: string;
  readonly state: string;
  readonly details: unknown;
}

export interface Versions {
  readonly service: string;
  readonly version: string;
  readonly api: { readonly current: string; readonly path: string; readonly levels: readonly string[] };
  readonly compatibility: Readonly<Record<string, string>>;
}
