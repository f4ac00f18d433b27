import { Controller, Inject } from '@nestjs/common';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ApiInput, Endpoint, Input, requireMatch } from '@provisioning/service-kit';
import { ApiService } from './api-service.ts';
import { acceptBatch, batchRecord, progressRecord } from './batches.ts';
import { filterOf, type ListQuery, paged, pageOf } from './paging.ts';
import { batchRoutes } from './routes/batch.ts';

/** Batches: workflows of kind batch under the names of 13 §4. */
@Controller()
export class BatchController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(batchRoutes.executeBatchOperation)
  execute(@Input() input: ApiInput<WorkflowDefinition, { strict?: boolean }>) {
    return acceptBatch(this.#api, input, input.query.strict);
  }

  @Endpoint(batchRoutes.listBatchOperations)
  async list(@Input() input: ApiInput<unknown, ListQuery>) {
    const page = pageOf(input.query);
    const { records, total } = await this.#api.workflows.list(
      { ...filterOf(input.query), kind: ['batch'] },
      page,
    );
    const batches = await Promise.all(
      records.map(async ({ id }) => batchRecord(await this.#api.workflows.get(id))),
    );
    return paged(batches, total, page, input);
  }

  @Endpoint(batchRoutes.getBatchStats)
  stats(@Input() { query }: ApiInput<unknown, { since?: string }>) {
    return this.#api.stats(query.since, 'batch');
  }

  @Endpoint(batchRoutes.getBatchStatus)
  get(@Input() { params }: ApiInput) {
    return this.#record(params['id']!);
  }

  @Endpoint(batchRoutes.getBatchProgress)
  async progress(@Input() { params }: ApiInput) {
    const { state, facts } = await this.#api.workflows.live(params['id']!);
    return {
      ...progressRecord(state, facts, this.#api.orchestrator.durations),
      operations: state.operations.map((own) => ({
        id: own.plan.id,
        status: own.status,
        progress: own.progress,
      })),
    };
  }

  @Endpoint(batchRoutes.cancelBatchOperation)
  async cancel(@Input() { params, body, headers }: ApiInput<{ rollback?: boolean }>) {
    await requireMatch(headers, () => this.#record(params['id']!));
    await this.#api.workflows.cancel(params['id']!, body);
    return 'Operation cancelled';
  }

  @Endpoint(batchRoutes.rollbackBatch)
  async rollback(
    @Input() { params, body }: ApiInput<{ operation_ids?: string[]; include_dependents?: boolean }>,
  ) {
    const { rollback_id } = await this.#api.workflows.rollback(params['id']!, {
      operations: body.operation_ids,
      includeDependents: body.include_dependents,
    });
    if (rollback_id !== undefined) return { rollback_id };
    throw new ProvisioningError({
      code: 'INVALID_STATE',
      kind: 'conflict',
      message: 'There is nothing to roll back in this batch',
    });
  }

  async #record(id: string) {
    return batchRecord(await this.#api.workflows.get(id));
  }
}
