import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { loadForm, runForm } from '../../form/run.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { encode, isMachineFormat } from '../../output/formats.ts';

export default class FormRun extends ProvisioningCommand {
  static override summary = 'Fill in a form in the terminal or on a page, and print the values';
  static override description = 'Aborting writes nothing. Without a terminal only --values and --set count.';
  static override spec: CommandSpec = { access: '-', workspace: false, interactive: true };
  static override examples = [
    'provisioning form database.form.toml',
    'provisioning form database.form.toml --set engine=postgres --out json',
    'provisioning form database.form.toml --backend web --outfile database.toml',
  ];
  static override args = { file: argument({ required: true, description: 'form file' }) };
  static override flags = {
    backend: string({ description: 'where to ask', options: ['cli', 'web'], default: 'cli' }),
    output: string({
      description: 'format of the result',
      options: ['json', 'yaml', 'toml'],
      default: 'toml',
    }),
    values: string({ description: 'file with values' }),
    set: string({ description: 'one value: name=value', multiple: true, multipleNonGreedy: true }),
    host: string({ description: 'address of the page', default: '127.0.0.1' }),
    port: integer({ description: 'port of the page', default: 3080 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FormRun);
    const form = await loadForm(this, args.file);
    const values = await runForm(this, form, {
      ...flags,
      file: args.file,
      backend: flags.backend === 'web' ? 'web' : 'cli',
    });
    const format =
      this.out.machine && isMachineFormat(this.out.format)
        ? this.out.format
        : (flags.output as 'json' | 'yaml' | 'toml');
    await this.out.raw(await encode(values, format, true));
  }
}
