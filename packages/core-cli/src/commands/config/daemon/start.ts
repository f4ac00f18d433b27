import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { RenderDaemonControl } from '../../../render/control.ts';
import { checkedBind, renderBind } from '../../../render/daemon.ts';
import { renderToken } from '../../../render/settings.ts';
import { openConfiguration } from '../../../session/workspace.ts';

export default class ConfigDaemonStart extends ProvisioningCommand {
  static override summary = 'Start the render daemon in the background';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning config daemon start',
    'provisioning config daemon start --bind 127.0.0.1:9191',
  ];
  static override flags = {
    background: boolean({ description: 'run in the background', default: true }),
    bind: string({
      description: 'address; default PROVISIONING_RENDER_BIND, DAEMON_BIND, then 127.0.0.1:9091',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigDaemonStart);
    const bind = flags.bind ?? renderBind(this.runtime.environment);
    const { configuration } = await openConfiguration(this);
    checkedBind(bind, await renderToken(configuration));
    const control = new RenderDaemonControl(this);
    const running = await control.current();
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(
        running === undefined ? `Would start: render daemon at ${bind}` : 'The render daemon runs already',
      );
      return;
    }
    const daemon =
      running ??
      (await control.start(
        this.runtime.environment as NodeJS.ProcessEnv,
        flags.bind === undefined ? [] : ['--bind', flags.bind],
        this.signal,
      ));
    const already = running !== undefined;
    const endpoint = `http://${daemon.host}:${daemon.port}`;
    if (already) this.out.info(`Render daemon already running at ${endpoint} (PID ${daemon.pid})`);
    await this.out.result({ ...daemon, endpoint, already_running: already }, () =>
      already
        ? []
        : [`${this.out.style.mark('ok')} Render daemon started at ${endpoint} (PID ${daemon.pid})`],
    );
  }
}
