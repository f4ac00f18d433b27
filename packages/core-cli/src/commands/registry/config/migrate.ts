import { copyFile, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { writeFileAtomic } from '@provisioning/core';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { migrateServiceConfig } from '../../../registry/migrate-config.ts';

export default class RegistryConfigMigrate extends ProvisioningCommand {
  static override summary = 'Rewrite an older configuration of the extension registry in the form of today';
  static override description =
    'Single [gitea] and [oci] sections become elements of sources.gitea and distributions.oci. Without --write the new text is printed.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning registry config migrate registry.toml --write'];
  static override args = { file: argument({ required: true, description: 'configuration file (TOML)' }) };
  static override flags = {
    write: boolean({ description: 'replace the file, keeping it as <file>.backup' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryConfigMigrate);
    const file = resolve(this.runtime.cwd, args.file!);
    const { text, changes } = migrateServiceConfig(await readFile(file, 'utf8'), file);
    const write = flags.write && !this.globals.check && changes.length > 0;
    if (write) {
      await copyFile(file, `${file}.backup`);
      await writeFileAtomic(file, text, 0o644);
    }
    for (const change of changes) this.out.info(change);
    await this.out.result({ file, changes, written: write, text }, () =>
      write ? [`${this.out.style.mark('ok')} ${file} (before: ${file}.backup)`] : text.trimEnd().split('\n'),
    );
  }
}
