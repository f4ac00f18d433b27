import { Controller, Inject } from '@nestjs/common';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput, Endpoint, Input, requireMatch } from '@provisioning/service-kit';
import { humanSize, type Selection } from '../rollback/rollbacks.ts';
import { ApiService } from './api-service.ts';
import { progressRecord } from './batches.ts';
import { stateRoutes } from './routes/state.ts';

/** Milliseconds that a rollback is waited for before the answer is 202 (13 §5). */
const rollbackWait = 30_000;

@Controller()
export class StateController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(stateRoutes.getWorkflowProgress)
  async progress(@Input() { params }: ApiInput) {
    const { state, facts } = await this.#api.workflows.live(params['id']!);
    return progressRecord(state, facts, this.#api.orchestrator.durations);
  }

  @Endpoint(stateRoutes.getWorkflowSnapshots)
  async snapshots(@Input() { params }: ApiInput) {
    return (await this.#api.workflows.history(params['id']!)).snapshots;
  }

  @Endpoint(stateRoutes.listWorkflowCheckpoints)
  async workflowCheckpoints(@Input() { params }: ApiInput) {
    return (await this.#api.workflows.history(params['id']!)).checkpoints;
  }

  @Endpoint(stateRoutes.getSystemMetrics)
  async systemMetrics() {
    const { total, by_status } = await this.#api.stats(undefined);
    const { cpu_usage, memory_usage, disk_usage } = await this.#api.load();
    return {
      total_workflows: total,
      active_workflows: (by_status['Pending'] ?? 0) + (by_status['Running'] ?? 0),
      completed_workflows: by_status['Completed'] ?? 0,
      failed_workflows: by_status['Failed'] ?? 0,
      system_load: { cpu_usage, memory_usage, disk_usage },
    };
  }

  @Endpoint(stateRoutes.getSystemHealth)
  async systemHealth() {
    const health = await this.#api.health();
    const word = (status: unknown) =>
      status === 'healthy' ? 'Healthy' : status === 'degraded' ? 'Warning' : 'Unhealthy';
    const components = Object.entries(health.components).map(([name, part]) => [
      name,
      word((part as { status: string }).status),
    ]);
    return {
      overall_status: word(health.status),
      components: Object.fromEntries(components) as Record<string, string>,
      last_check: new Date().toISOString(),
    };
  }

  @Endpoint(stateRoutes.getStatistics)
  async statistics() {
    const [stats, size] = await Promise.all([
      this.#api.stats(undefined),
      this.#api.orchestrator.store.size(),
    ]);
    return {
      total_workflows: stats.total,
      active_snapshots: this.#api.orchestrator.runtime.active,
      storage_usage: humanSize(size),
      storage_usage_bytes: size,
      average_workflow_duration: stats.average_duration,
    };
  }

  @Endpoint(stateRoutes.createCheckpoint)
  async createCheckpoint(@Input() { body }: ApiInput<{ name: string; description?: string }>) {
    const { metrics, rollbacks, webhooks } = this.#api.orchestrator;
    const id = await rollbacks.createCheckpoint(body.name, body.description);
    metrics.checkpoint();
    webhooks.tell('checkpoint.created', { checkpoint_id: id, name: body.name });
    return id;
  }

  @Endpoint(stateRoutes.listCheckpoints)
  async checkpoints() {
    const all = await this.#api.orchestrator.rollbacks.checkpoints();
    return all.map(({ sequence: _sequence, operations_count: _count, ...checkpoint }) => checkpoint);
  }

  @Endpoint(stateRoutes.getCheckpoint)
  checkpoint(@Input() { params }: ApiInput) {
    return this.#checkpoint(params['id']!);
  }

  @Endpoint(stateRoutes.deleteCheckpoint)
  async deleteCheckpoint(@Input() { params, headers }: ApiInput) {
    await requireMatch(headers, () => this.#checkpoint(params['id']!));
    return this.#api.orchestrator.rollbacks.deleteCheckpoint(params['id']!);
  }

  @Endpoint(stateRoutes.executeRollback)
  async execute(@Input() { body }: ApiInput<Selection & { wait?: boolean }>) {
    const { rollbacks } = this.#api.orchestrator;
    const started = await rollbacks.execute(body);
    if (started.rollback_id === undefined || body.check_mode) return started;
    const result = body.wait === false ? started : await rollbacks.wait(started.rollback_id, rollbackWait);
    if (result.finished) return result;
    return new Answer(result, { status: 202 });
  }

  @Endpoint(stateRoutes.getRollbackStatistics)
  rollbackStatistics() {
    return this.#api.orchestrator.rollbacks.statistics();
  }

  @Endpoint(stateRoutes.getRollback)
  async rollback(@Input() { params }: ApiInput) {
    const result = await this.#api.orchestrator.rollbacks.get(params['id']!);
    if (result.rollback_id !== undefined) return result;
    throw new ProvisioningError({
      code: 'NOT_FOUND',
      kind: 'not-found',
      message: `Rollback not found: ${params['id']!}`,
    });
  }

  async #checkpoint(id: string) {
    const { sequence: _sequence, ...checkpoint } = await this.#api.orchestrator.rollbacks.checkpoint(id);
    return checkpoint;
  }
}
