import { join, resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { readManifest, writeFileAtomic } from '@provisioning/core';
import { packExtension } from '@provisioning/distribution';
import { extensionFolder } from '../../extension/find.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ExtensionBuild extends ProvisioningCommand {
  static override summary = 'Pack an extension reproducibly into dist/';
  static override description =
    'The same content gives the same archive. A private key or token inside stops it.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning extension build .',
    'provisioning extension build ./redis --output ./packages',
  ];
  static override args = { path: argument({ description: 'folder or name; default the current folder' }) };
  static override flags = {
    output: string({ description: 'folder that receives the archive; default dist in the extension' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionBuild);
    const { catalogue } = await currentCatalogue(this);
    const { path } = await extensionFolder(catalogue, this.runtime.cwd, args.path);
    const packed = await packExtension(path, {
      readManifest: async (folder) => (await readManifest(folder)).manifest,
    });
    const folder = flags.output === undefined ? join(path, 'dist') : resolve(this.runtime.cwd, flags.output);
    const file = join(folder, packed.fileName);
    if (!this.globals.check) await writeFileAtomic(file, packed.archive, 0o644);
    const document = {
      file,
      digest: packed.digest,
      size: packed.archive.length,
      check_mode: this.globals.check,
    };
    await this.out.result(document, () => [
      `${this.out.style.mark('ok')} ${this.globals.check ? 'Would build' : 'Built'} ${file}`,
      `Digest: ${packed.digest}`,
    ]);
  }
}
