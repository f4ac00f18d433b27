import { integer, string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { RegistryServer } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryControl } from '../../oci-registry/control.ts';

export default class OciRegistryServe extends ProvisioningCommand {
  static override summary = 'Serve the embedded registry in the foreground';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override hidden = true;
  static override examples = ['provisioning oci-registry serve --port 5001'];
  static override flags = {
    port: integer({ description: 'port', default: 5000, min: 0, max: 65535 }),
    bind: string({ description: 'address; one that others reach needs --auth', default: '127.0.0.1' }),
    storage: string({ description: 'folder of its data' }),
    'tls-cert': string({ description: 'certificate (PEM)', dependsOn: ['tls-key'] }),
    'tls-key': string({ description: 'key of the certificate (PEM)', dependsOn: ['tls-cert'] }),
    htpasswd: string({ description: 'file of users (bcrypt)' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciRegistryServe);
    const control = registryControl(this);
    const tls =
      flags['tls-cert'] === undefined || flags['tls-key'] === undefined
        ? {}
        : { tls: { certFile: flags['tls-cert'], keyFile: flags['tls-key'] } };

    const server = new RegistryServer({
      storage: resolve(this.runtime.cwd, flags.storage ?? control.defaultStorage),
      host: flags.bind,
      port: flags.port,
      ...(flags.htpasswd === undefined ? {} : { htpasswdFile: flags.htpasswd }),
      ...tls,
      onRequest: ({ method, path, status, ms }) =>
        this.out.progress(
          `${new Date(this.runtime.now()).toISOString()} ${method} ${path} ${status} ${ms} ms`,
        ),
    });
    const { host, port } = await server.listen();
    this.out.progress(`Serving on ${host}:${port}`);
    await new Promise<void>((done) => this.signal.addEventListener('abort', () => done(), { once: true }));
    await server.close();
  }
}
