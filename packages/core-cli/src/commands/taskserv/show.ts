import { string as argument } from '@oclif/core/args';
import { loadTaskservPackage } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { findTaskserv, softwareVersion } from '../../taskserv/catalogue.ts';
import { openTaskservs } from '../../taskserv/open.ts';

export default class TaskservShow extends ProvisioningCommand {
  static override summary = 'Show a taskserv: versions, dependencies, profiles and settings';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning taskserv show redis', 'provisioning t redis --out yaml'];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(TaskservShow);
    const { extensions } = await openTaskservs(this);
    const record = await findTaskserv(extensions, args.taskserv);
    const taskserv = await loadTaskservPackage(record.path);
    const { manifest } = taskserv;
    const document = {
      name: record.name,
      version: softwareVersion(record),
      description: record.description,
      category: record.category,
      layer: record.layer,
      path: record.path,
      manifest,
      schema: taskserv.schema,
    };
    const properties = Object.entries(
      (taskserv.schema as { properties?: Record<string, Setting> }).properties ?? {},
    );
    await this.out.result(document, () => [
      `${this.out.style.strong(record.name)} ${document.version}  ${record.description}`,
      `  Category:      ${record.category}`,
      `  Dependencies:  ${Object.keys(manifest.dependencies ?? {}).join(', ') || '-'}`,
      `  Profiles:      ${['default', ...Object.keys(manifest.profiles ?? {})].join(', ')}`,
      `  Ports:         ${(manifest.ports ?? []).join(', ') || '-'}`,
      `  Folder:        ${record.path}`,
      ...(properties.length === 0 ? [] : ['', 'Settings:', ...this.#settings(properties)]),
    ]);
  }

  #settings(properties: readonly (readonly [string, Setting])[]): string[] {
    return this.out.table(properties, [
      { title: 'NAME', value: ([name]) => `  ${name}` },
      {
        title: 'TYPE',
        value: ([, setting]) =>
          Array.isArray(setting.enum) ? setting.enum.join('|') : String(setting.type ?? ''),
      },
      {
        title: 'DEFAULT',
        value: ([, setting]) => (setting.default === undefined ? '' : JSON.stringify(setting.default)),
      },
      { title: 'MEANING', value: ([, setting]) => setting.description ?? '' },
    ]);
  }
}

interface Setting {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
}
