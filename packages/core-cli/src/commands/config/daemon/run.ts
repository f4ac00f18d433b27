import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { RenderDaemonControl } from '../../../render/control.ts';
import { startRenderDaemon } from '../../../render/daemon.ts';
import { renderToken } from '../../../render/settings.ts';
import { openConfiguration } from '../../../session/workspace.ts';

export default class ConfigDaemonRun extends ProvisioningCommand {
  static override summary = 'Serve the render endpoints in the foreground';
  static override description =
    'Renders Handlebars, Tera, Nickel, KCL and, where render.allow_typescript is true, TypeScript over HTTP, with a cache.\nAn address that others reach needs a token in the file of render.token_path. Ctrl-C ends it.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning config daemon run',
    'provisioning config daemon run --bind 127.0.0.1:9191',
  ];
  static override flags = {
    bind: string({
      description: 'address; default PROVISIONING_RENDER_BIND, DAEMON_BIND, then 127.0.0.1:9091',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigDaemonRun);
    const { configuration } = await openConfiguration(this);
    const token = await renderToken(configuration);
    const daemon = await startRenderDaemon({
      version: this.host.catalogue.version,
      env: this.runtime.environment,
      allowTypeScript: configuration.get('render.allow_typescript') === true,
      log: (_level, message) => this.out.progress(message),
      ...(flags.bind === undefined ? {} : { bind: flags.bind }),
      ...(token === undefined ? {} : { token }),
    });
    const control = new RenderDaemonControl(this);
    const started = new Date(this.runtime.now()).toISOString();
    await control.record({ pid: process.pid, ...daemon.address, started_at: started });
    try {
      if (!this.signal.aborted)
        await new Promise<void>((done) =>
          this.signal.addEventListener('abort', () => done(), { once: true }),
        );
    } finally {
      await daemon.close();
      await control.forget(process.pid);
    }
  }
}
