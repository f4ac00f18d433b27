import { Controller, Inject } from '@nestjs/common';
import type { WorkflowDefinition } from '@provisioning/client';
import { Answer, type ApiInput, Endpoint, Input } from '@provisioning/service-kit';
import { workflowRecord } from '../views/records.ts';
import { requireValid, validateWorkflow } from '../validation/validate.ts';
import { ApiService } from './api-service.ts';
import { filterOf, type ListQuery, paged, pageOf } from './paging.ts';
import { routes } from './routes.ts';

@Controller()
export class WorkflowsController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(routes.listWorkflows)
  async list(@Input() input: ApiInput<unknown, ListQuery>) {
    const page = pageOf(input.query);
    const { records, total } = await this.#api.workflows.list(filterOf(input.query), page);
    return paged(records, total, page, input);
  }

  @Endpoint(routes.submitWorkflow)
  async submit(@Input() input: ApiInput<WorkflowDefinition, { check?: boolean; strict?: boolean }>) {
    const { check, strict } = input.query;
    const { definition, warnings } = requireValid(input.body, this.#api.validation(strict));
    const wanted = check ? { ...definition, check_mode: true } : definition;
    return this.#api.submit(wanted, input, (id, status) => ({
      workflow_id: id,
      task_id: id,
      status,
      ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    }));
  }

  @Endpoint(routes.validateWorkflow)
  validate(@Input() input: ApiInput<unknown, { strict?: boolean }>) {
    return validateWorkflow(input.body, this.#api.validation(input.query.strict));
  }

  @Endpoint(routes.getWorkflow)
  get(@Input() { params }: ApiInput) {
    return this.#api.workflows.get(params['id']!);
  }

  @Endpoint(routes.getWorkflowStatus)
  async status(@Input() { params }: ApiInput) {
    const live = await this.#api.workflows.live(params['id']!);
    const { id, status, phase, progress, current_step } = workflowRecord(live.state, live.facts);
    return { id, status, phase, progress, current_step };
  }

  @Endpoint(routes.listWorkflowOperations)
  operations(@Input() { params }: ApiInput) {
    return this.#api.workflows.operations(params['id']!);
  }

  @Endpoint(routes.listWorkflowEvents)
  events(@Input() { params, query }: ApiInput<unknown, { after?: string; limit?: number }>) {
    return this.#api.workflows.events(params['id']!, query.after, query.limit);
  }

  @Endpoint(routes.getWorkflowLogs)
  logs(@Input() { params, query }: ApiInput<unknown, { tail?: number; level?: string }>) {
    return this.#api.workflows.readLogs(params['id']!, query);
  }

  @Endpoint(routes.cancelWorkflow)
  async cancel(@Input() { params, body }: ApiInput<{ rollback?: boolean; reason?: string }>) {
    await this.#api.workflows.cancel(params['id']!, body);
    return 'Workflow cancelled';
  }

  @Endpoint(routes.pauseWorkflow)
  async pause(@Input() { params }: ApiInput) {
    await this.#api.workflows.pause(params['id']!);
    return 'Workflow paused';
  }

  @Endpoint(routes.unpauseWorkflow)
  async unpause(@Input() { params }: ApiInput) {
    await this.#api.workflows.unpause(params['id']!);
    return 'Workflow goes on';
  }

  @Endpoint(routes.resumeWorkflow)
  async resume(@Input() { params }: ApiInput) {
    const id = params['id']!;
    await this.#api.workflows.resume(id);
    return new Answer({ workflow_id: id, task_id: id, status: 'queued' }, this.#api.location(id));
  }

  @Endpoint(routes.rollbackWorkflow)
  rollback(
    @Input()
    {
      params,
      body,
    }: ApiInput<{ operation_ids?: string[]; include_dependents?: boolean; check_mode?: boolean }>,
  ) {
    return this.#api.workflows.rollback(params['id']!, {
      operations: body.operation_ids,
      includeDependents: body.include_dependents,
      check: body.check_mode,
    });
  }

  @Endpoint(routes.listOperations)
  async listOperations(@Input() input: ApiInput<unknown, ListQuery>) {
    const page = pageOf(input.query);
    const { operations, total } = await this.#api.workflows.recentOperations(filterOf(input.query), page);
    return paged(operations, total, page, input);
  }
}
