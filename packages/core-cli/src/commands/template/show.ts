import { string as argument } from '@oclif/core/args';
import type { Template } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTemplates, selectIfAny } from '../../session/modules.ts';
import { counted } from '../../output/counted.ts';

export default class TemplateShow extends ProvisioningCommand {
  static override summary = 'Show a template';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning template show production-kubernetes'];
  static override args = { name: argument({ required: true, description: 'name of the template' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(TemplateShow);
    const catalogue = await openTemplates((await selectIfAny(this))?.path);
    const template = await catalogue.get(args.name);
    const document = { ...template.metadata, source: template.source, location: template.folder };
    await this.out.result(document, () => this.#view(template));
  }

  #view({ name, metadata, folder }: Template): string[] {
    const { template, provides, requirements, variables } = metadata;
    const needs = [
      ...(requirements.min_servers > 0 ? [`Minimum ${counted(requirements.min_servers, 'server')}`] : []),
      ...(requirements.min_memory_gb > 0 ? [`${requirements.min_memory_gb}GB RAM per server`] : []),
      ...requirements.required_taskservs.map((taskserv) => `Taskserv ${taskserv}`),
      ...requirements.providers.map((provider) => `Provider ${provider}`),
      ...requirements.notes,
    ];
    const bullets = (title: string, items: readonly string[]): string[] =>
      items.length === 0 ? [] : [title, ...items.map((item) => `  • ${item}`)];
    return [
      this.out.style.strong(`Template: ${name}`),
      `Description: ${template.description}`,
      `Category: ${template.category}`,
      `Version: ${template.version}`,
      ...(template.extends === undefined ? [] : [`Extends: ${template.extends}`]),
      ...bullets('Configuration Provided:', provides.items),
      ...bullets('Requirements:', needs),
      ...bullets(
        'Variables:',
        Object.entries(variables).map(
          ([key, { type, default: value, required, description }]) =>
            `${key} (${type}${required ? ', required' : ''})${value === undefined ? '' : ` = ${JSON.stringify(value)}`}${description === '' ? '' : ` - ${description}`}`,
        ),
      ),
      `Location: ${folder}`,
      'Example Usage:',
      `  provisioning template apply ${name} my-infra`,
    ];
  }
}
