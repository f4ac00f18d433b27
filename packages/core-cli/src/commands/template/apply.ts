import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { type ApplyResult, applyTemplate, ask } from '@provisioning/core';
import { pairsOf } from '../../extension/names.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { canPrompt } from '../../prompt/confirm.ts';
import { loadDefinition } from '../../session/infrastructure.ts';
import { openTemplates } from '../../session/modules.ts';
import { configurationOf, select } from '../../session/workspace.ts';

export default class TemplateApply extends ProvisioningCommand {
  static override summary = 'Apply a template to an infrastructure';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update' };
  static override examples = [
    'provisioning template apply production-kubernetes my-production',
    'provisioning template apply production-postgres shop --set max_connections=300 --check',
  ];
  static override args = {
    name: argument({ required: true, description: 'name of the template' }),
    infra: argument({ description: 'default the current one' }),
  };
  static override flags = {
    set: string({ description: 'variable as NAME=VALUE', multiple: true }),
    force: boolean({ description: 'also where the infrastructure does not fit' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TemplateApply);
    if (args.infra !== undefined) this.globals = { ...this.globals, infra: args.infra };
    const selection = await select(this, 'required');
    const catalogue = await openTemplates(selection.path);
    await catalogue.get(args.name);
    const infrastructure = await loadDefinition(this, selection, await configurationOf(this, selection));
    const { check } = this.globals;
    this.out.progress(`Applying template: ${args.name} → ${infrastructure.name}`);
    this.out.progress('Checking compatibility... ⏳');
    const result = await applyTemplate({
      catalogue,
      name: args.name,
      infrastructure,
      variables: pairsOf(flags.set),
      force: flags.force,
      check,
      now: () => this.runtime.now(),
      ...(canPrompt(this.runtime)
        ? {
            ask: (name, { description }) =>
              ask(this.runtime, `${name}${description === '' ? '' : ` (${description})`}: `),
          }
        : {}),
    });
    for (const warning of result.warnings) this.out.warn(`Infrastructure not compatible: ${warning}`);
    for (const { target, key, values } of result.conflicts) {
      this.out.warn(`${target} ${key} is set by ${values.map(({ template }) => template).join(' and ')}`);
    }
    const document = {
      template: result.template.name,
      version: result.template.metadata.template.version,
      infra: infrastructure.name,
      check_mode: check,
      already_applied: result.alreadyApplied,
      variables: result.variables,
      files: result.files.map(({ path, action }) => ({ path, action })),
      conflicts: result.conflicts,
      next_steps: result.next_steps,
    };
    await this.out.result(document, () => this.#view(result, infrastructure.name, check));
  }

  #view(result: ApplyResult, infra: string, check: boolean): string[] {
    const { style } = this.out;
    if (result.alreadyApplied) return [`${style.mark('info')} already applied: ${result.template.name}`];
    const files = result.files.map(({ path, action }) => `  • infra/${infra}/${path} (${action})`);
    const steps = result.next_steps.map(
      (step, index) => `  ${index + 1}. ${step.replaceAll('{{infra}}', infra)}`,
    );
    const fit =
      result.warnings.length === 0 ? [`${style.mark('ok')} Infrastructure compatible with template`] : [];
    if (check) {
      return [
        ...fit,
        `${style.mark('warning')} Check mode: No changes will be made`,
        ...(files.length === 0 ? [] : ['Would write:', ...files]),
      ];
    }
    return [
      ...fit,
      `${style.mark('ok')} Configuration merged`,
      ...(files.length === 0 ? [] : ['Files created/updated:', ...files]),
      'Template applied successfully!',
      ...(steps.length === 0 ? [] : ['Next steps:', ...steps]),
    ];
  }
}
