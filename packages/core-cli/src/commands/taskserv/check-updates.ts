import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import {
  checkUpdates,
  type InstalledTaskserv,
  taskservManifests,
  type UpdateReport,
} from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { Style } from '../../output/style.ts';
import { findTaskserv } from '../../taskserv/catalogue.ts';
import { title } from '../../taskserv/check.ts';
import { openTaskservs } from '../../taskserv/open.ts';
import { installedFromHere, updateSources } from '../../taskserv/versions.ts';

export default class TaskservCheckUpdates extends ProvisioningCommand {
  static override summary = 'Compare installed taskservs with what their publishers offer';
  static override description =
    'Publishers are asked at most once an hour. When one cannot be asked, what it said before counts, with its age; without that the newest version is unknown. No server is contacted.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning taskserv check-updates',
    'provisioning taskserv check-updates coredns',
    'provisioning taskserv check-updates --security-only --out json',
  ];
  static override args = { taskserv: argument({ description: 'only this one' }) };
  static override flags = {
    taskserv: string({ description: 'taskserv instead of the argument' }),
    'security-only': boolean({
      description: 'only updates that fix a security problem',
      aliases: ['security-patches'],
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservCheckUpdates);
    const { selection, extensions } = await openTaskservs(this);
    const manifests = await taskservManifests(extensions);
    const only = args.taskserv ?? flags.taskserv;
    const name = only === undefined ? undefined : (await findTaskserv(extensions, only)).name;
    const here =
      selection?.infra === undefined
        ? []
        : await installedFromHere({ workspace: selection, infra: selection.infra }, manifests);
    const wanted = here.filter(({ manifest }) => name === undefined || manifest.name === name);
    const compared = wanted.length > 0 || name === undefined ? wanted : [ofCatalogue(manifests.get(name)!)];
    const all = await checkUpdates(compared, updateSources(this));
    const reports = all.filter(({ security }) => !flags['security-only'] || security);
    const documents = reports.map(({ newer: _newer, ...report }) => report);
    await this.out.result(documents, () =>
      name === undefined ? this.#table(reports) : reports.flatMap((report) => this.#details(report)),
    );
  }

  #table(reports: readonly UpdateReport[]): string[] {
    const { out } = this;
    if (reports.length === 0) return ['Nothing was installed from here yet'];
    const rows = [...reports].sort((a, b) => a.service.localeCompare(b.service));
    const count = reports.filter(({ update_available: update }) => update).length;
    return [
      out.style.strong('Task Service Update Check:'),
      ...out.table(rows, [
        { title: 'NAME', value: ({ service }) => service },
        { title: 'SERVER', value: ({ target }) => target },
        { title: 'CURRENT', value: ({ current_version: current }) => current },
        { title: 'LATEST', value: latestOf },
        { title: 'STATUS', value: statusOf, paint: (text, row, style) => paint(text, row, style) },
      ]),
      `Updates available: ${count}`,
    ];
  }

  #details(report: UpdateReport): string[] {
    const { style } = this.out;
    const changes = report.newer.flatMap(({ changes: list }) => list);
    const breaking = report.newer.flatMap(({ breaking: list }) => list);
    const major =
      report.latest_version !== 'unknown' &&
      report.latest_version.split('.')[0] !== report.current_version.split('.')[0];
    return [
      style.strong(`${title(report.service)} Update Check:`),
      `Current: ${report.current_version}`,
      `Latest: ${latestOf(report)}`,
      `Status: ${paint(title(statusOf(report)), report, style)}`,
      ...(report.update_available
        ? [
            'Changelog:',
            ...(changes.length === 0 ? ['  • no notes'] : changes.map((text) => `  • ${text}`)),
            'Breaking Changes:',
            ...(breaking.length === 0 ? ['  • None'] : breaking.map((text) => `  • ${text}`)),
            `Recommended: ${
              breaking.length > 0 || major
                ? `${style.mark('warning')} Test in staging first`
                : `${style.mark('ok')} Safe to update`
            }`,
          ]
        : []),
    ];
  }
}

function ofCatalogue(manifest: InstalledTaskserv['manifest']): InstalledTaskserv {
  return { manifest, version: manifest.software.version };
}

function latestOf({ latest_version: latest, cached_age: age }: UpdateReport): string {
  return age === undefined ? latest : `${latest} (cached ${ageText(age)})`;
}

function ageText(seconds: number): string {
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)}h` : `${Math.round(seconds / 86_400)}d`;
}

function statusOf({ update_available: update, latest_version: latest, security }: UpdateReport): string {
  if (latest === 'unknown') return 'unknown';
  if (!update) return 'up-to-date';
  return security ? 'update available (security)' : 'update available';
}

function paint(
  text: string,
  { update_available: update, latest_version: latest }: UpdateReport,
  style: Style,
): string {
  if (latest === 'unknown') return style.dim(text);
  return update ? style.warn(text) : style.good(text);
}
