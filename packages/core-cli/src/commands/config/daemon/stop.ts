import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { RenderDaemonControl } from '../../../render/control.ts';

export default class ConfigDaemonStop extends ProvisioningCommand {
  static override summary = 'Stop the render daemon';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning config daemon stop'];

  async run(): Promise<void> {
    await this.parse(ConfigDaemonStop);
    const control = new RenderDaemonControl(this);
    if (this.globals.check) {
      const daemon = await control.current();
      this.out.warn('Check mode: No changes will be made');
      this.out.line(
        daemon === undefined
          ? 'The render daemon is not running'
          : `Would stop: render daemon (PID ${daemon.pid})`,
      );
      return;
    }
    const stopped = await control.stop();
    if (!stopped) this.out.info('The render daemon is not running');
    await this.out.result({ stopped }, () =>
      stopped ? [`${this.out.style.mark('ok')} Render daemon stopped`] : [],
    );
  }
}
