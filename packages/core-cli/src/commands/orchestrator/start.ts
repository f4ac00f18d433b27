import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { startOrchestrator } from '../../orchestrator/control.ts';
import { settingsFor } from '../../orchestrator/session.ts';

export default class OrchestratorStart extends ProvisioningCommand {
  static override summary = 'Start the orchestrator in the background';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning orchestrator start', 'provisioning orch start --port 9190'];
  static override flags = {
    background: boolean({ description: 'run in the background', default: true, allowNo: true }),
    port: string({ description: 'port to listen on, loopback only' }),
    'data-dir': string({ description: 'folder of its journal and logs' }),
    'storage-type': string({
      description: 'where the journal is kept',
      options: ['sqlite', 'postgres', 'filesystem'],
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorStart);
    const found = await settingsFor(this);
    const settings = {
      ...found,
      ...(flags.port === undefined ? {} : { endpoint: `http://127.0.0.1:${flags.port}` }),
      ...(flags['data-dir'] === undefined ? {} : { dataDir: flags['data-dir'] }),
    };
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would start: orchestrator at ${settings.endpoint}, data in ${settings.dataDir}`);
      return;
    }
    const storage = flags['storage-type'];
    const { already, health } = await startOrchestrator({
      settings,
      environment: this.runtime.environment,
      signal: this.signal,
      flags: storage === undefined ? [] : ['--storage-type', storage],
    });
    const { status, version, pid } = health;
    const result = { already_running: already, endpoint: settings.endpoint, pid, status, version };
    if (already) this.out.info(`Orchestrator already running at ${settings.endpoint}`);
    await this.out.result(result, () =>
      already
        ? []
        : [
            `${this.out.style.mark('ok')} Orchestrator started at ${settings.endpoint} (PID ${pid ?? 'unknown'})`,
          ],
    );
  }
}
