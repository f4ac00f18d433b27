import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { configurationPrefix, configureExtension, settingsSchema, ask } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { findExtension } from '../../extension/find.ts';
import { kindFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { canPrompt } from '../../prompt/confirm.ts';
import { openCatalogue } from '../../session/modules.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { select } from '../../session/workspace.ts';

export default class ExtensionConfigure extends ProvisioningCommand {
  static override summary = 'Write the settings of an extension into the workspace';
  static override description =
    'Settings are given with --set, or asked for on a terminal, one by one; they must meet the schema of the extension.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update', interactive: true };
  static override examples = [
    'provisioning extension configure my-cloud --set api_url=https://api.example.org',
    'provisioning extension configure my-cloud',
  ];
  static override args = { name: argument({ required: true, description: 'name, or type/name' }) };
  static override flags = {
    set: string({ description: 'key=value; dots reach into records', multiple: true }),
    ...kindFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionConfigure);
    const selection = await select(this, 'none');
    const place = { workspacePath: selection.path };
    const record = await findExtension(openCatalogue(this, place), args.name, flags.type);
    const schema = await settingsSchema(record);
    const given = (flags.set ?? []).map(pair);
    const settings = Object.fromEntries(given.length > 0 ? given : await this.#form(record.name, schema));
    const { check } = this.globals;
    if (check) this.out.warn('Check mode: No changes will be made');
    const loading = {
      surroundings: surroundingsOf(this.runtime),
      workspace: { name: selection.name, path: selection.path },
    };
    const written = check
      ? { prefix: configurationPrefix(record), file: '', settings }
      : await configureExtension(record, settings, loading);
    const keys = Object.keys(settings);
    await this.out.result({ name: record.name, type: record.type, check_mode: check, ...written }, () => [
      keys.length === 0
        ? `${this.out.style.mark('ok')} Nothing to do: no setting was given`
        : `${this.out.style.mark('ok')} ${check ? 'Would set' : 'Set'} ${keys.map((key) => `${written.prefix}.${key}`).join(', ')}${written.file === '' ? '' : ` in ${written.file}`}`,
    ]);
  }

  /** Asks for every setting; an empty answer leaves it as it is. */
  async #form(name: string, schema: object): Promise<[string, string][]> {
    const { properties = {} } = schema as {
      readonly properties?: Readonly<Record<string, { description?: string; default?: unknown }>>;
    };
    if (!canPrompt(this.runtime)) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: `Nobody can be asked for the settings of ${name}: give them with --set key=value`,
        hint: `Settings: ${Object.keys(properties).join(', ')}`,
      });
    }
    const answers: [string, string][] = [];
    for (const [key, { description, default: fallback }] of Object.entries(properties)) {
      const about = description === undefined ? '' : ` (${description})`;
      const usual = fallback === undefined ? '' : ` [${JSON.stringify(fallback)}]`;
      const answer = (await ask(this.runtime, `${key}${about}${usual}: `)).trim();
      if (answer !== '') answers.push([key, answer]);
    }
    return answers;
  }
}

function pair(text: string): [string, string] {
  const cut = text.indexOf('=');
  if (cut > 0) return [text.slice(0, cut), text.slice(cut + 1)];
  throw new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --set: ${text}. Expected key=value`,
  });
}
