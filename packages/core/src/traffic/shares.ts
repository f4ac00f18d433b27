import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';

/** Percent of the traffic that each infrastructure gets of the balancers that have servers of several. */
export type TrafficShares = Readonly<Record<string, number>>;

/** `production/web-01` as its parts; a plain hostname is in the infrastructure that names it. */
export function placeOfServer(
  reference: string,
  own: string,
): { readonly infra: string; readonly hostname: string } {
  const at = reference.indexOf('/');
  return at < 0
    ? { infra: own, hostname: reference }
    : { infra: reference.slice(0, at), hostname: reference.slice(at + 1) };
}

/** Whether a reference names a server of another infrastructure: `infra/hostname`. */
export function isElsewhere(reference: string): boolean {
  return reference.includes('/');
}

function fileOf(workspacePath: string, infra: string): string {
  return join(workspacePath, 'infra', infra, 'data', 'traffic.json');
}

/** Shares that the balancers of an infrastructure were told to keep; empty before the first switch. */
export async function readShares(workspacePath: string, infra: string): Promise<TrafficShares> {
  const text = await readFile(fileOf(workspacePath, infra), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return JSON.parse(text) as TrafficShares;
}

export async function writeShares(
  workspacePath: string,
  infra: string,
  shares: TrafficShares,
): Promise<void> {
  const file = fileOf(workspacePath, infra);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify(shares, undefined, 2)}\n`, 0o600);
}

interface BackendServer {
  readonly server: string;
}

/** Lists of servers in a configuration, such as the backends of a load balancer. */
export function serverLists(value: unknown): readonly (readonly BackendServer[])[] {
  if (Array.isArray(value)) {
    return value.length > 0 && value.every(isBackendServer) ? [value] : value.flatMap(serverLists);
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(serverLists) : [];
}

function isBackendServer(value: unknown): value is BackendServer {
  return typeof (value as BackendServer | null)?.server === 'string';
}

/** Most that a weight of a load balancer may be. */
const most = 256;

/**
 * The configuration with the weights that give each infrastructure its share: split evenly among its servers. Lists
 * without servers of several infrastructures stay as they are.
 */
export function withShares<T>(config: T, own: string, shares: TrafficShares): T {
  if (Object.keys(shares).length === 0) return config;
  return weighted(config, own, shares) as T;
}

function weighted(value: unknown, own: string, shares: TrafficShares): unknown {
  if (Array.isArray(value)) {
    if (value.length === 0 || !value.every(isBackendServer))
      return value.map((item) => weighted(item, own, shares));
    const infras = value.map(({ server }) => placeOfServer(server, own).infra);
    if (new Set(infras).size < 2 || !infras.every((infra) => Object.hasOwn(shares, infra))) return value;
    return value.map((item, index) => {
      const infra = infras[index]!;
      const count = infras.filter((other) => other === infra).length;
      return { ...(item as BackendServer), weight: weightOf(shares[infra]!, count) };
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, weighted(item, own, shares)]));
}

function weightOf(share: number, servers: number): number {
  return share === 0 ? 0 : Math.max(1, Math.round((share / 100) * (most / servers)));
}
