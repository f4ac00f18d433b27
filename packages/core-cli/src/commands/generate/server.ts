import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { ask } from '@provisioning/core';
import { canPrompt } from '../../prompt/confirm.ts';
import { defineServer } from '../../server/ad-hoc.ts';

export default class GenerateServer extends ProvisioningCommand {
  static override summary = 'Add a server to the definition of the infrastructure';
  static override description =
    'Nothing is created; deploy does that. On a terminal, what is not given is asked for. Definitions in TypeScript and\nNickel are not edited.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update' };
  static override examples = [
    'provisioning generate server job-01 --plan 2xCPU-4GB',
    'provisioning generate server web --plan small --count 3 --zone fsn1 --check',
  ];
  static override args = { name: argument({ description: 'hostname' }) };
  static override flags = {
    name: string({ description: 'hostname instead of the argument' }),
    plan: string({ description: 'plan of the provider, or a portable one' }),
    zone: string({ description: 'zone' }),
    provider: string({ description: 'provider' }),
    count: integer({ description: 'how many, as a group', min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GenerateServer);
    const name = args.name ?? flags.name ?? this.globals.new ?? (await this.#ask('Hostname', undefined));
    const plan = flags.plan ?? (await this.#ask('Plan', 'small'));
    const { zone, provider, count } = flags;
    await using _preview = await defineServer(this, {
      names: [name],
      plan,
      ...(zone === undefined ? {} : { zone }),
      ...(provider === undefined ? {} : { provider }),
      ...(count === undefined ? {} : { count }),
    });
    const { style } = this.out;
    const { check } = this.globals;
    await this.out.result({ server: name, plan, defined: !check, check_mode: check }, () => [
      `${style.mark(check ? 'info' : 'ok')} ${check ? 'Would define' : 'Defined'} server ${name} (${plan})`,
    ]);
    if (!check) this.out.next(['provisioning plan', `provisioning server create ${name}`]);
  }

  async #ask(what: string, fallback: string | undefined): Promise<string> {
    if (canPrompt(this.runtime) && !this.globals.yes) {
      const answer = await ask(this.runtime, `${what}${fallback === undefined ? '' : ` [${fallback}]`}: `);
      if (answer.trim() !== '') return answer.trim();
    }
    if (fallback !== undefined) return fallback;
    throw new ProvisioningError({
      code: 'MISSING_ARGUMENT',
      kind: 'usage',
      message: 'Missing required argument: name\nUsage: provisioning generate server <name> --plan <plan>',
    });
  }
}
