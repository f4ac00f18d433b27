import { connect } from 'node:net';
import type { Access, CreateOptions } from '@provisioning/extensions-sdk';
import type { InventoryServer } from './config.ts';

/** Whether a host accepts a TCP connection within so many seconds. */
export function accepts(host: string, port: number, seconds: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(seconds * 1000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

export function accessOf(host: InventoryServer): Access {
  return {
    kind: 'ssh',
    host: host.ip_address,
    port: host.port ?? 22,
    user: host.user ?? 'root',
    ...(host.ssh_key === undefined ? {} : { keyFile: host.ssh_key }),
    hostKeyAlias: `baremetal-${host.hostname}`,
  };
}

export interface HostFacts {
  readonly os?: string;
  readonly cores?: number;
  readonly memory?: number;
  readonly disk?: number;
}

/** One round trip: system, processors, memory in kB, size of the root file system in kB. */
const factsCommand = [
  '. /etc/os-release 2>/dev/null',
  'echo "os=${ID}-${VERSION_ID}"',
  'echo "cores=$(getconf _NPROCESSORS_ONLN)"',
  'echo "memory=$(awk \'/^MemTotal:/ {print $2}\' /proc/meminfo)"',
  'echo "disk=$(df -Pk / | awk \'NR==2 {print $2}\')"',
].join('; ');

/** What a machine says of itself over the caller's connection; nothing when there is none. */
export async function readFacts(host: InventoryServer, onHost: CreateOptions['onHost']): Promise<HostFacts> {
  if (onHost === undefined) return {};
  const { code, stdout } = await onHost(accessOf(host), factsCommand);
  if (code !== 0) return {};
  const values = new Map(stdout.split('\n').map((line) => line.split(/=(.*)/s, 2) as [string, string]));
  const number = (key: string, unit: number) => {
    const value = Number(values.get(key));
    return Number.isFinite(value) && value > 0 ? Math.max(1, Math.round(value / unit)) : undefined;
  };
  const os = values.get('os');
  return {
    ...(os === undefined || os.startsWith('-') ? {} : { os: os.replace(/-$/, '') }),
    cores: number('cores', 1),
    memory: number('memory', 1024),
    disk: number('disk', 1024 * 1024),
  };
}
