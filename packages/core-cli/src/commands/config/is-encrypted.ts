import { string as argument } from '@oclif/core/args';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileError, looksEncrypted } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class ConfigIsEncrypted extends ProvisioningCommand {
  static override summary = 'Say whether a file is encrypted: exit 0 when it is, 1 when it is not';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning config is-encrypted config/secure.yaml'];
  static override args = { file: argument({ required: true, description: 'file' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ConfigIsEncrypted);
    const file = resolve(this.runtime.cwd, args.file!);
    const bytes = await readFile(file).catch((error: unknown) => {
      throw fileError(file, error);
    });
    const encrypted = looksEncrypted(bytes);
    this.exitCode = encrypted ? 0 : 1;
    await this.out.result({ file, encrypted }, () => [encrypted ? 'encrypted' : 'not encrypted']);
  }
}
