import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { validateFile, validateProviders } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';
import { openProviders, type ProviderSession } from '../../session/providers.ts';

interface Finding {
  readonly provider: string;
  readonly level: 'error' | 'warning';
  readonly message: string;
}

export default class ProviderValidate extends ProvisioningCommand {
  static override summary =
    'Check the configuration of a provider, or what is installed in an infrastructure';
  static override description =
    'NAME is a provider (its configuration, exit 3) or an infrastructure (links, manifest, interfaces, exit 1).';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning provider validate hetzner',
    'provisioning providers validate wuji',
  ];
  static override args = { name: argument({ description: 'provider or infrastructure' }) };
  static override flags = { all: boolean({ description: 'all available providers' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderValidate);
    await using session = await openProviders(this);
    const known = args.name === undefined ? undefined : await session.catalogue.find('provider', args.name);
    if (args.name !== undefined && known === undefined && !flags.all)
      return this.#installation(args.name, session);
    const names =
      known === undefined
        ? (await session.registry.list({ availableOnly: true })).map(({ name }) => name)
        : [known.name];
    const findings: Finding[] = [];
    for (const name of names) findings.push(...(await this.#configuration(name, session)));
    await this.#report({ providers: names }, findings, 3);
  }

  async #configuration(name: string, session: ProviderSession): Promise<Finding[]> {
    return [...(await this.#file(name, session)), ...(await this.#settings(name, session))];
  }

  /** `config/providers/<name>.toml` of the workspace against the schema file of the provider (02 §11.2). */
  async #file(name: string, { catalogue, selection }: ProviderSession): Promise<Finding[]> {
    if (selection === undefined) return [];
    const file = join(selection.path, 'config', 'providers', `${name}.toml`);
    const schema = join((await catalogue.get('provider', name)).path, 'config.schema.toml');
    if (!existsSync(file) || !existsSync(schema)) return [];
    const { errors, warnings } = await validateFile(file, schema);
    const finding = (level: Finding['level']) => (item: { message: string; line?: number }) => ({
      provider: name,
      level,
      message: `${item.message} (${file}${item.line === undefined ? '' : `:${item.line}`})`,
    });
    return [...errors.map(finding('error')), ...warnings.map(finding('warning'))];
  }

  async #settings(name: string, session: ProviderSession): Promise<Finding[]> {
    try {
      const { errors, warnings } = await (
        await session.project.provider(name)
      ).validateConfig({ online: false });
      return [
        ...errors.map(({ message }) => ({ provider: name, level: 'error' as const, message })),
        ...warnings.map(({ message }) => ({ provider: name, level: 'warning' as const, message })),
      ];
    } catch (error) {
      return [{ provider: name, level: 'error', message: ProvisioningError.from(error).message }];
    }
  }

  async #installation(infra: string, session: ProviderSession): Promise<void> {
    const { target, catalogue } = await openTarget(this, infra);
    const found = await validateProviders({
      catalogue,
      target,
      open: (name) => session.project.provider(name),
      pinnedOnly: /^prod(uction)?$/.test(this.globals.environment ?? ''),
    });
    await this.#report(
      { infra: target.name },
      found.map((entry) => ({ ...entry, level: 'error' as const })),
      1,
    );
  }

  async #report(what: object, findings: readonly Finding[], code: number): Promise<void> {
    const errors = findings.filter(({ level }) => level === 'error');
    const { style } = this.out;
    await this.out.result({ ...what, valid: errors.length === 0, findings }, () => [
      errors.length === 0
        ? `${style.mark('ok')} Validation passed`
        : `${style.mark('error')} Validation failed`,
      ...findings.map(({ provider, level, message }) => `  ${style.mark(level)} ${provider}: ${message}`),
    ]);
    if (errors.length > 0) this.exitCode = code;
  }
}
