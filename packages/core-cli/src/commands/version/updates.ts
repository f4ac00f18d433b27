import { boolean } from '@oclif/core/flags';
import { checkUpdates, taskservManifests } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTaskservs } from '../../taskserv/open.ts';
import { installedFromHere, updateSources } from '../../taskserv/versions.ts';

/** One thing that was installed. */
export interface VersionRow {
  readonly component: string;
  readonly server: string | null;
  readonly current: string;
  /** `unknown` where nobody tells. */
  readonly latest: string;
  readonly days_old: number | null;
  readonly status: string;
}

export default class VersionUpdates extends ProvisioningCommand {
  static override summary = 'List the versions of everything that was installed, and how far behind they are';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning version updates',
    'provisioning version updates --security-only --out json',
  ];
  static override flags = {
    'security-only': boolean({ description: 'only updates that fix a security problem' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(VersionUpdates);
    await this.list(await this.taskservs(flags['security-only']));
  }

  protected async taskservs(securityOnly = false): Promise<readonly VersionRow[]> {
    const { selection, extensions } = await openTaskservs(this);
    const manifests = await taskservManifests(extensions);
    const here =
      selection?.infra === undefined
        ? []
        : await installedFromHere({ workspace: selection, infra: selection.infra }, manifests);
    const all = await checkUpdates(here, updateSources(this));
    return all
      .filter(({ security }) => !securityOnly || security)
      .map((report) => ({
        component: report.service,
        server: report.target,
        current: report.current_version,
        latest: report.latest_version,
        days_old: report.days_old,
        status: statusOf(report.current_version, report.latest_version, report.update_available),
      }));
  }

  protected async list(rows: readonly VersionRow[]): Promise<void> {
    await this.out.list(
      rows,
      [
        { title: 'COMPONENT', value: (row) => row.component },
        { title: 'SERVER', value: (row) => row.server },
        { title: 'CURRENT', value: (row) => row.current },
        { title: 'LATEST', value: (row) => row.latest },
        { title: 'DAYS OLD', value: (row) => row.days_old },
        {
          title: 'STATUS',
          value: (row) => row.status,
          paint: (text, row, style) => (row.status.startsWith('update') ? style.warn(text) : text),
        },
      ],
      'installed taskservs',
    );
  }
}

/** `current`, `update`, `update (major)`, or `unknown`. */
export function statusOf(current: string, latest: string, newer: boolean): string {
  if (latest === 'unknown') return 'unknown';
  if (!newer) return 'current';
  return latest.split('.')[0] === current.split('.')[0] ? 'update' : 'update (major)';
}
