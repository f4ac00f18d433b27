import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { LayerResolver, loadTaskservPackage, type Selection, type TaskservPackage } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { findTaskserv, softwareVersion } from '../../taskserv/catalogue.ts';
import { layerPlaces } from '../../session/modules.ts';
import { configurationOf } from '../../session/workspace.ts';
import { openTaskservs } from '../../taskserv/open.ts';

export default class TaskservShow extends ProvisioningCommand {
  static override summary = 'Show a taskserv: versions, dependencies, profiles and settings';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning taskserv show redis',
    'provisioning taskserv show redis --detailed --infra prod',
    'provisioning t redis --out yaml',
  ];
  static override flags = {
    detailed: boolean({ description: 'also how it is installed, where, and what it is set to there' }),
  };
  static override args = { taskserv: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservShow);
    const { extensions, selection } = await openTaskservs(this);
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
      ...(flags.detailed ? await this.#details(record.name, selection) : {}),
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
      ...(flags.detailed ? ['', ...this.#installation(taskserv), ...this.#places(document)] : []),
    ]);
  }

  /** The servers of the infrastructure that have it, and the settings in force there with their layers (08 §6.2). */
  async #details(name: string, selection: Selection | undefined): Promise<Details> {
    if (selection?.infra === undefined) return { servers: [], config: [] };
    const configuration = await configurationOf(this, selection);
    const { loadDefinition } = await import('../../session/infrastructure.ts');
    const { servers } = await loadDefinition(this, selection, configuration);
    await using resolver = new LayerResolver(await layerPlaces(this, selection, configuration));
    const { provenance } = await resolver.resolve('taskserv', name);
    return {
      servers: servers
        .filter(({ taskservs }) => taskservs.some((entry) => entry.name === name && entry.enabled))
        .map(({ hostname }) => hostname),
      config: provenance.map(({ path, value, layer, file }) => ({ path, value, layer, file })),
    };
  }

  #installation({ manifest: { install, software, health } }: TaskservPackage): string[] {
    const checks = [health.command, health.tcp, health.endpoint].filter((one) => one !== undefined);
    const lines: readonly (readonly [string, readonly string[]])[] = [
      ['Versions', [software.version, ...software.supports_versions]],
      ['Method', [String(install.method)]],
      ['Packages', install.packages?.apt ?? []],
      ['Downloads', install.assets.map(({ url }) => url)],
      ['Files', install.files.map(({ path }) => path)],
      ['Units', install.units.map(({ name }) => name)],
      ['Health', checks],
    ];
    const said = lines.filter(([, values]) => values.length > 0);
    return [
      'Installation:',
      ...said.map(([name, values]) => `  ${`${name}:`.padEnd(13)} ${values.join(', ')}`),
    ];
  }

  #places({ servers = [], config = [] }: Partial<Details>): string[] {
    const own = config.filter(({ layer }) => layer !== 'core');
    return [
      '',
      `Servers: ${servers.join(', ') || '-'}`,
      ...own.map(({ path, value, layer }) => `  ${path} = ${JSON.stringify(value)} (${layer})`),
    ];
  }

  #settings(properties: readonly (readonly [string, Setting])[]): string[] {
    return this.out.table(properties, [
      { title: '  NAME', value: ([name]) => `  ${name}` },
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

interface Details {
  readonly servers: readonly string[];
  readonly config: readonly {
    readonly path: string;
    readonly value: unknown;
    readonly layer: string;
    readonly file: string;
  }[];
}

interface Setting {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
}
