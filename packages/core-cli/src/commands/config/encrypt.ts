import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { encryptFile } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class ConfigEncrypt extends ProvisioningCommand {
  static override summary = 'Encrypt a configuration file with age';
  static override description =
    'For the recipients in SOPS_AGE_RECIPIENTS, else for yourself. Writes <file>.enc, or the file itself with --in-place.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning config encrypt config/secure.yaml --in-place'];
  static override args = { file: argument({ required: true, description: 'plain file' }) };
  static override flags = {
    'in-place': boolean({ description: 'replace the file' }),
    output: string({ description: 'file to write' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigEncrypt);
    const result = await encryptFile(surroundingsOf(this.runtime), args.file!, {
      inPlace: flags['in-place'],
      check: this.globals.check,
      ...(flags.output === undefined ? {} : { output: flags.output }),
    });
    await this.out.result(result, () => [
      result.skipped
        ? `Encrypted already: ${result.from}`
        : this.globals.check
          ? `Would write: ${result.to}`
          : `${this.out.style.mark('ok')} Encrypted: ${result.to}`,
    ]);
  }
}
