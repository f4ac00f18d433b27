import { string } from '@oclif/core/flags';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { startOrchestrator, stopOrchestrator } from '../../orchestrator/control.ts';
import { settingsFor } from '../../orchestrator/session.ts';

export default class OrchestratorRestart extends ProvisioningCommand {
  static override summary = 'Stop and start the orchestrator; unfinished work goes on';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning orchestrator restart', 'provisioning orch restart --drain 60'];
  static override flags = {
    drain: string({ description: 'seconds to wait for running steps', default: '30' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorRestart);
    const settings = await settingsFor(this);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would restart: orchestrator at ${settings.endpoint}`);
      return;
    }
    await stopOrchestrator(settings, { drain: parseDuration(flags.drain, 'drain'), force: false });
    const { environment } = this.runtime;
    const { health } = await startOrchestrator({ settings, environment, signal: this.signal });
    const { pid, status, version } = health;
    await this.out.result({ endpoint: settings.endpoint, pid, status, version }, () => [
      `${this.out.style.mark('ok')} Orchestrator restarted at ${settings.endpoint} (PID ${pid ?? 'unknown'})`,
    ]);
  }
}
