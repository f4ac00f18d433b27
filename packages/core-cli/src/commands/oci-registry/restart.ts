import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { embeddedProgram, endpointOf, registryControl, startedRegistry } from '../../oci-registry/control.ts';

export default class OciRegistryRestart extends ProvisioningCommand {
  static override summary = 'Stop and start the local registry';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning oci-registry restart'];

  async run(): Promise<void> {
    await this.parse(OciRegistryRestart);
    const control = registryControl(this);
    const before = await startedRegistry(control);
    if (this.globals.check) {
      await this.out.result(before, () => [
        `${this.out.style.mark('ok')} Would restart ${before.type} registry on ${endpointOf(before)}`,
      ]);
      return;
    }
    await control.stop();
    const { registry } = await control.start({
      type: before.type,
      host: before.host,
      port: before.port,
      storage: before.storage,
      ...(before.auth ? { htpasswdFile: control.htpasswdFile } : {}),
      embedded: embeddedProgram(),
      environment: this.runtime.environment,
      now: () => new Date(this.runtime.now()),
      signal: this.signal,
    });
    await this.out.result(registry, () => [
      `${this.out.style.mark('ok')} Restarted on ${endpointOf(registry)}`,
    ]);
  }
}
