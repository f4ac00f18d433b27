import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { string as argument } from '@oclif/core/args';
import { nickelFailed, runNickel } from '../../nickel/run.ts';

export default class NickelFormat extends ProvisioningCommand {
  static override summary = 'Format Nickel files in place';
  static override description = 'With --check nothing is written; the files that would change are named.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning nickel format config/provisioning.ncl --check'];
  static override strict = false;
  static override args = { files: argument({ required: true, description: 'Nickel files' }) };

  async run(): Promise<void> {
    const { argv } = await this.parse(NickelFormat);
    const files = argv as string[];
    const rows: { file: string; formatted: boolean }[] = [];
    for (const file of files) {
      const before = await runNickel(this, ['format', '--check', file]);
      if (before.code !== 0 && !this.globals.check) {
        const answer = await runNickel(this, ['format', file]);
        if (answer.code !== 0) throw nickelFailed(file, answer.stderr);
      }
      rows.push({ file, formatted: before.code !== 0 });
    }
    await this.out.result({ check_mode: this.globals.check, files: rows }, () =>
      rows.map(({ file, formatted }) =>
        formatted
          ? this.globals.check
            ? `Would format: ${file}`
            : `${this.out.style.mark('ok')} Formatted: ${file}`
          : `${this.out.style.mark('ok')} Unchanged: ${file}`,
      ),
    );
  }
}
