import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { formFlags } from '../../form/flags.ts';
import { nestedValues } from '@provisioning/core';
import { encodeForm, type FormFormat, formFormats } from '../../form/output.ts';
import { loadForm, loadSchemaForm, runForm } from '../../form/run.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { isMachineFormat } from '../../output/formats.ts';

export default class FormRun extends ProvisioningCommand {
  static override summary = 'Fill in a form in the terminal or on a page, and print the values';
  static override description =
    'A name is looked for in templates/forms of the workspace, in that of the user, and among those that come with the program.\nAborting writes nothing. Without a terminal only --values and --set count.';
  static override spec: CommandSpec = { access: '-', workspace: false, interactive: true };
  static override examples = [
    'provisioning form server-configuration',
    'provisioning form database.form.toml',
    'provisioning form database.form.toml --set engine=postgres --out json',
    'provisioning form database.form.toml --backend web --outfile database.toml',
    'provisioning form --schema storage --set name=data',
  ];
  static override args = {
    file: argument({ description: 'form file, or the name of a form; without one, --schema' }),
  };
  static override flags = {
    ...formFlags,
    config: string({ description: 'form file, as the argument' }),
    input: string({
      description: 'file with present values, which become the defaults; without another form, the form file',
    }),
    output: string({
      description: 'format of the result',
      options: [...formFormats],
      default: 'toml',
    }),
    schema: string({
      description: 'derive the form from a schema: a name of config schema, or a JSON Schema',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FormRun);
    const file = args.file ?? flags.config ?? (flags.schema === undefined ? flags.input : undefined);
    const schema = file === undefined ? flags.schema : undefined;
    if (file === undefined && schema === undefined) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'Missing required argument: file\nUsage: provisioning form <file> | --schema <name or file>',
      });
    }
    const form = schema === undefined ? await loadForm(this, file!) : await loadSchemaForm(this, schema);
    const answers = await runForm(this, form, {
      ...flags,
      input: file === flags.input ? undefined : flags.input,
      backend: flags.backend === 'web' ? 'web' : 'cli',
      review: true,
    });
    const values = nestedValues(answers);
    const format =
      this.out.machine && isMachineFormat(this.out.format) ? this.out.format : (flags.output as FormFormat);
    await this.out.raw(await encodeForm(values, format));
  }
}
