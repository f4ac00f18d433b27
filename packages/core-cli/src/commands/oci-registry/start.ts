import { boolean, integer, string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import type { RegistryType } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { embeddedProgram, endpointOf, registryControl } from '../../oci-registry/control.ts';

export default class OciRegistryStart extends ProvisioningCommand {
  static override summary = 'Start a local registry';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning oci-registry start',
    'provisioning oci-registry start --type embedded --port 5001',
  ];
  static override flags = {
    type: string({
      description: 'kind of registry; default zot where installed, else embedded',
      options: ['zot', 'harbor', 'distribution', 'embedded'],
    }),
    port: integer({ description: 'port', default: 5000, min: 0, max: 65535 }),
    bind: string({ description: 'address; one that others reach needs --auth', default: '127.0.0.1' }),
    storage: string({ description: 'folder of its data' }),
    'tls-cert': string({ description: 'certificate (PEM)', dependsOn: ['tls-key'] }),
    'tls-key': string({ description: 'key of the certificate (PEM)', dependsOn: ['tls-cert'] }),
    auth: boolean({ description: 'ask for users made with oci-registry init' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciRegistryStart);
    const control = registryControl(this);
    const tls =
      flags['tls-cert'] === undefined || flags['tls-key'] === undefined
        ? {}
        : { tls: { certFile: flags['tls-cert'], keyFile: flags['tls-key'] } };

    const storage = resolve(this.runtime.cwd, flags.storage ?? control.defaultStorage);
    if (this.globals.check) {
      await this.out.result({ storage, port: flags.port, host: flags.bind }, () => [
        `Would start a registry on ${flags.bind}:${flags.port}`,
      ]);
      return;
    }
    const { registry, already } = await control.start({
      ...(flags.type === undefined ? {} : { type: flags.type as RegistryType }),
      host: flags.bind,
      port: flags.port,
      storage,
      ...(flags.auth ? { htpasswdFile: control.htpasswdFile } : {}),
      ...tls,
      embedded: embeddedProgram(),
      environment: this.runtime.environment,
      now: () => new Date(this.runtime.now()),
      signal: this.signal,
    });
    await this.out.result({ ...registry, already_running: already }, () => [
      already
        ? `${this.out.style.mark('ok')} already running`
        : `${this.out.style.mark('ok')} Started ${registry.type} registry`,
      `  Endpoint: ${endpointOf(registry)}`,
      `  Storage: ${registry.storage}`,
      `  Authentication: ${registry.auth ? 'htpasswd' : 'none'}`,
      `  TLS: ${registry.tls ? 'yes' : 'no'}`,
    ]);
    if (!already && registry.type === 'embedded' && flags.type === undefined) {
      this.out.info('zot is not installed; the embedded registry serves instead');
    }
    await this.next('provisioning oci push <folder>');
  }
}
