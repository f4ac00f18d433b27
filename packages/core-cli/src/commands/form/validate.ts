import { string as argument } from '@oclif/core/args';
import { loadForm } from '../../form/run.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { counted } from '../../output/counted.ts';

export default class FormValidate extends ProvisioningCommand {
  static override summary = 'Check a form file';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning form validate database.form.toml'];
  static override args = {
    file: argument({ required: true, description: 'form file, or the name of a form' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(FormValidate);
    const form = await loadForm(this, args.file);
    const result = { valid: true, name: form.name, fields: form.fields.map(({ name }) => name) };
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Form valid: ${form.title} (${counted(form.fields.length, 'field')})`,
    ]);
  }
}
