import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { decryptFile } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class ConfigDecrypt extends ProvisioningCommand {
  static override summary = 'Decrypt a configuration file';
  static override description =
    'Writes x.yaml for x.yaml.enc and x.dec.yaml, a name git ignores, for x.enc.yaml; readable by you alone.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning config decrypt config/secure.yaml.enc'];
  static override args = { file: argument({ required: true, description: 'encrypted file' }) };
  static override flags = {
    'in-place': boolean({ description: 'replace the file' }),
    output: string({ description: 'file to write' }),
    force: boolean({ description: 'overwrite a file that exists' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigDecrypt);
    const result = await decryptFile(surroundingsOf(this.runtime), args.file!, {
      inPlace: flags['in-place'],
      force: flags.force,
      check: this.globals.check,
      ...(flags.output === undefined ? {} : { output: flags.output }),
    });
    await this.out.result(result, () => [
      this.globals.check
        ? `Would write: ${result.to}`
        : `${this.out.style.mark('ok')} Decrypted: ${result.to}`,
    ]);
  }
}
