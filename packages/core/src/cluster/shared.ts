import type { Component } from '@provisioning/extensions-sdk';
import type { Part } from '../operations/cluster/parts/part.ts';
import type { ClusterScope } from './scope.ts';
import type { ClusterRecord } from '../state/clusters.ts';

/** Parts without those that somebody else needs: another cluster, or the server's own definition (07 §10.3.3). */
export function keepShared(
  parts: readonly Part[],
  component: Component,
  { cluster, infrastructure }: ClusterScope,
  clusters: Readonly<Record<string, ClusterRecord>>,
): { readonly parts: Part[]; readonly kept: string[] } {
  const service = component.service ?? component.name;
  const kept: string[] = [];
  const rest = parts.filter((part) => {
    if (part.kind !== 'taskserv') return true;
    const { hostname } = part.server;
    const users = Object.values(clusters)
      .filter((other) => other.cluster !== cluster.name)
      .filter(({ components }) =>
        components.some(
          (record) => (record.service ?? record.component) === service && record.servers.includes(hostname),
        ),
      )
      .map((other) => other.cluster);
    const server = infrastructure.servers.find((one) => one.hostname === hostname);
    if (server?.taskservs.some(({ name, enabled }) => enabled && name === service) === true)
      users.push(`the definition of ${hostname}`);
    if (users.length > 0) kept.push(`${component.name} stays on ${hostname}: ${users.join(', ')} uses it`);
    return users.length === 0;
  });
  return { parts: rest, kept };
}
