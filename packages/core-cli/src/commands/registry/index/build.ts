import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { buildIndex } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { openArtifacts } from '../../../oci/session.ts';

export default class RegistryIndexBuild extends ProvisioningCommand {
  static override summary = 'Write a static index that any web server can serve';
  static override description =
    'From the extensions of a registry, or from a folder of packages. Packages are laid beside the index with their digests.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning registry index build ./site --from harbor.example.com --sign --key release.key',
    'provisioning registry index build ./site --packages ./dist',
  ];
  static override args = { dir: argument({ required: true, description: 'folder of the index' }) };
  static override flags = {
    from: string({ description: 'registry whose extensions it lists', exclusive: ['packages'] }),
    packages: string({ description: 'folder with packages (*.tar.gz)' }),
    namespace: string({ description: 'namespace of extensions in the registry' }),
    'base-url': string({ description: 'address of the packages; default relative to the index' }),
    channel: string({
      description: 'channel of all',
      options: ['official', 'community'],
      default: 'community',
    }),
    sign: boolean({ description: 'write index.json.sig' }),
    key: string({ description: 'private key (PEM) to sign with' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryIndexBuild);
    const { from, namespace, key } = flags;
    await using session = await openArtifacts(this, {
      ...(from === undefined ? {} : { registry: from }),
      ...(namespace === undefined ? {} : { namespace }),
    });
    const folder = resolve(this.runtime.cwd, args.dir!);
    const built = await buildIndex(session.artifacts, folder, {
      ...(flags.packages === undefined ? {} : { packages: resolve(this.runtime.cwd, flags.packages) }),
      ...(flags['base-url'] === undefined ? {} : { baseUrl: flags['base-url'] }),
      ...(key === undefined ? {} : { keyFile: resolve(this.runtime.cwd, key) }),
      channel: flags.channel!,
      sign: flags.sign,
      check: this.globals.check,
      now: new Date(this.runtime.now()),
    });
    await this.out.result(built, () => [
      `${this.out.style.mark('ok')} ${this.globals.check ? 'Would write' : 'Wrote'} ${built.extensions} extensions, ${built.versions} versions to ${folder}`,
    ]);
  }
}
