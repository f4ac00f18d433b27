import { join, resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { extensionReference, writeFileAtomic } from '@provisioning/core';
import { extensionFolder } from '../../extension/find.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { refuseExisting } from '../../output/new-file.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ExtensionDocs extends ProvisioningCommand {
  static override summary = 'Write the reference page of an extension from its manifest and schema';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning extension docs .',
    'provisioning extension docs redis --output ./redis.md',
  ];
  static override args = { path: argument({ description: 'folder or name; default the current folder' }) };
  static override flags = {
    output: string({ description: 'file instead of docs/API.md of the extension' }),
    force: boolean({ description: 'replace a file that is there' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionDocs);
    const { catalogue } = await currentCatalogue(this);
    const { path } = await extensionFolder(catalogue, this.runtime.cwd, args.path);
    const text = await extensionReference(path);
    const file =
      flags.output === undefined ? join(path, 'docs', 'API.md') : resolve(this.runtime.cwd, flags.output);
    await refuseExisting(file, flags.force);
    if (!this.globals.check) await writeFileAtomic(file, text, 0o644);
    await this.out.result({ file, check_mode: this.globals.check, bytes: text.length }, () => [
      `${this.out.style.mark('ok')} ${this.globals.check ? 'Would write' : 'Wrote'} ${file}`,
    ]);
  }
}
