import { string as argument } from '@oclif/core/args';
import { checkUpdates, loadTaskservPackage } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { findTaskserv } from '../../taskserv/catalogue.ts';
import { title } from '../../taskserv/check.ts';
import { openTaskservs } from '../../taskserv/open.ts';
import { installedFromHere, updateSources } from '../../taskserv/versions.ts';

export default class VersionTaskserv extends ProvisioningCommand {
  static override summary = 'Show the versions of a taskserv, installed and newest, server by server';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning version taskserv coredns'];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(VersionTaskserv);
    const { selection, extensions } = await openTaskservs(this);
    const { name, path } = await findTaskserv(extensions, args.taskserv);
    const { manifest } = await loadTaskservPackage(path);
    const here =
      selection?.infra === undefined
        ? []
        : await installedFromHere(
            { workspace: selection, infra: selection.infra },
            new Map([[name, manifest]]),
          );
    const asked = here.length > 0 ? here : [{ manifest, version: manifest.software.version }];
    const reports = await checkUpdates(asked, updateSources(this));
    const latest = reports[0]!.latest_version;
    const nodes = reports.flatMap(({ target, current_version: version, update_available: update }) =>
      target === null ? [] : [{ server: target, version, update_available: update }],
    );
    const installed = [...new Set(nodes.map(({ version }) => version))];
    const { style } = this.out;
    const behind = reports.some(({ update_available: update }) => update);
    const status = latest === 'unknown' ? 'Unknown' : behind ? 'Update available' : 'Up-to-date';
    await this.out.result({ taskserv: name, installed, latest, status, nodes }, () => [
      style.strong(`${title(name)} Version Info:`),
      `Installed: ${installed.join(', ') || '-'}`,
      `Latest: ${latest}`,
      `Status: ${behind ? style.warn(status) : status}`,
      ...(nodes.length === 0
        ? []
        : ['Nodes:', ...nodes.map((node) => `  ${style.mark('ok')} ${node.server}: ${node.version}`)]),
    ]);
  }
}
