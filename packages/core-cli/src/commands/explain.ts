import { text as readAll } from 'node:stream/consumers';
import { string as argument } from '@oclif/core/args';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { readTroubles, troubleOfText } from '../troubleshooting/catalogue.ts';

export default class Explain extends ProvisioningCommand {
  static override summary = 'Explain an error: how it shows, how to find its cause, what helps';
  static override description = 'Takes a code, a text, or - for standard input.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning explain CONFIG_INVALID',
    "provisioning explain 'No space left on device'",
    'provisioning explain - < error.txt',
  ];
  static override strict = false;
  static override args = {
    text: argument({ required: true, description: 'code or text of an error, or -' }),
  };

  async run(): Promise<void> {
    const { argv } = await this.parse(Explain);
    const words = argv as string[];
    const given =
      words.length === 1 && words[0] === '-' ? await readAll(this.runtime.stdin) : words.join(' ');
    const trouble = troubleOfText(await readTroubles(), given);
    if (trouble === undefined) {
      throw new ProvisioningError({
        code: 'NOTHING_KNOWN',
        kind: 'not-found',
        message: `Nothing is known about: ${given.trim().split('\n')[0] ?? ''}`,
        hint: "'provisioning docs troubleshooting' shows how to look for a cause; --debug makes a command say more.",
      });
    }
    const { style } = this.out;
    const bullet = style.colour ? '•' : '-';
    await this.out.result(trouble, () => [
      style.strong(trouble.title),
      '',
      'Symptoms:',
      ...trouble.symptoms.map((line) => `  ${bullet} ${line}`),
      '',
      'Find the cause:',
      ...trouble.diagnose.map((line) => `  ${style.note(line)}`),
      '',
      'Solutions:',
      ...trouble.solutions.flatMap(({ title, steps }, index) => [
        `  ${index + 1}. ${title}`,
        ...steps.map((step) => `     ${style.note(step)}`),
      ]),
      '',
      `See: provisioning docs ${trouble.page}`,
    ]);
  }
}
