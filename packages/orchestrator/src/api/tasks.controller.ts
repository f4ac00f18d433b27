import { Controller, Inject } from '@nestjs/common';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput, Endpoint, Input, requireMatch } from '@provisioning/service-kit';
import { parseTaskId } from '../engine/identifiers.ts';
import { ApiService } from './api-service.ts';
import { type LogQuery, logAnswer } from './log-answer.ts';
import { filterOf, type ListQuery, paged, pageOf } from './paging.ts';
import { workflowRoutes } from './routes/workflows.ts';

@Controller()
export class TasksController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(workflowRoutes.listTasks)
  async list(@Input() input: ApiInput<unknown, ListQuery & { parent?: string; include?: 'children' }>) {
    const page = pageOf(input.query);
    if (input.query.parent !== undefined) {
      const children = await this.#api.workflows.children(input.query.parent);
      return paged(children.slice(page.offset, page.offset + page.limit), children.length, page, input);
    }
    const filter = filterOf(input.query);
    const { tasks, total } = await (input.query.include === 'children'
      ? this.#api.workflows.tasksWithChildren(filter, page)
      : this.#api.workflows.listTasks(filter, page));
    return paged(tasks, total, page, input);
  }

  @Endpoint(workflowRoutes.getTaskStatus)
  get(@Input() { params }: ApiInput) {
    return this.#api.workflows.task(params['id']!);
  }

  @Endpoint(workflowRoutes.cancelTask)
  async cancel(@Input() { params, body, headers }: ApiInput<{ reason?: string }>) {
    await requireMatch(headers, () => this.#api.workflows.task(params['id']!));
    await this.#api.workflows.cancel(parseTaskId(params['id']!).workflow, body);
    return 'Task cancelled';
  }

  @Endpoint(workflowRoutes.retryTask)
  async retry(@Input() { params }: ApiInput) {
    const { workflow } = parseTaskId(params['id']!);
    await this.#api.workflows.resume(workflow);
    return new Answer(workflow, this.#api.location(workflow));
  }

  @Endpoint(workflowRoutes.listTaskEvents)
  async events(@Input() { params, query }: ApiInput<unknown, { after?: string; limit?: number }>) {
    const id = params['id']!;
    const { workflow, operation } = parseTaskId(id);
    const events = await this.#api.workflows.events(workflow, query.after, query.limit);
    return operation === undefined ? events : events.filter(({ metadata }) => metadata['task_id'] === id);
  }

  @Endpoint(workflowRoutes.reportProgress)
  progress(
    @Input() { params, body, headers }: ApiInput<{ progress: number; message?: string; step?: string }>,
  ) {
    const id = params['id']!;
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (!this.#api.tokens.isFor(id, token)) {
      throw new ProvisioningError({
        code: 'FORBIDDEN',
        kind: 'permission',
        message: `The token does not belong to task ${id}`,
        hint: 'Send PROVISIONING_TASK_TOKEN of the process that runs the task',
      });
    }
    const { progress: percent, message, step } = body;
    this.#api.workflows.report(id, { type: 'percent', percent, message: message ?? step });
  }

  @Endpoint(workflowRoutes.getTaskLogs)
  logs(@Input() { params, query }: ApiInput<unknown, LogQuery>) {
    return logAnswer(this.#api.workflows, params['id']!, query);
  }
}
