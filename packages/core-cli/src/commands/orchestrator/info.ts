import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';
import { orchestratorHealth } from '../../orchestrator/control.ts';
import { humanUptime } from '../../orchestrator/figures.ts';
import { storeType } from '../../orchestrator/local-store.ts';
import { settingsFor } from '../../orchestrator/session.ts';

interface Told {
  readonly store: string;
  readonly dispatcher: string;
  readonly mode: string;
}

export default class OrchestratorInfo extends ProvisioningCommand {
  static override summary = 'Show version, mode, store, dispatcher, process and folders of the orchestrator';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator info'];

  async run(): Promise<void> {
    await this.parse(OrchestratorInfo);
    const settings = await settingsFor(this);
    const health = await orchestratorHealth(settings);
    const told = health && (await (await apiFor(this)).get<Told>('/status'));
    const info = {
      health: health?.status ?? 'stopped',
      version: health?.version ?? null,
      mode: told?.mode ?? null,
      store: told?.store ?? storeType(settings),
      dispatcher: told?.dispatcher ?? null,
      pid: health?.pid ?? null,
      uptime: health ? humanUptime(health.uptime) : null,
      endpoint: settings.endpoint,
      data_dir: settings.dataDir,
    };
    await this.out.result(info, () =>
      Object.entries(info)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => `${`${name.replace('_', ' ')}:`.padEnd(12)} ${value}`),
    );
  }
}
