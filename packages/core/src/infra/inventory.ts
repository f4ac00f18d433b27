import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeFileAtomic } from '../files/atomic.ts';
import { StateFile } from '../state/state.ts';
import { generatedMark } from './definition-files.ts';
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

type Source = Pick<Infrastructure, 'path' | 'settings' | 'servers'>;

/** The servers there are, from the state; taskservs as the definition lists them. */
export async function inventoryOf({ path, servers }: Source): Promise<readonly InventoryEntry[]> {
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

/** Writes `runset.inventory_file` when its content changes. @returns the file */
export async function writeInventory(infrastructure: Source): Promise<string> {
  const file = join(infrastructure.path, infrastructure.settings.runset.inventory_file);
  const text = `${generatedMark}\n${stringify({ servers: await inventoryOf(infrastructure) })}`;
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before !== text) await writeFileAtomic(file, text, 0o644);
  return file;
}
