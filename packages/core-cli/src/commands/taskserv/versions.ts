import { string as argument } from '@oclif/core/args';
import { availableVersions, loadTaskservPackage } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { findTaskserv } from '../../taskserv/catalogue.ts';
import { openTaskservs } from '../../taskserv/open.ts';
import { installedFromHere, updateSources } from '../../taskserv/versions.ts';

interface VersionRow {
  readonly version: string;
  readonly source: 'publisher' | 'package';
  readonly default: boolean;
  readonly installed_on: readonly string[];
}

export default class TaskservVersions extends ProvisioningCommand {
  static override summary = 'List the versions of a taskserv, newest first';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning taskserv versions coredns',
    'provisioning taskserv versions postgres --out json',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(TaskservVersions);
    const { selection, extensions } = await openTaskservs(this);
    const { name, path } = await findTaskserv(extensions, args.taskserv);
    const { manifest } = await loadTaskservPackage(path);
    const { versions } = await availableVersions(manifest, updateSources(this));
    const here =
      selection?.infra === undefined
        ? []
        : await installedFromHere(
            { workspace: selection, infra: selection.infra },
            new Map([[name, manifest]]),
          );
    const own = [manifest.software.version, ...manifest.software.supports_versions];
    const installed = here.map(({ version }) => version);
    const all = new Set([...versions, ...own, ...installed]);
    const rows = [...all].map((version): VersionRow => ({
      version,
      source: versions.includes(version) ? 'publisher' : 'package',
      default: version === manifest.software.version,
      installed_on: here.flatMap((one) => (one.version === version ? [one.target!] : [])),
    }));
    rows.sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));
    await this.out.list(
      rows,
      [
        { title: 'VERSION', value: (row) => row.version },
        { title: 'SOURCE', value: (row) => row.source },
        { title: 'DEFAULT', value: (row) => (row.default ? 'yes' : '') },
        { title: 'INSTALLED ON', value: (row) => row.installed_on.join(', ') },
      ],
      'versions',
    );
  }
}
