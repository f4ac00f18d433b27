import { boolean, string } from '@oclif/core/flags';
import { clusterNames, loadCluster, readClusters } from '@provisioning/core';
import type { Component } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ClusterList extends ProvisioningCommand {
  static override summary = 'List the clusters there are, and which are deployed';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning cluster list', 'provisioning cluster list --deployed --out json'];
  static override flags = {
    deployed: boolean({ description: 'only those that are deployed' }),
    status: {
      ...string({
        description: 'only those in this state: available, partial, running; without a value: all',
      }),
      optionalValue: 'any',
    },
    namespace: string({ description: 'only those with an application in this namespace' }),
    all: boolean({ description: 'all there are; the default' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterList);
    await using session = await openInfrastructure(this);
    const sources = { catalogue: session.project.extensions, infrastructure: session.infrastructure };
    const records = await readClusters(session.context);
    const rows = [];
    for (const name of await clusterNames(sources)) {
      const record = records[name];
      if (flags.deployed && record === undefined) continue;
      const cluster = await loadCluster(name, { ...sources, checkSettings: false });
      const enabled = cluster.components.filter((component) => component.enabled !== false);
      const deployed = record?.components.filter(({ status }) => status === 'deployed').length ?? 0;
      const status = record === undefined ? 'available' : deployed >= enabled.length ? 'running' : 'partial';
      const namespaces = [...new Set(enabled.flatMap((component) => namespaceOf(component) ?? []))];
      if (flags.status !== undefined && flags.status !== 'any' && status !== flags.status) continue;
      if (flags.namespace !== undefined && !namespaces.includes(flags.namespace)) continue;
      rows.push({
        name,
        type: cluster.type ?? '',
        version: record?.version ?? cluster.version,
        status,
        components: enabled.map((component) => component.name),
        replicas: Math.max(0, ...(record?.components.map(({ servers }) => servers.length) ?? [])),
        namespace: namespaces.join(', '),
        description: cluster.description,
      });
    }
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'TYPE', value: (row) => row.type },
        { title: 'VERSION', value: (row) => row.version },
        {
          title: 'STATUS',
          value: (row) => row.status,
          paint: (text, row, style) =>
            row.status === 'running' ? style.good(text) : row.status === 'partial' ? style.warn(text) : text,
        },
        { title: 'COMPONENTS', value: (row) => row.components.join(', ') },
        { title: 'REPLICAS', value: (row) => (row.replicas === 0 ? '-' : String(row.replicas)) },
        { title: 'NAMESPACE', value: (row) => row.namespace || '-' },
      ],
      'clusters',
    );
  }
}

/** Namespace of an application on Kubernetes. */
function namespaceOf({ type, config }: Component): string | undefined {
  if (type !== 'application' || config['spec'] === undefined) return undefined;
  return typeof config['namespace'] === 'string' ? config['namespace'] : 'default';
}
