import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { nickelFailed, runNickel } from '../../nickel/run.ts';

export default class NickelExport extends ProvisioningCommand {
  static override summary = 'Print what a Nickel file evaluates to';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning nickel export yaml config/provisioning.ncl'];
  static override args = {
    format: argument({
      required: true,
      description: 'form of the output',
      options: ['json', 'yaml', 'toml'],
    }),
    file: argument({ required: true, description: 'Nickel file' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(NickelExport);
    const file = args.file!;
    const answer = await runNickel(this, ['export', file, '--format', args.format!]);
    if (answer.code !== 0) throw nickelFailed(file, answer.stderr);
    await this.out.raw(answer.stdout.endsWith('\n') ? answer.stdout : `${answer.stdout}\n`);
  }
}
