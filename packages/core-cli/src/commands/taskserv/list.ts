import { basename } from 'node:path';
import { boolean, string } from '@oclif/core/flags';
import { type ExtensionCatalogue, type Infrastructure, planDeploy, type Selection } from '@provisioning/core';
import type { ChangeAction } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { Style } from '../../output/style.ts';
import { configurationOf } from '../../session/workspace.ts';
import { knownVersions, softwareVersion } from '../../taskserv/catalogue.ts';
import { openTaskservs } from '../../taskserv/open.ts';

interface TaskservListing {
  readonly name: string;
  readonly version: string;
  readonly server: string | null;
  readonly status: string;
  readonly category: string;
  readonly description: string;
  readonly versions?: readonly string[];
  readonly reason?: string;
}

const states: Readonly<Record<ChangeAction, string>> = {
  unchanged: 'installed',
  update: 'changed',
  replace: 'changed',
  create: 'absent',
  delete: 'installed',
};

/** Names of categories that are understood, too (07 §1). */
const otherNames: Readonly<Record<string, string>> = { orchestration: 'kubernetes', database: 'databases' };

export default class TaskservList extends ProvisioningCommand {
  static override summary = 'List the services that can be installed, and where they are';
  static override description =
    'Without --installed the list comes from the catalogue and the definition; with it, the servers themselves are asked.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning taskserv list',
    'provisioning taskserv list --installed',
    'provisioning t list --category databases --out json',
  ];
  static override flags = {
    installed: boolean({ description: 'ask the servers what is installed' }),
    category: string({ description: 'only this category' }),
    search: string({ description: 'only names and descriptions with this text' }),
    versions: boolean({ description: 'also the versions that each package knows' }),
    all: boolean({ description: 'also those that can not be used, with the reason' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TaskservList);
    const { selection, extensions } = await openTaskservs(this);
    const search = flags.search?.toLowerCase();
    const category = otherNames[flags.category ?? ''] ?? flags.category;
    const records = (await extensions.list('taskserv')).filter(
      (record) =>
        (category === undefined || record.category === category) &&
        (search === undefined || `${record.name} ${record.description}`.toLowerCase().includes(search)),
    );
    const states = flags.installed ? await this.#observe() : await this.#defined(selection);
    const rows = records.flatMap((record): TaskservListing[] => {
      const { name, category, description, enabled } = record;
      const versions = flags.versions ? { versions: knownVersions(record) } : {};
      const row = { name, version: softwareVersion(record), category, description, ...versions };
      const places = states.get(name) ?? [];
      if (places.length > 0) return places.map(({ server, status }) => ({ ...row, server, status }));
      if (!enabled && !flags.all) return [];
      const status = enabled ? 'available' : 'disabled';
      return flags.installed ? [] : [{ ...row, server: null, status }];
    });
    if (flags.all) rows.push(...this.#unusable(extensions));
    const isPlaced = selection?.infra !== undefined;
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'VERSION', value: (row) => row.version },
        { title: 'SERVER', value: (row) => row.server },
        {
          title: 'STATUS',
          value: (row) => row.status,
          paint: (text, row, style) => paintStatus(text, row.status, style),
        },
        { title: 'CATEGORY', value: (row) => row.category },
        ...(flags.versions
          ? [{ title: 'VERSIONS', value: (row: TaskservListing) => (row.versions ?? []).join(', ') }]
          : []),
        ...(isPlaced && !flags.all
          ? []
          : [{ title: 'DESCRIPTION', value: (row: TaskservListing) => row.reason ?? row.description }]),
      ],
      'taskservs',
    );
  }

  /** What was found and left out, with the reason (08 §3). */
  #unusable(extensions: ExtensionCatalogue): TaskservListing[] {
    return extensions.rejected
      .filter(({ type }) => type === undefined || type === 'taskserv')
      .map(({ name, path, version = '', status, reason }) => ({
        name: name ?? basename(path),
        version,
        server: null,
        status,
        category: '',
        description: '',
        reason,
      }));
  }

  /** Where the definition wants them. */
  async #defined(selection: Selection | undefined): Promise<Places> {
    const places: Places = new Map();
    if (selection?.infra === undefined) return places;
    const { loadDefinition } = await import('../../session/infrastructure.ts');
    const definition: Infrastructure = await loadDefinition(
      this,
      selection,
      await configurationOf(this, selection),
    );
    for (const server of definition.servers) {
      for (const { name, enabled } of server.taskservs)
        if (enabled) add(places, name, server.hostname, 'defined');
    }
    return places;
  }

  /** What the servers say. */
  async #observe(): Promise<Places> {
    const { openInfrastructure } = await import('../../session/infrastructure.ts');
    await using session = await openInfrastructure(this);
    const plan = await planDeploy(session.context, session.infrastructure, { readOnly: true });
    const places: Places = new Map();
    for (const { kind, name, action, drift } of plan.changes) {
      if (kind !== 'taskserv') continue;
      const [server = '', taskserv = ''] = name.split('/');
      add(places, taskserv, server, drift === true ? 'drifted' : states[action]);
    }
    return places;
  }
}

type Places = Map<string, { readonly server: string; readonly status: string }[]>;

function add(places: Places, name: string, server: string, status: string): void {
  places.set(name, [...(places.get(name) ?? []), { server, status }]);
}

function paintStatus(text: string, status: string, style: Style): string {
  if (status === 'installed') return style.good(text);
  if (status === 'drifted' || status === 'changed') return style.warn(text);
  return style.dim(text);
}
