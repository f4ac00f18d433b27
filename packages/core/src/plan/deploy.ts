import type { Change, Context, DnsEntry, OperationNode, Server } from '@provisioning/extensions-sdk';
import { serverChange } from '../operations/server/difference.ts';
import { infraPath } from '../state/paths.ts';
import { readClusters } from '../state/clusters.ts';
import { checkProviderServers } from '../providers/server-settings.ts';
import { StateFile } from '../state/state.ts';
import { joins, TaskservPackages } from '../taskserv/index.ts';
import { planRecords } from './dns.ts';
import { aroundServers } from './network.ts';
import {
  type ObservedProvider,
  type ServerFacts,
  observeProviders,
  observeServers,
  refreshState,
} from './observe.ts';
import type { Plan } from './plan.ts';
import { type PlannedTaskserv, PlannedTaskservs } from './uses.ts';

/** What planning reads of an infrastructure. */
export interface DefinedInfrastructure {
  readonly name: string;
  readonly environment: string;
  readonly servers: readonly Server[];
  /** Hostnames that are defined but switched off: left alone. */
  readonly disabled?: readonly string[];
  /** Configuration by taskserv name, for every server that uses it. */
  readonly taskservs: Readonly<Record<string, unknown>>;
  readonly settings?: { readonly servers_wait_started?: number };
  /** VPC and load balancers (05 §4.5). */
  readonly network?: unknown;
  /** Records that go with the servers. */
  readonly dns?: readonly DnsEntry[];
  /** Findings about the definition that stop nothing. */
  readonly warnings?: readonly string[];
}

export interface PlanOptions {
  /** Hostnames or globs; the others are left alone. Default all. */
  readonly targets?: readonly string[];
  /** Servers asked at once, default 10. */
  readonly parallel?: number;
  /** Only servers, no taskservs. */
  readonly serversOnly?: boolean;
  /** Leave servers alone that are tagged as ours but no longer defined. Default false: they are deleted. */
  readonly keepUndefined?: boolean;
  /** Plan without touching local files, as `--check` must. */
  readonly readOnly?: boolean;
}

/** A server with what is known of it on both sides. */
interface Pair {
  readonly server: Server;
  readonly taskservs: readonly PlannedTaskserv[];
  readonly change: Change;
}

/**
 * Compares the definition with what the providers and the servers themselves report, and orders what is to be done
 * (05 §7.4 `deploy`): servers first, the taskservs of one server one after another, servers side by side. A taskserv
 * whose templates name another server waits for that server.
 */
export async function planDeploy(
  context: Context,
  infrastructure: DefinedInfrastructure,
  options: PlanOptions = {},
): Promise<Plan> {
  const defined = infrastructure.servers;
  const chosen = defined.filter(({ hostname }) => matches(hostname, options.targets));
  await checkProviderServers(context, chosen);
  const known = await new StateFile(infraPath(context)).read();
  const providers = [...new Set([...defined.map(({ provider }) => provider), ...providersOf(known)])];
  const observed = await observeProviders(context, providers);
  if (options.readOnly !== true) await refreshState(context, observed);

  const packages = new TaskservPackages();
  const uses = new PlannedTaskservs(context, infrastructure, packages);
  const pairs: Pair[] = await Promise.all(
    chosen.map(async (server) => {
      const provider = observed.get(server.provider)!;
      return {
        server,
        taskservs: options.serversOnly === true ? [] : await uses.of(server),
        change: serverChange(server, provider.servers.get(server.hostname), {
          plans: provider.plans,
          sizesFreely: provider.sizesFreely,
          known: server.hostname in known.servers,
          unfinished: known.servers[server.hostname]?.operation !== undefined,
        }),
      };
    }),
  );
  const running = pairs.filter(({ server, taskservs, change }) => {
    const status = observed.get(server.provider)!.servers.get(server.hostname)?.status;
    return taskservs.length > 0 && status === 'running' && change.action !== 'replace';
  });
  const facts = await observeServers(context, running, {
    parallel: options.parallel ?? 10,
    timeout: 15,
    packages,
    known: observed,
  });

  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  const blocked: string[] = [];
  const moving = new Set(pairs.filter(({ change }) => mayMove(change)).map(({ server }) => server.hostname));
  for (const pair of pairs) {
    changes.push(pair.change);
    if (pair.change.action === 'replace') {
      const names = pair.change.attributes?.map(({ attribute }) => attribute).join(', ') ?? '';
      blocked.push(`${pair.server.hostname} requires recreate (${names} can't be changed in place)`);
      continue;
    }
    addServer(pair, graph, infrastructure);
    addTaskservs(pair, facts.get(pair.server.hostname), moving, changes, graph);
  }
  const nodes = new Map([...moving].map((hostname) => [hostname, serverNode(hostname)]));
  const records = await planRecords(context, infrastructure, chosen, nodes);
  changes.push(...records.changes);
  graph.push(...records.graph);
  const around = await aroundServers(
    context,
    infrastructure,
    graph.filter(({ type }) => type === 'server.create'),
  );
  changes.push(...around.changes);
  if (options.keepUndefined !== true && options.targets === undefined) {
    const known = {
      ...infrastructure,
      disabled: [...disabled(infrastructure), ...(await clusterServers(context))],
    };
    for (const [provider, { servers }] of observed) addDeletions(provider, servers, known, changes, graph);
  }
  return {
    workspace: context.workspace.name,
    infra: infrastructure.name,
    environment: infrastructure.environment,
    changes,
    graph: afterControlPlanes(pairs, [
      ...around.graph,
      ...graph.filter(({ type }) => type !== 'server.create'),
    ]),
    blocked,
    warnings: [
      ...(infrastructure.warnings ?? []),
      ...around.warnings,
      ...(await undefinedTaskservs(context, facts)),
    ],
  };
}

/** Nodes join once the control plane they join is there (07 §5). */
function afterControlPlanes(
  pairs: readonly Pair[],
  graph: readonly OperationNode[],
): readonly OperationNode[] {
  const waits = new Map<string, string>();
  for (const { server, taskservs } of pairs) {
    for (const { use } of taskservs) {
      const first = joins(use, server.hostname);
      if (first !== undefined)
        waits.set(taskservNode(server.hostname, use.name), taskservNode(first, 'kubernetes'));
    }
  }
  if (waits.size === 0) return graph;
  const ids = new Set(graph.map(({ id }) => id));
  for (const [id, standing] of waits) if (!ids.has(standing)) waits.delete(id);
  return graph.map((node) => {
    const standing = waits.get(node.id);
    return standing === undefined ? node : { ...node, dependencies: [...node.dependencies, standing] };
  });
}

function providersOf(state: {
  readonly servers: Readonly<Record<string, { readonly provider: string }>>;
}): string[] {
  return Object.values(state.servers).map(({ provider }) => provider);
}

function disabled({ disabled: names = [] }: DefinedInfrastructure): readonly string[] {
  return names;
}

/** Servers that clusters brought along; they go with their cluster. */
async function clusterServers(context: Context): Promise<string[]> {
  return Object.values(await readClusters(context)).flatMap(({ components }) =>
    components.filter(({ type }) => type === 'server').flatMap(({ servers }) => servers),
  );
}

/**
 * Taskservs that stand on servers and that neither the definition nor a cluster names. They may hold data, so a
 * plan only tells of them.
 */
async function undefinedTaskservs(
  context: Context,
  facts: ReadonlyMap<string, ServerFacts>,
): Promise<string[]> {
  const found = [...facts].flatMap(([hostname, one]) =>
    one.reachable ? one.others.map((name) => ({ hostname, name })) : [],
  );
  if (found.length === 0) return [];
  const components = Object.values(await readClusters(context)).flatMap((cluster) => cluster.components);
  return found
    .filter(
      ({ hostname, name }) =>
        !components.some(
          ({ service, component, servers }) => (service ?? component) === name && servers.includes(hostname),
        ),
    )
    .map(
      ({ hostname, name }) =>
        `${name} is installed on ${hostname} and its definition does not name it. Add it, or remove it: provisioning taskserv delete ${name} ${hostname}`,
    );
}

/** Whether a server may have another address afterwards. */
function mayMove({ action, drift }: Change): boolean {
  return action === 'create' || (action === 'update' && drift === true);
}

function addServer(
  { server, change }: Pair,
  graph: OperationNode[],
  infrastructure: DefinedInfrastructure,
): void {
  if (change.action === 'unchanged') return;
  graph.push({
    id: serverNode(server.hostname),
    type: 'server.create',
    name: server.hostname,
    input: { server, ...settlingOf(infrastructure) },
    dependencies: [],
    resources: [`server/${server.hostname}`],
  });
}

/** The part of a creation's input that the settings decide. */
export function settlingOf({ settings }: DefinedInfrastructure): { readonly settling?: number } {
  return settings?.servers_wait_started === undefined ? {} : { settling: settings.servers_wait_started };
}

function addTaskservs(
  { server, taskservs, change }: Pair,
  facts: ServerFacts | undefined,
  moving: ReadonlySet<string>,
  changes: Change[],
  graph: OperationNode[],
): void {
  let previous = change.action === 'unchanged' ? undefined : serverNode(server.hostname);
  // Said once for all nodes of a server: a plan may have hundreds of thousands of them.
  const place = { hostname: server.hostname, provider: server.provider };
  const resources = [`server/${server.hostname}`];
  for (const planned of taskservs) {
    const { use, references } = planned;
    const taskserv = taskservChange(server.hostname, planned, change, facts, moving);
    changes.push(taskserv);
    if (taskserv.action === 'unchanged') continue;
    const id = taskservNode(server.hostname, use.name);
    const waits = references
      .map(({ hostname }) => hostname)
      .filter((hostname) => moving.has(hostname) && hostname !== server.hostname);
    graph.push({
      id,
      type: 'taskserv.create',
      name: `${use.name} on ${server.hostname}`,
      input: {
        server: place,
        taskserv: use,
        references,
      },
      dependencies: [...(previous === undefined ? [] : [previous]), ...waits.map(serverNode)],
      resources,
    });
    previous = id;
  }
}

function taskservChange(
  hostname: string,
  { use, references }: PlannedTaskserv,
  server: Change,
  facts: ServerFacts | undefined,
  moving: ReadonlySet<string>,
): Change {
  const base = { kind: 'taskserv', name: `${hostname}/${use.name}` } as const;
  if (server.action === 'create') return { ...base, action: 'create' };
  if (facts === undefined) return { ...base, action: 'update', reasons: ['checked once the server runs'] };
  if (!facts.reachable) return { ...base, action: 'update', reasons: [facts.reason], drift: true };
  const observation = facts.taskservs.get(use.name);
  if (observation === undefined || observation.state === 'absent') return { ...base, action: 'create' };
  const moved = references.filter((reference) => moving.has(reference.hostname));
  const reasons = [
    ...observation.reasons,
    ...moved.map((reference) => `the address of ${reference.hostname} may change`),
  ];
  if (observation.state === 'satisfied' && moved.length === 0) return { ...base, action: 'unchanged' };
  return { ...base, action: 'update', reasons, ...(observation.drift ? { drift: true } : {}) };
}

function addDeletions(
  provider: string,
  servers: ObservedProvider['servers'],
  { servers: defined, disabled = [] }: DefinedInfrastructure,
  changes: Change[],
  graph: OperationNode[],
): void {
  const here = new Set(
    defined.filter((server) => server.provider === provider).map(({ hostname }) => hostname),
  );
  for (const hostname of disabled) here.add(hostname);
  for (const { hostname } of servers.values()) {
    if (here.has(hostname)) continue;
    changes.push({ kind: 'server', name: hostname, action: 'delete', reasons: ['no longer defined'] });
    graph.push(deletionNode(hostname, provider));
  }
}

export function deletionNode(hostname: string, provider: string, keepStorage = false): OperationNode {
  return {
    id: `delete-${hostname}`,
    type: 'server.delete',
    name: hostname,
    input: { server: { hostname, provider }, keep_storage: keepStorage },
    dependencies: [],
    resources: [`server/${hostname}`],
  };
}

function serverNode(hostname: string): string {
  return `server-${hostname}`;
}

function taskservNode(hostname: string, name: string): string {
  return `${hostname}.${name}`;
}

/** A name, or a glob with `*`. */
export function matches(hostname: string, patterns: readonly string[] | undefined): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) => {
    if (!pattern.includes('*')) return pattern === hostname;
    const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
    return new RegExp(`^${source}$`).test(hostname);
  });
}
