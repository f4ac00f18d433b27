import { createHash } from 'node:crypto';
import type { Labels } from '../docker/types.ts';

/** On everything this product makes; nothing without it is ever listed, changed or removed (06 §6). */
export const managedBy = { key: 'managed-by', value: 'provisioning' } as const;

export const labelKeys = {
  workspace: 'provisioning.workspace',
  /** Folder of the workspace: two workspaces of one name on a machine stay apart. */
  path: 'provisioning.workspace-path',
  infra: 'provisioning.infra',
  hostname: 'provisioning.hostname',
  key: 'provisioning.idempotency-key',
  plan: 'provisioning.plan',
  cores: 'provisioning.cores',
  memory: 'provisioning.memory',
  disk: 'provisioning.disk',
  os: 'provisioning.os',
  user: 'provisioning.user',
  sshPort: 'provisioning.ssh-port',
  /** Loopback port by port, as JSON: Podman's lists name only the first of ports that follow each other. */
  ports: 'provisioning.ports',
  address: 'provisioning.address',
  /** On networks: the subnet, where it was chosen and not left to the engine. */
  subnet: 'provisioning.subnet',
  volume: 'provisioning.volume',
  balancer: 'provisioning.load-balancer',
  network: 'provisioning.network',
  /** The specification the container was made from, as JSON. */
  spec: 'provisioning.spec',
  /** On images: `base`, `probe`, `snapshot` or `state`. */
  image: 'provisioning.image',
} as const;

/** Whose servers these are. */
export interface Owner {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly infra: string;
}

/** Labels by which everything of an infrastructure is found again. */
export function ownerLabels(owner: Owner): Labels {
  return {
    [managedBy.key]: managedBy.value,
    [labelKeys.workspace]: owner.workspace.name,
    [labelKeys.infra]: owner.infra,
  };
}

/** Six characters that tell workspaces of one name apart in names that must be unique on the engine. */
export function ownerSuffix(owner: Owner): string {
  return createHash('sha256')
    .update(`${owner.workspace.name}\n${owner.workspace.path}`)
    .digest('hex')
    .slice(0, 6);
}

/** `prov-<infra>-<hostname>-<workspace>`: the name is the lock of a creation. */
export function containerName(owner: Owner, hostname: string): string {
  return `prov-${owner.infra}-${hostname}-${ownerSuffix(owner)}`;
}

export function networkName(owner: Owner): string {
  return `prov-${owner.infra}-${ownerSuffix(owner)}`;
}

/** A network beside the infrastructure's own. */
export function sharedNetworkName(owner: Owner, network: string): string {
  return `prov-${owner.infra}.${network}-${ownerSuffix(owner)}`;
}

/** A load balancer's container; no hostname has a dot. */
export function balancerName(owner: Owner, balancer: string): string {
  return `prov-${owner.infra}.lb.${balancer}-${ownerSuffix(owner)}`;
}

/** A volume that belongs to no server. */
export function sharedVolumeName(owner: Owner, volume: string): string {
  return `prov-${owner.infra}.${volume}-${ownerSuffix(owner)}`;
}

/** Name of a container while another takes its place. */
export function replacedName(name: string): string {
  return `${name}.replaced`;
}

export function snapshotRepository(owner: Owner, hostname: string): string {
  return `localhost/prov-${owner.infra}-${hostname}-${ownerSuffix(owner)}`;
}

/** Image of a server's state when its container is replaced. */
export function stateImage(
  owner: Owner,
  hostname: string,
): { readonly repository: string; readonly tag: string } {
  return { repository: snapshotRepository(owner, hostname), tag: 'state' };
}

export function volumeName(owner: Owner, hostname: string, volume: string): string {
  return `prov-${owner.infra}-${hostname}-${volume}-${ownerSuffix(owner)}`;
}

/**
 * Whether a container is one of our servers. Labels alone do not say so: a container that somebody starts from a
 * snapshot inherits them. The name, which only one container can have, must be the one that the labels lead to.
 */
export function isServer(container: Named): boolean {
  return isNamedBy(container, labelKeys.hostname, containerName);
}

/** Whether a container is one of our load balancers; told as a server is. */
export function isBalancer(container: Named): boolean {
  return isNamedBy(container, labelKeys.balancer, balancerName);
}

interface Named {
  readonly Names: readonly string[];
  readonly Labels: Labels;
}

function isNamedBy(
  { Names, Labels: labels }: Named,
  key: string,
  nameOf: (owner: Owner, value: string) => string,
): boolean {
  if (labels[managedBy.key] !== managedBy.value) return false;
  const value = labels[key];
  const name = labels[labelKeys.workspace];
  const infra = labels[labelKeys.infra];
  if (value === undefined || name === undefined || infra === undefined) return false;
  const owner: Owner = { workspace: { name, path: labels[labelKeys.path] ?? '' }, infra };
  return Names.some((one) => one.replace(/^\//, '') === nameOf(owner, value));
}

/** Containers of ours that live for seconds only: of the probe, and those in which images are prepared. */
export function isPassing(container: {
  readonly Names: readonly string[];
  readonly Labels: Labels;
}): boolean {
  const ours = container.Labels[managedBy.key] === managedBy.value;
  return ours && container.Names.some((name) => /^\/?prov-(probe|prepare)-[0-9a-f]{8}$/.test(name));
}

/**
 * Whether labels say that a resource belongs to the owner. The folder of the workspace decides between two of one
 * name; a label whose folder is gone belongs to a workspace that was moved.
 */
export function belongsTo(
  labels: Labels | undefined,
  owner: Owner,
  folderExists: (path: string) => boolean,
): boolean {
  if (labels?.[managedBy.key] !== managedBy.value) return false;
  if (labels[labelKeys.workspace] !== owner.workspace.name || labels[labelKeys.infra] !== owner.infra)
    return false;
  const path = labels[labelKeys.path];
  return path === undefined || path === owner.workspace.path || !folderExists(path);
}

/** Of two servers of one name the one that was made in this folder: the other's workspace is gone, not moved here. */
export function nearest<C extends { readonly Labels: Labels }>(containers: readonly C[], owner: Owner): C[] {
  const here = ({ Labels: labels }: C): boolean => labels[labelKeys.path] === owner.workspace.path;
  const known = new Set(containers.filter(here).map(({ Labels: labels }) => labels[labelKeys.hostname]));
  return containers.filter(
    (container) => here(container) || !known.has(container.Labels[labelKeys.hostname]),
  );
}
