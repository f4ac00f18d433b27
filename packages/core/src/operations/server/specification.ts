import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type Context,
  type Plan,
  ProvisioningError,
  type Server,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
import { ensureWorkspaceKey } from '../../transport/index.ts';
import { cheapestPlan } from './cheapest-plan.ts';
import { chooseZone } from './zone.ts';

/** Portable sizes (06 §5.3): cores and memory in GB. */
const portableSizes: Readonly<Record<string, readonly [cores: number, gigabytes: number]>> = {
  small: [2, 4],
  medium: [4, 8],
  large: [8, 16],
  xlarge: [16, 32],
  '2xlarge': [32, 64],
};

export interface Sizing {
  readonly plan: string;
  readonly cores: number;
  /** MB. */
  readonly memory: number;
}

/**
 * The provider's plan for a server (05 §4.1, 06 §5.3): its own plan by name, a portable name as the cheapest plan that
 * holds it, or, without a plan, the cheapest that satisfies cores, memory and disk. Providers that size freely
 * (containers, bare metal) take the figures as they are.
 * @throws ProvisioningError `INVALID_PLAN`.
 */
export function chooseSize(server: Server, plans: readonly Plan[], sizesFreely: boolean): Sizing {
  // A machine of an inventory is a plan of its own (06 §6.5).
  const own = server.plan === '' ? `host:${server.hostname}` : server.plan;
  const named = plans.find(({ name }) => name === own);
  if (named !== undefined) return { plan: named.name, cores: named.cores, memory: named.memory_mb };
  const portable = portableSize(server.plan);
  if (server.plan !== '' && portable === undefined) throw invalidPlan(server, plans);
  if (sizesFreely) {
    return portable === undefined
      ? { plan: '', cores: server.cores, memory: server.memory }
      : { plan: server.plan, cores: portable[0], memory: portable[1] * 1024 };
  }
  const [cores, memory] =
    portable === undefined ? [server.cores, server.memory] : [portable[0], portable[1] * 1024];
  const fitting = plans
    .filter((plan) => portable !== undefined || plan.disk_gb === undefined || plan.disk_gb >= server.disk)
    .filter((plan) => server.zone === 'auto' || plan.zones.length === 0 || plan.zones.includes(server.zone));
  const best = cheapestPlan(fitting, { cores, memory, os: server.os });
  if (best === undefined) throw invalidPlan(server, plans);
  return { plan: best.name, cores: best.cores, memory: best.memory_mb };
}

function portableSize(name: string): readonly [number, number] | undefined {
  const match = /^(\d+)xCPU-(\d+)GB$/.exec(name);
  return match === null ? portableSizes[name] : [Number(match[1]), Number(match[2])];
}

function invalidPlan(server: Server, plans: readonly Plan[]): ProvisioningError {
  const named = server.plan !== '';
  return new ProvisioningError({
    code: 'INVALID_PLAN',
    kind: 'configuration',
    message: named
      ? `Invalid plan: ${server.plan} (server ${server.hostname})`
      : `No plan of provider ${server.provider} has ${server.cores} cores, ${server.memory} MB and ${server.disk} GB (server ${server.hostname})`,
    hint: `Plans of ${server.provider}: ${plans.map(({ name }) => name).join(', ') || 'none'}; portable names are NxCPU-MGB and small, medium, large, xlarge, 2xlarge.`,
  });
}

/** Public keys for a server: the workspace's own, and the definition's (`ssh-… AAAA…`, or the path of a file). */
export async function publicKeys(context: Context, server: Server): Promise<string[]> {
  const own = await ensureWorkspaceKey(context.workspace.path);
  const keys = [own.publicKey.trim()];
  for (const key of server.ssh_keys) {
    if (/^(ssh|ecdsa|sk)-/.test(key)) keys.push(key.trim());
    else {
      const path = key.startsWith('~/') ? join(homedir(), key.slice(2)) : join(context.workspace.path, key);
      const text = await readFile(path, 'utf8').catch((cause: unknown) => {
        throw new ProvisioningError({
          code: 'SSH_KEY_NOT_FOUND',
          kind: 'configuration',
          message: `SSH key not found: ${path} (server ${server.hostname})`,
          hint: 'Give the public key itself or the path of its file in ssh_keys.',
          cause,
        });
      });
      keys.push(text.trim());
    }
  }
  return keys;
}

/** The tags under which everything of an infrastructure is found again (06 §6). */
export function managedTags(context: Context, hostname: string): Record<string, string> {
  return {
    'managed-by': 'provisioning',
    'provisioning.workspace': context.workspace.name,
    'provisioning.infra': context.infra,
    'provisioning.hostname': hostname,
  };
}

/** Everything a provider needs for one server, with plan, zone and keys settled. */
export async function specification(context: Context, server: Server): Promise<ServerSpec> {
  const provider = await context.provider(server.provider);
  const metadata = await context.providerMetadata(server.provider);
  const plans = await provider.listPlans();
  const size = chooseSize(server, plans, metadata.category !== 'cloud');
  const extra = server[server.provider];
  return {
    hostname: server.hostname,
    title: server.title,
    ...size,
    disk: server.disk,
    zone: await chooseZone(
      context,
      provider,
      server,
      plans.find(({ name }) => name === size.plan),
    ),
    os: server.os,
    user: server.user,
    user_ssh_port: server.user_ssh_port,
    ssh_public_keys: await publicKeys(context, server),
    allowed_ports: server.allowed_ports,
    firewall_rules: server.firewall_rules,
    time_zone: server.time_zone,
    volumes: volumesOf(server),
    network: isRecord(server.network) ? server.network : undefined,
    tags: { ...server.tags, ...server.labels, ...managedTags(context, server.hostname) },
    extra: isRecord(extra) ? extra : {},
    idempotency_key: context.idempotencyKey,
  };
}

function volumesOf(server: Server): ServerSpec['volumes'] {
  return server.storage?.additional ?? [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
