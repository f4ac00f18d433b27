import { string as argument } from '@oclif/core/args';
import { type TemplateCheckLine, checkTemplates } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { loadDefinition } from '../../session/infrastructure.ts';
import { openLayers, openTemplates, selectIfAny } from '../../session/modules.ts';
import { configurationOf } from '../../session/workspace.ts';
import { counted } from '../../output/counted.ts';

export default class TemplateValidate extends ProvisioningCommand {
  static override summary = 'Check the templates of an infrastructure, or all template files';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning template validate my-production',
    'provisioning template validate',
  ];
  static override args = {
    infra: argument({ description: 'infrastructure; without it all template files' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(TemplateValidate);
    if (args.infra === undefined) await this.#validateFiles();
    else await this.#validateInfrastructure(args.infra);
  }

  async #validateFiles(): Promise<void> {
    const catalogue = await openTemplates((await selectIfAny(this))?.path);
    const templates = await catalogue.list();
    const errors = [...catalogue.broken.map(({ message }) => message)];
    for (const template of templates) {
      await catalogue
        .chain(template)
        .catch((error: Error) => errors.push(`${template.name}: ${error.message}`));
    }
    const { style } = this.out;
    await this.out.result({ valid: errors.length === 0, templates: templates.length, errors }, () => [
      ...errors.map((error) => `${style.mark('error')} ${error}`),
      ...(errors.length === 0 ? [`${style.mark('ok')} Valid: ${counted(templates.length, 'template')}`] : []),
    ]);
    if (errors.length > 0) this.exitCode = 1;
  }

  async #validateInfrastructure(infra: string): Promise<void> {
    await using session = await openLayers(this, infra);
    const configuration = await configurationOf(this, session.selection);
    const definition = await loadDefinition(this, session.selection, configuration);
    const check = await checkTemplates(session.resolver, definition);
    const { style } = this.out;
    const line = ({ label, ok, details }: TemplateCheckLine): string[] => [
      `  ${style.mark(ok ? 'ok' : 'error')} ${label}`,
      ...(details ?? []).map((detail) => `      ${detail}`),
    ];
    await this.out.result(check, () => [
      `${style.mark(check.valid ? 'ok' : 'error')} Template Validation: ${check.infra}`,
      'Templates Applied:',
      ...(check.applied.length === 0 ? ['  none'] : []),
      ...check.applied.map(({ name, version, available, missing }) =>
        missing === true
          ? `  ${style.mark('error')} ${name} (v${version}) is not there any more`
          : available === undefined
            ? `  ${style.mark('ok')} ${name} (v${version})`
            : `  ${style.mark('warning')} ${name}: v${available} available`,
      ),
      'Configuration Status:',
      ...check.configuration.flatMap(line),
      ...(check.compliance.length === 0 ? [] : ['Compliance:', ...check.compliance.flatMap(line)]),
      `Status: ${check.valid ? `${style.mark('ok')} Valid` : `${style.mark('error')} Invalid`}`,
    ]);
    if (!check.valid) this.exitCode = 1;
  }
}
