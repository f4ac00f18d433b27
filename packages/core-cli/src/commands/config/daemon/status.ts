import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { ask, RenderDaemonControl } from '../../../render/control.ts';
import { renderToken } from '../../../render/settings.ts';
import { openConfiguration } from '../../../session/workspace.ts';

export default class ConfigDaemonStatus extends ProvisioningCommand {
  static override summary = 'Show whether the render daemon runs and what it has rendered';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning config daemon status',
    'provisioning config daemon status --out json',
  ];

  async run(): Promise<void> {
    await this.parse(ConfigDaemonStatus);
    const daemon = await new RenderDaemonControl(this).current();
    if (daemon === undefined) {
      await this.out.result({ running: false }, () => [
        'Render daemon: stopped',
        '  Start it: provisioning config daemon start',
      ]);
      return;
    }
    const { configuration } = await openConfiguration(this);
    const token = await renderToken(configuration);
    const stats = await ask(daemon, '/config/stats', token);
    const endpoint = `http://${daemon.host}:${daemon.port}`;
    await this.out.result({ running: true, endpoint, ...daemon, stats }, () => [
      `Render daemon: running at ${endpoint} (PID ${daemon.pid})`,
      `  Since:    ${daemon.started_at}`,
      `  Renders:  ${String(stats['total_renders'] ?? 'unknown')}, ${String(stats['failed_renders'] ?? 'unknown')} failed`,
    ]);
  }
}
