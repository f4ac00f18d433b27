import { installedOn, taskservManifests } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { splitList } from '../argv/lists.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { findTaskserv } from './catalogue.ts';

export interface Scale {
  /** Taskserv whose servers count: for `kubernetes` that is `k8s-nodejoin`. */
  readonly name: string;
  /** Servers that have it now. */
  readonly before: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/**
 * Which servers a taskserv comes to or leaves (07 §6 `scale`); the servers are asked what they have.
 * @throws ProvisioningError `NOT_SCALABLE`, `SCALE_REQUIREMENTS`.
 */
export async function planScale(
  session: InfrastructureSession,
  wanted: string,
  nodes: number,
  among: readonly string[],
): Promise<Scale> {
  const record = await findTaskserv(session.project.extensions, wanted);
  const manifests = await taskservManifests(session.project.extensions);
  const { scaling } = manifests.get(record.name)!;
  if (scaling === undefined) {
    const able = [...manifests.values()].filter((one) => one.scaling !== undefined).map(({ name }) => name);
    throw new ProvisioningError({
      code: 'NOT_SCALABLE',
      kind: 'usage',
      message: `Taskserv '${record.name}' is not made for a changing number of servers`,
      hint: `Those that are: ${able.sort().join(', ')}. Clusters scale with: provisioning cluster scale`,
    });
  }
  const name = scaling.taskserv ?? record.name;
  const manifest = manifests.get(name)!;
  const chosen = among.flatMap(splitList);
  const { servers } = session.infrastructure;
  const installed = await Promise.all(servers.map((server) => installedOn(session.context, server)));
  const has = (one: string): string[] =>
    servers.filter((_server, index) => installed[index]!.has(one)).map(({ hostname }) => hostname);
  const before = has(name);
  const busy = new Set([
    ...before,
    ...(name === record.name ? [] : has(record.name)),
    ...Object.keys(manifest.conflicts).flatMap(has),
  ]);
  const free = servers
    .filter(({ hostname }) => !busy.has(hostname) && (chosen.length === 0 || chosen.includes(hostname)))
    .filter(({ memory }) => typeof memory !== 'number' || memory >= manifest.resources.memory)
    .map(({ hostname }) => hostname);
  const missing = nodes - before.length;
  if (missing > free.length) {
    throw new ProvisioningError({
      code: 'SCALE_REQUIREMENTS',
      message: `${name} on ${nodes} servers needs ${missing} more, found ${free.length}`,
      hint: 'Add servers to the definition and deploy them first.',
    });
  }
  return {
    name,
    before,
    add: missing > 0 ? free.slice(0, missing) : [],
    remove: missing < 0 ? before.slice(missing) : [],
  };
}
