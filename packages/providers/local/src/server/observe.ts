import type { ObservedServer, ServerState } from '@provisioning/extensions-sdk';
import type { ContainerSummary, Labels } from '../docker/types.ts';
import { labelKeys } from './labels.ts';

/** What was asked of a running server after its creation; kept beside the engine, which cannot relabel containers. */
export interface Resized {
  readonly plan: string;
  readonly cores: number;
  readonly memory: number;
}

const states: Readonly<Record<string, ServerState>> = {
  // Between being made and its first start: whoever made it may be gone, and a creation goes on from here.
  created: 'creating',
  configured: 'creating',
  initialized: 'stopped',
  exited: 'stopped',
  stopped: 'stopped',
  paused: 'stopped',
  stopping: 'stopping',
  running: 'running',
  restarting: 'rebooting',
  removing: 'deleting',
  dead: 'error',
};

/** State of a container in the words of the model (06 §6.1). */
export function serverState(state: string): ServerState {
  return states[state.toLowerCase()] ?? 'unknown';
}

/** Ports of the server by the loopback port that leads to each. */
export function publishedPorts(container: ContainerSummary): Record<string, number> {
  const published = (container.Ports ?? []).some(({ PublicPort }) => PublicPort !== undefined);
  const ports: Record<string, number> = published ? chosenPorts(container) : {};
  for (const { PrivatePort, PublicPort, Type } of container.Ports ?? []) {
    if (PublicPort !== undefined && Type === 'tcp') ports[PrivatePort] = PublicPort;
  }
  return ports;
}

/** Loopback ports that the container was made with, whether it runs or not. */
export function chosenPorts({ Labels }: Pick<ContainerSummary, 'Labels'>): Record<string, number> {
  return JSON.parse(Labels[labelKeys.ports] ?? '{}') as Record<string, number>;
}

/** Loopback port of SSH: published now, or reserved in the labels while the container is stopped. */
export function sshPort(container: ContainerSummary): number | undefined {
  const port = publishedPorts(container)[22] ?? Number(container.Labels[labelKeys.sshPort]);
  return port > 0 ? port : undefined;
}

/** A container as a server of the model. */
export function observed(container: ContainerSummary, resized?: Resized): ObservedServer {
  const labels = container.Labels;
  const number = (key: string) => Number(labels[key] ?? 0);
  const networks = Object.values(container.NetworkSettings?.Networks ?? {});
  // A stopped server keeps the address it was given.
  const address = networks.find(({ IPAddress }) => IPAddress)?.IPAddress || labels[labelKeys.address];
  const ipv6 = networks.find(({ GlobalIPv6Address }) => GlobalIPv6Address)?.GlobalIPv6Address;
  return {
    id: container.Id,
    name: (container.Names[0] ?? container.Id).replace(/^\//, ''),
    hostname: labels[labelKeys.hostname] ?? '',
    provider: 'local',
    status: serverState(container.State),
    plan: resized?.plan ?? labels[labelKeys.plan] ?? '',
    cores: resized?.cores ?? number(labelKeys.cores),
    memory: resized?.memory ?? number(labelKeys.memory),
    disk: number(labelKeys.disk),
    zone: 'local',
    os: labels[labelKeys.os] ?? '',
    ip_addresses: {
      ...(address === undefined ? {} : { public: address, private: address }),
      ...(ipv6 === undefined ? {} : { ipv6 }),
    },
    created_at: new Date(container.Created * 1000).toISOString(),
    tags: publicTags(labels),
    published_ports: publishedPorts(container),
    raw: { image: container.Image, state: container.State, ports: publishedPorts(container) },
  };
}

/** The tags of the definition and those by which servers are found; not what the provider notes for itself. */
function publicTags(labels: Labels): Record<string, string> {
  const found: ReadonlySet<string> = new Set([labelKeys.workspace, labelKeys.infra, labelKeys.hostname]);
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => !key.startsWith('provisioning.') || found.has(key)),
  );
}
