import type { Filter, Instance, Tag } from '@aws-sdk/client-ec2';
import type { ObservedServer, ServerState } from '@provisioning/extensions-sdk';
import { tagNames } from '@provisioning/extensions-sdk/cloud';
import { name as provider } from './failure.ts';

const states: Readonly<Record<string, ServerState>> = {
  pending: 'creating',
  running: 'running',
  stopping: 'stopping',
  stopped: 'stopped',
  'shutting-down': 'deleting',
  terminated: 'deleted',
};

/** Size of an instance type. */
export interface TypeSize {
  readonly cores: number;
  readonly memory: number;
}

export function observe(instance: Instance, size: TypeSize | undefined, disk: number): ObservedServer {
  const tags = tagsOf(instance.Tags);
  const { PublicIpAddress: outside, PrivateIpAddress: inside, Ipv6Address: six } = instance;
  return {
    id: instance.InstanceId ?? '',
    name: tags.Name ?? instance.InstanceId ?? '',
    hostname: tags[tagNames.hostname] ?? tags.Name ?? instance.InstanceId ?? '',
    provider,
    status: states[instance.State?.Name ?? ''] ?? 'unknown',
    plan: instance.InstanceType ?? '',
    cores: size?.cores ?? (instance.CpuOptions?.CoreCount ?? 0) * (instance.CpuOptions?.ThreadsPerCore ?? 1),
    memory: size?.memory ?? 0,
    disk,
    zone: instance.Placement?.AvailabilityZone ?? '',
    os: tags[tagNames.os] ?? instance.ImageId ?? 'unknown',
    ip_addresses: {
      ...(outside === undefined ? {} : { public: outside }),
      ...(inside === undefined ? {} : { private: inside }),
      ...(six === undefined ? {} : { ipv6: six }),
    },
    created_at: (instance.LaunchTime ?? new Date(0)).toISOString(),
    tags,
    raw: { image: instance.ImageId, vpc: instance.VpcId, subnet: instance.SubnetId },
  };
}

export function tagsOf(list: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((list ?? []).map(({ Key: key = '', Value: value = '' }) => [key, value]));
}

/** Tags as the API wants them; keys up to 128, values up to 256 characters. */
export function apiTags(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([key, value]) => ({ Key: key.slice(0, 128), Value: value.slice(0, 256) }));
}

export function tagFilters(tags: Readonly<Record<string, string>>): Filter[] {
  return Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
}
