import { boolean, string } from '@oclif/core/flags';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { orchestratorPid, stopOrchestrator } from '../../orchestrator/control.ts';
import { settingsFor } from '../../orchestrator/session.ts';

export default class OrchestratorStop extends ProvisioningCommand {
  static override summary = 'Stop the orchestrator; unfinished work goes on at the next start';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning orchestrator stop', 'provisioning orch stop --drain 60 --force'];
  static override flags = {
    drain: string({ description: 'seconds to wait for running steps', default: '30' }),
    force: boolean({ description: 'end the process when it does not stop by itself' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorStop);
    const settings = await settingsFor(this);
    if (this.globals.check) {
      const pid = await orchestratorPid(settings);
      this.out.warn('Check mode: No changes will be made');
      this.out.line(
        pid === undefined ? 'Orchestrator is not running' : `Would stop: orchestrator (PID ${pid})`,
      );
      return;
    }
    const stopped = await stopOrchestrator(settings, {
      drain: parseDuration(flags.drain, 'drain'),
      force: flags.force,
    });
    if (!stopped) this.out.info('Orchestrator is not running');
    await this.out.result({ stopped }, () =>
      stopped ? [`${this.out.style.mark('ok')} Orchestrator stopped`] : [],
    );
  }
}
