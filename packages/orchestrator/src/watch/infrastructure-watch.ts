import {
  costAlert,
  costAlertText,
  groupScaling,
  infraPath,
  type Load,
  listWorkspaces,
  maintenanceWindow,
  measureLoad,
  observeReachable,
  priceServers,
  readClusters,
  recordCost,
  recordSample,
  StateFile,
  type Surroundings,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type {
  Infrastructures,
  KnownInfrastructure,
  OpenedInfrastructure,
} from '../resources/infrastructures.ts';
import { ClusterComponent, serversOfClusters } from './cluster-component.ts';
import { Scaler, type ScalerOptions } from './scaler.ts';
import { type RefusedScaling, ServerGroup } from './server-group.ts';

export interface InfrastructureWatchOptions extends Omit<ScalerOptions, 'now'> {
  readonly infrastructures: Infrastructures;
  readonly surroundings: Surroundings;
  readonly onCostAlert: (data: {
    readonly workspace: string;
    readonly infra: string;
    readonly message: string;
  }) => void;
  readonly onScalingRefused: (data: RefusedScaling) => void;
  /** Looks at a server; default over its own access. */
  readonly measure?: typeof measureLoad;
  readonly now?: () => number;
}

const interval = 60_000;

/**
 * Looks at the infrastructures of the registered workspaces once a minute (05 §5.3, §10): samples the load of servers
 * that are to be watched, scales groups and clusters, and writes the cost down once a day. Nothing is done to one that is under
 * maintenance; one that cannot be looked at does not hold up the others.
 */
export class InfrastructureWatch {
  readonly #options: InfrastructureWatchOptions;
  readonly #scaler: Scaler;
  /** Day the cost of an infrastructure was written down. */
  readonly #priced = new Map<string, string>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: InfrastructureWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#scaler = new Scaler({ ...options, now: this.#now });
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
    const rule = groupScaling(opened.definition, (path) => opened.context.config(path));
    const ofClusters = await serversOfClusters(opened);
    const loads = await this.#sample(opened, ofClusters, rule?.group);
    if (rule !== undefined) await this.#scaler.scale(new ServerGroup(opened, rule, this.#options), loads);
    if (ofClusters.size > 0) await this.#scaleClusters(opened, loads);
    await this.#price(opened);
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

  /** Every cluster of an infrastructure; one that can't be scaled is told and holds up no other. */
  async #scaleClusters(opened: OpenedInfrastructure, loads: ReadonlyMap<string, Load>): Promise<void> {
    const { onWarning } = this.#options;
    for (const record of Object.values(await readClusters(opened.context))) {
      try {
        const component = await ClusterComponent.of(opened, record, onWarning);
        if (component !== undefined) await this.#scaler.scale(component, loads);
      } catch (error) {
        onWarning(`${opened.definition.name}/${record.cluster}: ${ProvisioningError.from(error).message}`);
      }
    }
  }

  /** Once a day, of what costs something. */
  async #price({ definition, context, workspace }: OpenedInfrastructure): Promise<void> {
    const key = infraPath(context);
    const day = new Date(this.#now()).toISOString().slice(0, 10);
    if (this.#priced.get(key) === day) return;
    this.#priced.set(key, day);
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
