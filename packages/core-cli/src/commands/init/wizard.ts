import { boolean } from '@oclif/core/flags';
import { readFile } from 'node:fs/promises';
import { writeNewFile } from '@provisioning/core';
import { formFlags } from '../../form/flags.ts';
import { encodeForm } from '../../form/output.ts';
import { runForm } from '../../form/run.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { canPrompt } from '../../prompt/confirm.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { answersFile, answersForm } from '../../wizard/answers.ts';

export default class InitWizard extends ProvisioningCommand {
  static override summary = 'Ask what a new infrastructure shall be, and keep the answers';
  static override description =
    'Questions in the terminal or on a page, with the answers of last time as defaults. What is written is read by\ndeploy --from-config. Without a terminal only --set and --values count.';
  static override spec: CommandSpec = {
    access: 'l',
    workspace: false,
    sideEffect: 'create',
    interactive: true,
  };
  static override examples = [
    'provisioning init --wizard',
    'provisioning init --wizard --set workspace_name=shop --set provider=local --set email=ops@example.com --yes',
  ];
  static override flags = {
    ...formFlags,
    wizard: boolean({ description: 'the same as the command init wizard' }),
    force: boolean({ description: 'overwrite other answers without being asked for them' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(InitWizard);
    const file = answersFile(surroundingsOf(this.runtime));
    const present = await readFile(file, 'utf8').catch(() => undefined);
    const web = flags.backend === 'web';
    const values = await runForm(this, answersForm(), {
      ...flags,
      backend: web ? 'web' : 'cli',
      review: true,
      ...(present === undefined ? {} : { input: file }),
    });
    const text = `# Answers to: provisioning init --wizard\n${await encodeForm(values, 'toml')}`;
    const agreed = web || (canPrompt(this.runtime) && !this.globals.yes);
    const force = flags.force || agreed || text === present;
    await writeNewFile(file, text, { force, check: this.globals.check });
    const { style } = this.out;
    await this.out.result({ file, check_mode: this.globals.check, values }, () =>
      this.globals.check
        ? [`Would write: ${file}`]
        : [
            `${style.mark('ok')} Infrastructure configuration created!`,
            'Use: provisioning deploy --from-config',
          ],
    );
  }
}
