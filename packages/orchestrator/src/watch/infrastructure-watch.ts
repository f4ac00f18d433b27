import {
  costAlert,
  costAlertText,
  decideScaling,
  groupScaling,
  type GroupScalingRecord,
  infraPath,
  type Load,
  listWorkspaces,
  maintenanceWindow,
  measureLoad,
  observeReachable,
  planScale,
  priceServers,
  recordCost,
  recordSample,
  StateFile,
  type Surroundings,
} from '@provisioning/core';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ClusterScaler, meanOf } from './cluster-scaling.ts';
import type {
  Infrastructures,
  KnownInfrastructure,
  OpenedInfrastructure,
} from '../resources/infrastructures.ts';

export interface InfrastructureWatchOptions {
  readonly infrastructures: Infrastructures;
  readonly surroundings: Surroundings;
  /** Runs a workflow; answers its id. */
  readonly submit: (definition: WorkflowDefinition, createdBy: string) => Promise<string>;
  /** Whether a workflow has not ended. */
  readonly isActive: (workflow: string) => boolean;
  readonly onWarning: (message: string) => void;
  readonly onCostAlert: (data: {
    readonly workspace: string;
    readonly infra: string;
    readonly message: string;
  }) => void;
  /** A group does not get the size it asks for. */
  readonly onScalingRefused: (data: {
    readonly workspace: string;
    readonly infra: string;
    readonly group: string;
    readonly wanted: number;
    readonly reason: string;
  }) => void;
  /** Looks at a server; default over its own access. */
  readonly measure?: typeof measureLoad;
  readonly now?: () => number;
}

/** What is remembered of an infrastructure between looks. */
interface Memory {
  /** Samples of the group, newest last; only the last few count. */
  samples: { cpu: number; memory: number }[];
  /** Day the cost was written down. */
  priced?: string;
}

type GroupRule = NonNullable<ReturnType<typeof groupScaling>>;

const interval = 60_000;
const keptSamples = 3;

/**
 * Looks at the infrastructures of the registered workspaces once a minute (05 §5.3, §10): samples the load of servers
 * that are to be watched, scales groups and clusters, and writes the cost down once a day. Nothing is done to one that is under
 * maintenance; one that cannot be looked at does not hold up the others.
 */
export class InfrastructureWatch {
  readonly #options: InfrastructureWatchOptions;
  readonly #clusters: ClusterScaler;
  readonly #memories = new Map<string, Memory>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: InfrastructureWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#clusters = new ClusterScaler({ ...options, now: this.#now });
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), interval).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Looks at all of them now; the timer does the same. Looks never overlap. */
  look(): Promise<void> {
    return (this.#looking ??= this.#lookAtAll().finally(() => (this.#looking = undefined)));
  }

  async #lookAtAll(): Promise<void> {
    const { surroundings, infrastructures, onWarning } = this.#options;
    const workspaces = (await listWorkspaces(surroundings)).filter(({ exists }) => exists);
    for (const { name } of workspaces) {
      const known = await infrastructures.known({ workspace: name }).catch(() => []);
      for (const place of known) {
        await this.#lookAt(place).catch((error: unknown) =>
          onWarning(`${place.workspace.name}:${place.infra}: ${ProvisioningError.from(error).message}`),
        );
      }
    }
  }

  async #lookAt(place: KnownInfrastructure): Promise<void> {
    // Most have nothing to be watched: their definition is not even read.
    const state = await new StateFile(infraPath(place)).read();
    const running = Object.values(state.servers).filter(({ status }) => status === 'running');
    if (running.length === 0) return;
    if ((await maintenanceWindow(place, this.#now())) !== undefined) return;
    const { workspace, infra } = place;
    await using opened = await this.#options.infrastructures.open({ workspace: workspace.name, infra });
    const memory = this.#memoryOf(place);
    const rule = groupScaling(opened.definition, (path) => opened.context.config(path));
    const ofClusters = await this.#clusters.watched(opened);
    const loads = await this.#sample(opened, ofClusters, rule?.group);
    if (rule !== undefined) {
      const group = opened.definition.servers.filter((server) => server['group'] === rule.group);
      const ofGroup = group.flatMap(({ hostname }) => loads.get(hostname) ?? []);
      await this.#scale(opened, rule, memory, ofGroup);
    }
    if (ofClusters.size > 0) await this.#clusters.scale(opened, loads);
    await this.#price(opened, memory);
  }

  #memoryOf({ workspace, infra }: KnownInfrastructure): Memory {
    const key = `${workspace.path}\0${infra}`;
    const known = this.#memories.get(key) ?? { samples: [] };
    this.#memories.set(key, known);
    return known;
  }

  /** Loads of the servers that are to be watched; those that cannot be read are left out, which is told. */
  async #sample(
    { definition, context, state }: OpenedInfrastructure,
    ofClusters: ReadonlySet<string>,
    group?: string,
  ): Promise<ReadonlyMap<string, Load>> {
    const { measure = measureLoad, onWarning } = this.#options;
    const { servers } = await state();
    const loads = new Map<string, Load>();
    const watched = definition.servers.filter(
      (server) =>
        server.monitoring === true ||
        ofClusters.has(server.hostname) ||
        (group !== undefined && server['group'] === group),
    );
    await Promise.all(
      watched.map(async ({ hostname, provider }) => {
        const record = servers[hostname];
        if (record?.status !== 'running') return;
        const { cores, memory } = record;
        try {
          const load = await measure(context, { hostname, provider, cores, memory });
          await recordSample(context, hostname, { at: this.#now(), ...load });
          loads.set(hostname, load);
        } catch (error) {
          onWarning(ProvisioningError.from(error).message);
        }
      }),
    );
    return loads;
  }

  async #scale(
    opened: OpenedInfrastructure,
    rule: GroupRule,
    memory: Memory,
    loads: readonly Load[],
  ): Promise<void> {
    const { definition, workspace, context } = opened;
    const { group } = rule;
    if (loads.length > 0) memory.samples = [...memory.samples, meanOf(loads)].slice(-keptSamples);
    else memory.samples = [];
    const state = new StateFile(infraPath(context));
    const known = await this.#settled(opened, rule);
    if (known === undefined) return;
    const current = definition.servers.filter((server) => server['group'] === group).length;
    const now = this.#now();
    const decision = decideScaling(
      rule,
      {
        current,
        samples: {
          cpu: memory.samples.map(({ cpu }) => cpu),
          memory: memory.samples.map((sample) => sample.memory),
        },
        ...(known.last_up === undefined ? {} : { lastUp: Date.parse(known.last_up) }),
        ...(known.last_change === undefined ? {} : { lastChange: Date.parse(known.last_change) }),
      },
      now,
    );
    if (decision.warning !== undefined) this.#options.onWarning(`${definition.name}: ${decision.warning}`);
    if (decision.wanted === current) return;
    await state.beginScaling(group, current, decision.wanted, definition.groups![group]!, now);
    // What was measured was measured of another number of servers.
    memory.samples = [];
    try {
      const plan = await planScale(context, definition, await opened.reload(), group);
      if (plan.blocked.length > 0)
        return await this.#takeBack(opened, rule, decision.wanted, plan.blocked[0]!);
      const workflow = await this.#options.submit(
        {
          name: `server scale ${group}`,
          version: '1.0.0',
          kind: 'server',
          description: `From ${current} to ${decision.wanted}: ${decision.reason}`,
          workspace,
          infra: definition.name,
          environment: definition.environment,
          on_failure: 'continue',
          operations: plan.graph.map((node) => ({
            ...{ id: node.id, type: node.type, name: node.name, input: node.input },
            dependencies: [...node.dependencies],
            resources: [...(node.resources ?? [])],
          })),
        },
        'autoscaler',
      );
      const leaving = plan.changes.flatMap(({ action, name }) => (action === 'delete' ? [name] : []));
      await state.scalingSent(group, workflow, leaving);
    } catch (error) {
      await this.#takeBack(opened, rule, decision.wanted, ProvisioningError.from(error).message);
    }
  }

  /**
   * What is known of the group once the last change has come to its end; nothing while it goes on. Servers that it did
   * not make or did not remove end it: the wish is taken back, and asked for anew after the cooldown.
   */
  async #settled(
    { definition, context, state: read }: OpenedInfrastructure,
    rule: GroupRule,
  ): Promise<GroupScalingRecord | undefined> {
    const { servers, autoscaling } = await read();
    const known = autoscaling?.[rule.group] ?? {};
    if (known.pending === undefined) return known;
    const { wanted, workflow, leaving = [] } = known.pending;
    if (workflow !== undefined && this.#options.isActive(workflow)) return undefined;
    const members = definition.servers.filter((server) => server['group'] === rule.group);
    const missing = members.map(({ hostname }) => hostname).filter((name) => servers[name] === undefined);
    const left = leaving.filter((name) => servers[name] !== undefined);
    if (members.length === wanted && missing.length + left.length > 0) {
      const reasons = [
        ...missing.map((name) => `${name} was not made`),
        ...left.map((name) => `${name} was not deleted`),
      ];
      await this.#takeBack({ definition, context }, rule, wanted, reasons.join(', '));
      return undefined;
    }
    await new StateFile(infraPath(context)).endScaling(rule.group);
    return known;
  }

  /** Tells once why a group does not get the size it asks for; its cooldown runs from the attempt. */
  async #takeBack(
    { definition, context }: Pick<OpenedInfrastructure, 'definition' | 'context'>,
    { group }: GroupRule,
    wanted: number,
    reason: string,
  ): Promise<void> {
    await new StateFile(infraPath(context)).endScaling(group, reason);
    const message = `${definition.name}: ${group} does not get ${wanted} servers: ${reason}. It is tried again after the cooldown`;
    this.#options.onWarning(message);
    const { workspace } = context;
    this.#options.onScalingRefused({
      workspace: workspace.name,
      infra: definition.name,
      group,
      wanted,
      reason,
    });
  }

  /** Once a day, of what costs something. */
  async #price({ definition, context, workspace }: OpenedInfrastructure, memory: Memory): Promise<void> {
    const day = new Date(this.#now()).toISOString().slice(0, 10);
    if (memory.priced === day) return;
    memory.priced = day;
    const providers = [...new Set(definition.servers.map(({ provider }) => provider))];
    const kinds = await Promise.all(providers.map((name) => context.providerMetadata(name)));
    if (kinds.every(({ category }) => category !== 'cloud')) return;
    const cost = await priceServers(context, definition.servers, await observeReachable(context, providers));
    if (cost.totals.length === 0) return;
    await recordCost(context, cost, this.#now());
    const message = costAlertText(await costAlert(context), cost);
    if (message === undefined) return;
    this.#options.onWarning(`${definition.name}: ${message}`);
    this.#options.onCostAlert({ workspace: workspace.name, infra: definition.name, message });
  }
}
