import { string, boolean } from '@oclif/core/flags';
import { type ExportFormat, exportText, writeServiceFiles } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';

export default class ConfigExport extends ProvisioningCommand {
  static override summary = 'Write the merged configuration as one document, and the files of the services';
  static override description =
    'Secrets are written as the references they came from. The files of the services go to config/generated/ of the\nworkspace. On a terminal without --format their list is shown instead of the document.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning config export > configuration.yaml',
    'provisioning config export --format json --no-write',
  ];
  static override flags = {
    format: string({ description: 'language of the document', options: ['yaml', 'json', 'toml'] }),
    write: boolean({ description: 'write the files of the services', allowNo: true, default: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigExport);
    const { configuration } = await openConfiguration(this);
    const check = this.globals.check || !flags.write;
    const files =
      configuration.workspace === undefined ? [] : await writeServiceFiles({ configuration, check });
    const format = (flags.format ?? (this.out.machine ? this.globals.out : undefined)) as
      ExportFormat | undefined;
    const toScreen = this.runtime.stdout.isTTY === true && this.globals.outfile === undefined;
    if (format === undefined && toScreen) {
      for (const file of files) this.out.line(`${check ? 'Would write' : 'Written'}: ${file}`);
      return;
    }
    for (const file of files) this.out.progress(`${check ? 'Would write' : 'Written'}: ${file}`);
    await this.out.raw(await exportText(configuration, format ?? 'yaml'));
  }
}
