import type { ServerSpec } from '../provider.ts';
import { ProviderError } from '../provider-error.ts';

export interface MountedVolume {
  /** Stable path of the device, such as `/dev/disk/by-id/…`. */
  readonly device: string;
  readonly mountPoint: string;
}

/**
 * First boot as user data (06 §6): host name, time zone, user with its keys, SSH port, volumes. JSON is YAML, and needs no
 * escaping rules of its own; cloud-init reads it after the first line.
 */
export function cloudInit(
  spec: Pick<ServerSpec, 'hostname' | 'time_zone' | 'user' | 'user_ssh_port' | 'ssh_public_keys'>,
  volumes: readonly MountedVolume[] = [],
): string {
  const user = spec.user ?? 'root';
  const port = spec.user_ssh_port ?? 22;
  const keys = [...spec.ssh_public_keys];
  const users =
    user === 'root'
      ? {
          disable_root: false,
          ssh_authorized_keys: keys,
          users: [{ name: 'root', ssh_authorized_keys: keys }],
        }
      : {
          users: [
            {
              name: user,
              sudo: 'ALL=(ALL) NOPASSWD:ALL',
              shell: '/bin/bash',
              lock_passwd: true,
              ssh_authorized_keys: keys,
            },
          ],
        };
  const config = {
    hostname: spec.hostname,
    preserve_hostname: false,
    timezone: spec.time_zone,
    ssh_pwauth: false,
    ...users,
    ...(port === 22
      ? {}
      : {
          write_files: [
            { path: '/etc/ssh/sshd_config.d/10-port.conf', permissions: '0644', content: `Port ${port}\n` },
          ],
          runcmd: [['sh', '-c', 'systemctl restart ssh || systemctl restart sshd']],
        }),
    ...(volumes.length === 0
      ? {}
      : {
          // Never over what is already there.
          fs_setup: volumes.map(({ device }) => ({ device, filesystem: 'ext4', overwrite: false })),
          mounts: volumes.map(({ device, mountPoint }) => [
            device,
            mountPoint,
            'ext4',
            'defaults,nofail',
            '0',
            '2',
          ]),
        }),
  };
  return `#cloud-config\n${JSON.stringify(config, undefined, 1)}\n`;
}

/** @throws ProviderError `invalid` naming everything that lacks (06 §7). */
export function checkSpec(
  provider: string,
  spec: ServerSpec,
  known: { readonly plans?: readonly string[]; readonly zones?: readonly string[] } = {},
): void {
  const missing: string[] = [];
  if (spec.hostname === '') missing.push('Hostname is required');
  if (spec.plan === '') missing.push('Plan is required');
  else if (known.plans !== undefined && !known.plans.includes(spec.plan))
    missing.push(`Invalid plan: ${spec.plan}`);
  if (spec.zone === '') missing.push('Zone is required');
  else if (known.zones !== undefined && !known.zones.includes(spec.zone))
    missing.push(`Invalid zone: ${spec.zone}`);
  if (missing.length === 0) return;
  throw new ProviderError({
    provider,
    operation: 'createServer',
    code: 'invalid',
    message: `Invalid server configuration: ${missing.join(', ')}`,
    help: 'Check configuration syntax and required fields',
  });
}
