import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { parseKind, validateExtension } from '@provisioning/core';
import { extensionFolder } from '../../extension/find.ts';
import { validationLines } from '../../extension/report.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ExtensionValidate extends ProvisioningCommand {
  static override summary = 'Check the folder of an extension by all rules';
  static override description =
    'Rules: structure, schema, interface, dependency, version. Exit 1 when one is broken.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning extension validate .',
    'provisioning extension validate redis --out json',
  ];
  static override args = { path: argument({ description: 'folder or name; default the current folder' }) };
  static override flags = {
    extension: string({ description: 'name instead of the argument' }),
    type: string({ description: 'provider, taskserv or cluster; default as the manifest says' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionValidate);
    const { catalogue } = await currentCatalogue(this);
    const found = await extensionFolder(catalogue, this.runtime.cwd, args.path ?? flags.extension);
    const type = flags.type === undefined ? found.type : parseKind(flags.type);
    const report = await validateExtension(found.path, type, { catalogue });
    await this.out.result(report, () => validationLines(report, this.out.style));
    if (!report.valid) this.exitCode = 1;
  }
}
