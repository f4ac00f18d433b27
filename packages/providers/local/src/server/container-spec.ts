import type { ServerSpec } from '@provisioning/extensions-sdk';
import type { ContainerSpec, HostConfig, Labels } from '../docker/types.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { hostConfig } from '../engine/probe.ts';
import { labelKeys } from './labels.ts';
import { hardwareAddress } from './addresses.ts';
import type { Place } from './network.ts';
import type { PortMap } from './ports.ts';
import type { Session } from './session.ts';

const megabyte = 1024 * 1024;

/** What a container is made of besides its specification. */
export interface Parts {
  readonly image: string;
  readonly ports: PortMap;
  readonly mounts: NonNullable<HostConfig['Mounts']>;
  readonly network: Place;
}

/** A server as the Docker API wants it. */
export function containerSpec(
  session: Session,
  { settings, cores }: ConnectedEngine,
  spec: ServerSpec,
  parts: Parts,
): ContainerSpec {
  const bindings = [...parts.ports].map(([port, host]) => [
    `${port}/tcp`,
    [{ HostIp: '127.0.0.1', HostPort: String(host) }],
  ]);
  const base = hostConfig(settings);
  const extra = Array.isArray(spec.extra.capabilities) ? (spec.extra.capabilities as string[]) : [];
  const { name: network, address } = parts.network;
  const shared = network === 'host' || network === 'none';
  const endpoint = {
    Aliases: [spec.hostname],
    ...(address === undefined
      ? {}
      : { IPAMConfig: { IPv4Address: address }, MacAddress: hardwareAddress(address) }),
  };
  return {
    Image: parts.image,
    Cmd: ['/sbin/init'],
    StopSignal: 'SIGRTMIN+3',
    Env: ['container=oci'],
    Hostname: spec.hostname,
    Labels: serverLabels(session, spec, parts),
    ExposedPorts: Object.fromEntries([...parts.ports.keys()].map((port) => [`${port}/tcp`, {}])),
    HostConfig: {
      ...base,
      CapAdd: [...new Set([...(base.CapAdd ?? []), ...extra])],
      ...(spec.extra.privileged === true ? { Privileged: true } : {}),
      // An engine refuses more processors than it has.
      ...(settings.limits
        ? { NanoCpus: Math.min(spec.cores, cores) * 1e9, Memory: spec.memory * megabyte }
        : {}),
      ...(shared ? {} : { PortBindings: Object.fromEntries(bindings) as HostConfig['PortBindings'] }),
      RestartPolicy: { Name: 'unless-stopped' },
      NetworkMode: network,
      ...(parts.mounts.length > 0 ? { Mounts: parts.mounts } : {}),
    },
    ...(shared ? {} : { NetworkingConfig: { EndpointsConfig: { [network]: endpoint } } }),
  };
}

/** The specification a container was made from, for making it anew with a difference. */
export function storedSpec(labels: Labels): ServerSpec {
  return JSON.parse(labels[labelKeys.spec] ?? '{}') as ServerSpec;
}

function serverLabels(session: Session, spec: ServerSpec, { ports, network }: Parts): Labels {
  return {
    ...spec.tags,
    ...session.labels(),
    [labelKeys.hostname]: spec.hostname,
    [labelKeys.key]: spec.idempotency_key,
    [labelKeys.plan]: spec.plan,
    [labelKeys.cores]: String(spec.cores),
    [labelKeys.memory]: String(spec.memory),
    [labelKeys.disk]: String(spec.disk),
    [labelKeys.os]: spec.os,
    [labelKeys.user]: spec.user ?? 'root',
    [labelKeys.sshPort]: String(ports.get(22)),
    [labelKeys.ports]: JSON.stringify(Object.fromEntries(ports)),
    ...(network.address === undefined ? {} : { [labelKeys.address]: network.address }),
    [labelKeys.spec]: JSON.stringify(spec),
  };
}
