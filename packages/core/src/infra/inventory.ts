import { StateFile } from '../state/state.ts';
import type { Infrastructure } from './infrastructure.ts';

/** One server of `inventory.yaml` (05 §7.3.11). */
export interface InventoryEntry {
  readonly hostname: string;
  readonly ip_address: string | null;
  readonly private_ip: string | null;
  readonly status: string;
  readonly provider: string;
  readonly zone: string;
  readonly plan: string;
  readonly user: string | null;
  readonly port: number | null;
  readonly taskservs: readonly string[];
}

/** The servers there are, from the state; taskservs as the definition lists them. */
export async function inventoryOf({
  path,
  servers,
}: Pick<Infrastructure, 'path' | 'servers'>): Promise<readonly InventoryEntry[]> {
  const state = await new StateFile(path).read();
  const defined = new Map(servers.map((server) => [server.hostname, server]));
  return Object.entries(state.servers)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([hostname, record]) => {
      const server = defined.get(hostname);
      const addresses = record.ip_addresses;
      return {
        hostname,
        ip_address: addresses['public'] ?? addresses['private'] ?? addresses['utility'] ?? null,
        private_ip: addresses['private'] ?? null,
        status: record.status,
        provider: record.provider,
        zone: record.zone,
        plan: record.plan,
        user: record.ssh?.user ?? server?.user ?? null,
        port: record.ssh?.port ?? server?.user_ssh_port ?? null,
        taskservs: (server?.taskservs ?? []).filter(({ enabled }) => enabled).map(({ name }) => name),
      };
    });
}
