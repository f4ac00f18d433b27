import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { clusterLogs } from '@provisioning/core';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class ClusterLogs extends ProvisioningCommand {
  static override summary = 'Show what the components of a cluster log';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning cluster logs web --tail 20',
    'provisioning cluster logs web --component entry --follow',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = {
    component: string({ description: 'only this component' }),
    tail: integer({ description: 'lines of each source', default: 100, min: 0 }),
    follow: boolean({ char: 'f', description: 'go on with new lines until Ctrl-C' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterLogs);
    await using opened = await openCluster(this, args.cluster);
    const { session, infrastructure, cluster } = opened;
    const stop = new AbortController();
    if (flags.follow) this.host.interruption.onInterrupt(() => stop.abort());
    const signal = AbortSignal.any([stop.signal, session.context.signal]);
    const lines: { component: string; server: string; line: string }[] = [];
    const live = flags.follow && !this.out.machine;
    const text = (entry: (typeof lines)[number]) => `${entry.component}@${entry.server} ${entry.line}`;
    const options = {
      ...(flags.component === undefined ? {} : { component: flags.component }),
      tail: flags.tail,
      follow: flags.follow,
      onLine: (source: { component: string; server: string }, line: string) => {
        const entry = { ...source, line };
        if (live) this.runtime.stdout.write(`${text(entry)}\n`);
        else lines.push(entry);
      },
    };
    await clusterLogs({ ...session.context, signal }, infrastructure, cluster, options);
    if (!live)
      await this.out.result(lines, () => (lines.length === 0 ? ['No log lines found'] : lines.map(text)));
  }
}
