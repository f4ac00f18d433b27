import type { CallOptions } from './http.ts';
import type { Batch, BatchConfig, Listed, ListFilters, RollbackSelection, Snapshot } from './requests.ts';
import type { Task, WorkflowRecord } from './schemas/records.ts';
import type { ValidationResult, WorkflowDefinition } from './schemas/workflow.ts';
import { snakeCased } from './snake-case.ts';
import { TaskClient } from './task-client.ts';
import { waitUntilFinal } from './waiting.ts';

/** Workflows of one's own, batches, checkpoints and rollback (14 §4). */
export abstract class WorkflowClient extends TaskClient {
  // Workflows

  async submitWorkflow(
    workflow: WorkflowDefinition,
    { check, strict, ...call }: CallOptions & { readonly check?: boolean; readonly strict?: boolean } = {},
  ): Promise<{ readonly workflowId: string; readonly taskId: string }> {
    const query = { check: check || undefined, strict: strict || undefined };
    const data = await this.ask<{ workflow_id: string; task_id: string }>('submitWorkflow', {
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
    return this.ask('validateWorkflow', {
      ...call,
      query: { strict: strict || undefined },
      body: workflow,
    });
  }

  getWorkflow(id: string, call?: CallOptions): Promise<WorkflowRecord> {
    return this.ask('getWorkflow', { ...call, path: { id } });
  }

  listWorkflows(filters: string | ListFilters = {}, call?: CallOptions): Promise<Listed<WorkflowRecord>> {
    return this.listed('listWorkflows', filters, call);
  }

  async cancelWorkflow(
    id: string,
    {
      rollback,
      reason,
      ...call
    }: CallOptions & { readonly rollback?: boolean; readonly reason?: string } = {},
  ): Promise<void> {
    await this.ask('cancelWorkflow', { ...call, path: { id }, body: { rollback, reason } });
  }

  resumeWorkflow(
    id: string,
    call?: CallOptions,
  ): Promise<{ readonly task_id: string; readonly workflow_id: string }> {
    return this.ask('resumeWorkflow', { ...call, path: { id } });
  }

  rollbackWorkflow(
    id: string,
    selection: RollbackSelection = {},
    call?: CallOptions,
  ): Promise<{ readonly rollback_id?: string }> {
    return this.ask('rollbackWorkflow', { ...call, path: { id }, body: snakeCased(selection) });
  }

  getWorkflowProgress(id: string, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getWorkflowProgress', { ...call, path: { id } });
  }

  getWorkflowSnapshots(id: string, call?: CallOptions): Promise<readonly Snapshot[]> {
    return this.ask('getWorkflowSnapshots', { ...call, path: { id } });
  }

  // Batches

  async executeBatchOperation(config: BatchConfig, call?: CallOptions): Promise<Batch> {
    const batch = await this.ask<Batch>('executeBatchOperation', { ...call, body: snakeCased(config) });
    this.emit('batchStarted', batch);
    return batch;
  }

  getBatchStatus(id: string, call?: CallOptions): Promise<Batch> {
    return this.ask('getBatchStatus', { ...call, path: { id } });
  }

  listBatchOperations(filters: string | ListFilters = {}, call?: CallOptions): Promise<Listed<Batch>> {
    return this.listed('listBatchOperations', filters, call);
  }

  getBatchProgress(id: string, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getBatchProgress', { ...call, path: { id } });
  }

  getBatchStats(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getBatchStats', call);
  }

  cancelBatchOperation(id: string, call?: CallOptions): Promise<string> {
    return this.ask('cancelBatchOperation', { ...call, path: { id } });
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
    return this.ask('rollbackBatch', { ...call, path: { id }, body });
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
        poll: (stop) => this.polled<Batch>('getBatchStatus', id, stop) as unknown as Promise<Task>,
        onProgress: () => undefined,
        listen: (wake) => this.listen('BatchOperationUpdate', 'batch_id', id, wake),
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

  // Checkpoints and rollback

  createCheckpoint(name: string, description?: string, call?: CallOptions): Promise<string> {
    return this.ask('createCheckpoint', { ...call, body: { name, description } });
  }

  listCheckpoints(call?: CallOptions): Promise<readonly Record<string, unknown>[]> {
    return this.ask('listCheckpoints', call);
  }

  getCheckpoint(id: string, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getCheckpoint', { ...call, path: { id } });
  }

  executeRollback(selection: RollbackSelection, call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('executeRollback', { ...call, body: snakeCased(selection) });
  }

  getRollbackStatistics(call?: CallOptions): Promise<Record<string, unknown>> {
    return this.ask('getRollbackStatistics', call);
  }
}
