import {
  type AttributeChange,
  type Change,
  type Context,
  type ObservedServer,
  type Operation,
  type ProviderInstance,
  ProvisioningError,
  Server,
} from '@provisioning/extensions-sdk';
import { firewallRules } from '@provisioning/extensions-sdk/cloud';
import { Type } from 'typebox';
import { infraPath } from '../../state/paths.ts';
import { StateFile } from '../../state/state.ts';
import { serverChange } from './difference.ts';
import { log, untilUsable, type WaitedFor } from './readiness.ts';
import { specification } from './specification.ts';

/** What a plan decides; providers without plans change it by itself. */
const sizes: ReadonlySet<string> = new Set(['plan', 'cores', 'memory']);

const Input = Type.Object({ server: Type.Unsafe<Server>(Server) });

/** What a server was before an update, as its rollback needs it. */
export interface UpdatedServer {
  readonly hostname: string;
  readonly changed: readonly string[];
  readonly before: {
    readonly plan: string;
    readonly cores: number;
    readonly memory: number;
    readonly tags: Readonly<Record<string, string>>;
    readonly firewall: readonly Server['firewall_rules'][number][];
  };
}

/**
 * Applies to one existing server what its definition says differently (05 §7.4 `server update`): plan, firewall, tags;
 * volumes only grow. What can't be changed in place is reported and refused.
 */
export const serverUpdate: Operation<typeof Input, UpdatedServer> = {
  type: 'server.update',
  input: Input,

  async plan(context, { server }) {
    return [await serverDrift(context, server)];
  },

  async run(context, { server }) {
    const provider = await context.provider(server.provider);
    const reference = { hostname: server.hostname };
    const drift = await serverDrift(context, server);
    if (drift.action === 'create') throw notThere(server.hostname);
    if (drift.action === 'replace') throw immutable(server.hostname, drift);
    const observed = (await provider.getServer(reference, { signal: context.signal }))!;
    // Kept for the rollback also where a crash comes between: a second look would find nothing to change any more.
    const { before, changed } = await context.step('before', async () => ({
      changed: (drift.attributes ?? []).map(({ attribute }) => attribute),
      before: {
        ...{ plan: observed.plan, cores: observed.cores, memory: observed.memory, tags: observed.tags },
        firewall: (await provider.getFirewall?.(reference)) ?? [],
      },
    }));
    if (changed.length === 0) return { hostname: server.hostname, changed, before };
    log(context, `Updating ${server.hostname}: ${changed.join(', ')}`);
    const spec = await specification(context, server);
    const sized = changed.some((name) => sizes.has(name));
    const updated = await provider.updateServer(
      reference,
      {
        ...(sized ? { plan: spec.plan, cores: spec.cores, memory: spec.memory } : {}),
        ...(changed.includes('tags') ? { tags: spec.tags } : {}),
      },
      { signal: context.signal },
    );
    if (changed.includes('firewall')) await provider.configureFirewall?.(reference, firewallRules(server));
    for (const { id, size } of await smallVolumes(context, server)) await provider.volume?.resize(id, size);
    await answering(context, provider, server, observed, updated);
    return { hostname: server.hostname, changed, before };
  },

  async undo(context, { server }, { before, changed }) {
    if (changed.length === 0) return;
    const provider = await context.provider(server.provider);
    const { tags, firewall, ...size } = before;
    if (changed.includes('firewall'))
      await provider.configureFirewall?.({ hostname: server.hostname }, firewall);
    const back = await provider.updateServer(
      { hostname: server.hostname },
      {
        ...(changed.some((name) => sizes.has(name)) ? size : {}),
        ...(changed.includes('tags') ? { tags } : {}),
      },
    );
    await new StateFile(infraPath(context)).recordServer(back, context.now());
  },

  resources: ({ server }) => [`server/${server.hostname}`],
};

/** A change may restart a server; one that ran before is waited for. What it is now is written down. */
export async function answering(
  context: Context,
  provider: ProviderInstance,
  server: WaitedFor,
  before: ObservedServer,
  after: ObservedServer,
): Promise<ObservedServer> {
  const usable =
    before.status === 'running'
      ? (await untilUsable(context, provider, server, after, { resumed: false })).observed
      : after;
  await new StateFile(infraPath(context)).recordServer(usable, context.now());
  return usable;
}

/** The difference between an existing server and its definition. */
export async function serverDrift(context: Context, server: Server): Promise<Change> {
  const provider = await context.provider(server.provider);
  const { category } = await context.providerMetadata(server.provider);
  const reference = { hostname: server.hostname };
  const observed = await provider.getServer(reference, { signal: context.signal });
  const change = serverChange(server, observed ?? undefined, {
    plans: await provider.listPlans(),
    sizesFreely: category !== 'cloud',
    known: observed !== null,
  });
  if (observed === null || change.action === 'create' || change.action === 'replace') return change;
  const attributes: AttributeChange[] = [...(change.attributes ?? [])];
  const wished = { ...server.tags, ...server.labels };
  const missing = Object.entries(wished).filter(([name, value]) => observed.tags[name] !== value);
  if (missing.length > 0)
    attributes.push({
      attribute: 'tags',
      after: missing.map(([name, value]) => `${name}=${value}`).join(', '),
    });
  const rulesWished = firewallRules(server);
  if (server.firewall_rules.length > 0 && provider.getFirewall !== undefined) {
    const rules = await provider.getFirewall(reference);
    if (JSON.stringify(rules.map(ruleKey)) !== JSON.stringify(rulesWished.map(ruleKey)))
      attributes.push({ attribute: 'firewall', before: rules.length, after: rulesWished.length });
  }
  for (const { name, before, size } of await smallVolumes(context, server))
    attributes.push({ attribute: `volume ${name}`, before: `${before} GB`, after: `${size} GB` });
  const base = { kind: 'server', name: server.hostname } as const;
  return attributes.length === 0
    ? { ...base, action: 'unchanged' }
    : { ...base, action: 'update', attributes };
}

function ruleKey(rule: Server['firewall_rules'][number]): string {
  return [rule.direction, rule.protocol, rule.port, rule.source, rule.action].join(' ');
}

/** Volumes of the server that are smaller than the definition says; shrinking is never done. */
async function smallVolumes(
  context: Context,
  server: Server,
): Promise<
  readonly { readonly id: string; readonly name: string; readonly before: number; readonly size: number }[]
> {
  const wished = server.storage?.additional ?? [];
  const provider = await context.provider(server.provider);
  const { category } = await context.providerMetadata(server.provider);
  // Volumes of this machine have no limit: they are as large as the disk below them.
  if (wished.length === 0 || provider.volume === undefined || category !== 'cloud') return [];
  const there = (await provider.volume.list()).filter(
    ({ attached_to: holder }) => holder === server.hostname,
  );
  return wished.flatMap(({ name, size }) => {
    const volume = there.find((one) => one.name === name && one.size < size);
    return volume === undefined ? [] : [{ id: volume.id, name, before: volume.size, size }];
  });
}

export function notThere(hostname: string): ProvisioningError {
  return new ProvisioningError({
    code: 'SERVER_NOT_FOUND',
    kind: 'not-found',
    message: `Server not found: ${hostname}`,
    hint: `Create it: provisioning server create ${hostname}`,
  });
}

function immutable(hostname: string, { attributes = [] }: Change): ProvisioningError {
  const names = attributes.map(({ attribute }) => attribute).join(', ');
  return new ProvisioningError({
    code: 'SERVER_IMMUTABLE',
    kind: 'conflict',
    message: `${hostname} requires recreate (${names} can't be changed in place)`,
    hint: `Delete it with its storage kept and create it again: provisioning server delete ${hostname} --keepstorage`,
  });
}
