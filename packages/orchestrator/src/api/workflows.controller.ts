import { Controller, Inject } from '@nestjs/common';
import type { WorkflowDefinition } from '@provisioning/client';
import { Answer, type ApiInput, Endpoint, Input, requireMatch } from '@provisioning/service-kit';
import { workflowRecord } from '../views/records.ts';
import { requireValid, unwrap, validateWorkflow } from '../validation/validate.ts';
import { ApiService } from './api-service.ts';
import { type LogQuery, logAnswer } from './log-answer.ts';
import { filterOf, type ListQuery, paged, pageOf } from './paging.ts';
import { workflowRoutes } from './routes/workflows.ts';

@Controller()
export class WorkflowsController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(workflowRoutes.listWorkflows)
  async list(@Input() input: ApiInput<unknown, ListQuery>) {
    const page = pageOf(input.query);
    const { records, total } = await this.#api.workflows.list(filterOf(input.query), page);
    return paged(records, total, page, input);
  }

  @Endpoint(workflowRoutes.submitWorkflow)
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

  @Endpoint(workflowRoutes.validateWorkflow)
  validate(@Input() input: ApiInput<unknown, { strict?: boolean }>) {
    return validateWorkflow(input.body, this.#api.validation(input.query.strict));
  }

  @Endpoint(workflowRoutes.getWorkflow)
  get(@Input() { params }: ApiInput) {
    return this.#api.workflows.get(params['id']!);
  }

  @Endpoint(workflowRoutes.getWorkflowStatus)
  async status(@Input() { params }: ApiInput) {
    const live = await this.#api.workflows.live(params['id']!);
    const { id, status, phase, progress, current_step } = workflowRecord(live.state, live.facts);
    return { id, status, phase, progress, current_step };
  }

  @Endpoint(workflowRoutes.listWorkflowOperations)
  operations(@Input() { params }: ApiInput) {
    return this.#api.workflows.operations(params['id']!);
  }

  @Endpoint(workflowRoutes.listWorkflowEvents)
  events(@Input() { params, query }: ApiInput<unknown, { after?: string; limit?: number }>) {
    return this.#api.workflows.events(params['id']!, query.after, query.limit);
  }

  @Endpoint(workflowRoutes.getWorkflowLogs)
  logs(@Input() { params, query }: ApiInput<unknown, LogQuery>) {
    return logAnswer(this.#api.workflows, params['id']!, query);
  }

  @Endpoint(workflowRoutes.cancelWorkflow)
  async cancel(@Input() { params, body, headers }: ApiInput<{ rollback?: boolean; reason?: string }>) {
    await requireMatch(headers, () => this.#api.workflows.get(params['id']!));
    await this.#api.workflows.cancel(params['id']!, body);
    return 'Workflow cancelled';
  }

  @Endpoint(workflowRoutes.pauseWorkflow)
  async pause(@Input() { params }: ApiInput) {
    await this.#api.workflows.pause(params['id']!);
    return 'Workflow paused';
  }

  @Endpoint(workflowRoutes.unpauseWorkflow)
  async unpause(@Input() { params }: ApiInput) {
    await this.#api.workflows.unpause(params['id']!);
    return 'Workflow goes on';
  }

  @Endpoint(workflowRoutes.resumeWorkflow)
  async resume(@Input() { params, body }: ApiInput<{ workflow?: unknown }>) {
    const id = params['id']!;
    const next = body.workflow === undefined ? undefined : await this.#changed(id, body.workflow);
    const warnings = await this.#api.workflows.resume(id, next);
    const submission = { workflow_id: id, task_id: id, status: 'queued' };
    return new Answer(
      { ...submission, ...(warnings.length === 0 ? {} : { warnings: [...warnings] }) },
      this.#api.location(id),
    );
  }

  /** The definition that a resumption brings; what it does not say of its place is as before. */
  async #changed(id: string, body: unknown): Promise<WorkflowDefinition> {
    const { workspace, infra, environment, kind } = await this.#api.workflows.definition(id);
    const given = unwrap(body);
    const whole =
      typeof given === 'object' && given !== null ? { workspace, infra, environment, kind, ...given } : given;
    return requireValid(JSON.parse(JSON.stringify(whole)), this.#api.validation()).definition;
  }

  @Endpoint(workflowRoutes.rollbackWorkflow)
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

  @Endpoint(workflowRoutes.getWorkflowStats)
  stats(@Input() { query }: ApiInput<unknown, { since?: string }>) {
    return this.#api.stats(query.since);
  }

  @Endpoint(workflowRoutes.cleanupWorkflows)
  async cleanup(@Input() { body }: ApiInput<{ older_than?: string; statuses?: string[]; check?: boolean }>) {
    const { retention } = this.#api.settings;
    const until = body.older_than ?? `${retention.completed_days}d`;
    const status = (body.statuses ?? ['Completed']).join(',');
    const filter = filterOf({ status, until });
    const active = new Set(['Pending', 'Running']);
    const statuses = filter.status?.filter((name) => !active.has(name)) ?? [];
    let deleted = 0;
    for (let offset = 0; ;) {
      const page = { limit: 1000, offset, descending: false };
      const { records } = await this.#api.workflows.list({ ...filter, status: statuses }, page);
      deleted += await this.#api.workflows.remove(
        records.map(({ id }) => id),
        body.check,
      );
      if (records.length < 1000) return { deleted };
      if (body.check) offset += 1000;
    }
  }

  @Endpoint(workflowRoutes.deleteWorkflow)
  async delete(@Input() { params, headers }: ApiInput) {
    await requireMatch(headers, () => this.#api.workflows.get(params['id']!));
    await this.#api.workflows.remove([params['id']!]);
  }

  @Endpoint(workflowRoutes.listOperations)
  async listOperations(@Input() input: ApiInput<unknown, ListQuery>) {
    const page = pageOf(input.query);
    const { operations, total } = await this.#api.workflows.recentOperations(filterOf(input.query), page);
    return paged(operations, total, page, input);
  }

  @Endpoint(workflowRoutes.getOperation)
  operation(@Input() { params }: ApiInput) {
    return this.#api.workflows.operation(params['id']!);
  }

  @Endpoint(workflowRoutes.cancelOperation)
  async cancelOperation(@Input() { params, body, headers }: ApiInput<{ reason?: string }>) {
    await requireMatch(headers, () => this.#api.workflows.operation(params['id']!));
    const { workflow_id } = await this.#api.workflows.operation(params['id']!);
    await this.#api.workflows.cancel(workflow_id, body);
    return 'Operation cancelled';
  }
}
