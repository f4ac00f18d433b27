import { boolean, string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { orchestratorHealth } from '../../orchestrator/control.ts';
import { countsOf, countTasks, humanUptime } from '../../orchestrator/figures.ts';
import { storeType } from '../../orchestrator/local-store.ts';
import { askForListing, readSettings, readStore } from '../../workflow/reading.ts';
import { clientFor } from '../../orchestrator/session.ts';

export default class OrchestratorStatus extends ProvisioningCommand {
  static override summary = 'Show whether the orchestrator runs and what it works on';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator status', 'provisioning orch status --out json'];

  static override flags = {
    'data-dir': string({ description: 'folder of the journal' }),
    http: boolean({ description: 'ask the service instead of reading its store' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorStatus);
    const options = { dataDir: flags['data-dir'], http: flags.http };
    const settings = await readSettings(this, options);
    const health = await orchestratorHealth(settings);
    const counts = await readStore(this, settings, options, {
      local: (store) => countsOf(store.counts()),
      remote: () => countTasks(clientFor(this, settings)),
      offline: async () => countsOf((await askForListing(this, settings, { limit: 1 })).counts),
    }).catch((error: unknown) => {
      // That it is stopped is still an answer (12 §15); what it has kept is not known then.
      if (health) throw error;
      const { message } = ProvisioningError.from(error);
      if (storeType(settings) !== 'sqlite')
        this.runtime.stderr.write(`The store cannot be read: ${message}\n`);
      return countsOf({});
    });
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
      ...(health ? [`  Uptime:     ${status.uptime}`] : []),
      `  Active:     ${status.active_tasks}`,
      `  Pending:    ${status.pending_tasks}`,
      `  Completed:  ${status.completed_tasks}`,
      `  Failed:     ${status.failed_tasks}`,
      ...(health ? [] : ['  Start it:   provisioning orchestrator start']),
    ]);
  }
}
