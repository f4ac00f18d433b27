import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { orchestratorHealth } from '../../orchestrator/control.ts';
import { countTasks, humanUptime } from '../../orchestrator/figures.ts';
import { clientFor, settingsFor } from '../../session/orchestrator.ts';

export default class OrchestratorStatus extends ProvisioningCommand {
  static override summary = 'Show whether the orchestrator runs and what it works on';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator status', 'provisioning orch status --out json'];

  async run(): Promise<void> {
    await this.parse(OrchestratorStatus);
    const settings = await settingsFor(this);
    const health = await orchestratorHealth(settings);
    const counts = health
      ? await countTasks(clientFor(this, settings))
      : { active: 0, completed: 0, failed: 0, pending: 0 };
    const status = {
      active_tasks: counts.active,
      completed_tasks: counts.completed,
      failed_tasks: counts.failed,
      pending_tasks: counts.pending,
      uptime: health ? humanUptime(health.uptime) : null,
      health: health?.status ?? 'stopped',
      endpoint: settings.endpoint,
      ...(health?.pid === undefined ? {} : { pid: health.pid }),
    };
    const { style } = this.out;
    const good = status.health === 'healthy';
    const shown = good
      ? style.good(status.health)
      : status.health === 'stopped'
        ? style.dim('stopped')
        : style.warn(status.health);
    await this.out.result(status, () => [
      `Orchestrator: ${shown}`,
      `  Endpoint:   ${status.endpoint}${status.pid === undefined ? '' : ` (PID ${status.pid})`}`,
      ...(health
        ? [
            `  Uptime:     ${status.uptime}`,
            `  Active:     ${status.active_tasks}`,
            `  Pending:    ${status.pending_tasks}`,
            `  Completed:  ${status.completed_tasks}`,
            `  Failed:     ${status.failed_tasks}`,
          ]
        : ['  Start it:   provisioning orchestrator start']),
    ]);
  }
}
