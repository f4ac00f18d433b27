import {
  type Change,
  type Context,
  type OperationNode,
  ProvisioningError,
  type Server,
} from '@provisioning/extensions-sdk';
import { checkResourceLimits, companyEnvironment, useOf } from '../infra/company-environment.ts';
import { costAlert, costAlertText } from '../cost/records.ts';
import { checkBudget } from '../cost/estimate.ts';
import { maintenanceWindow } from '../infra/maintenance-window.ts';
import { chooseSize, type Sizing } from '../operations/server/specification.ts';
import { chooseZone } from '../operations/server/zone.ts';
import { infraPath } from '../state/paths.ts';
import { checkProviderServers } from '../providers/server-settings.ts';
import { StateFile } from '../state/state.ts';
import { type DefinedInfrastructure, matches, settlingOf } from './deploy.ts';
import { planRecords } from './dns.ts';
import { aroundServers } from './network.ts';
import { type ObservedProvider, observeProviders, observeReachable, refreshState } from './observe.ts';
import { type PlannedCost, priceServers } from './price.ts';

/** What is said of one server of the definition before it is created. */
export interface PlannedServer {
  readonly server: Server;
  readonly size: Sizing;
  /** `finish`: a creation that was begun and interrupted. */
  readonly action: 'create' | 'finish' | 'replace' | 'exists' | 'failed';
}

export interface ServerCreationPlan {
  readonly servers: readonly PlannedServer[];
  /** Network, servers, then the load balancers and DNS entries that wait for them. */
  readonly graph: readonly OperationNode[];
  /** What is done about the network, load balancers and DNS entries. */
  readonly records: readonly Change[];
  /** Of the servers that would be created. */
  readonly cost: PlannedCost;
  readonly warnings: readonly string[];
}

export interface ServerCreationOptions {
  /** Hostnames, globs, groups or the beginnings of names; default all. */
  readonly names?: readonly string[];
  /** Plan without network, credentials or changed files, as `--check` must. */
  readonly readOnly?: boolean;
  /** Replace servers in state `error`; go over the budget. */
  readonly force?: boolean;
  /** False: creations end once the provider has taken the call (05 §7.3.8). Default true. */
  readonly wait?: boolean;
}

interface Infrastructure extends DefinedInfrastructure {
  readonly company_environment?: Readonly<Record<string, unknown>>;
}

/**
 * Finds out which servers of a definition are still to be created (05 §7.3.1-4) and whether limits and budget allow it.
 * One that exists is left alone; one whose creation was interrupted is finished.
 * @throws ProvisioningError `SERVER_NOT_FOUND` (5), `INVALID_PLAN`, `INVALID_ZONE` (3), `RESOURCE_LIMIT_EXCEEDED`,
 *   `BUDGET_EXCEEDED` (1).
 */
export async function planServers(
  context: Context,
  infrastructure: Infrastructure,
  options: ServerCreationOptions = {},
): Promise<ServerCreationPlan> {
  const chosen = selectServers(infrastructure, options.names);
  await checkProviderServers(context, chosen);
  const state = await new StateFile(infraPath(context)).read();
  const names = [...new Set(infrastructure.servers.map(({ provider }) => provider))];
  const readOnly = options.readOnly === true;
  const observed = await (readOnly ? observeReachable : observeProviders)(context, names);
  if (!readOnly) await refreshState(context, observed);
  const servers = chosen.map((server): PlannedServer => {
    const provider = observed.get(server.provider)!;
    return {
      server,
      size: sizeOf(server, provider),
      action: actionOf(
        provider.servers.get(server.hostname)?.status,
        state.servers[server.hostname]?.operation !== undefined,
        options.force === true,
      ),
    };
  });
  await checkZones(context, chosen, observed);
  const wanted = servers.filter(({ action }) => action === 'create');
  limit(infrastructure, observed, wanted);
  const cost = await priceServers(
    context,
    wanted.map(({ server }) => server),
    observed,
  );
  const warnings = [...observed]
    .filter(([, { unreachable }]) => unreachable !== undefined)
    .map(
      ([name, { unreachable }]) =>
        `${name} was not asked, so servers that exist are not known: ${unreachable!}`,
    );
  warnings.push(...(await budget(context, infrastructure, observed, options.force === true)));
  const input = { ...settlingOf(infrastructure), ...(options.wait === false ? { wait: false } : {}) };
  const graph = servers.flatMap((planned) => nodeOf(planned, input));
  const moving = new Map(graph.map(({ id, name }) => [name, id]));
  const records = await planRecords(context, infrastructure, chosen, moving, { ask: !readOnly });
  const around = await aroundServers(context, infrastructure, graph, {
    ask: (name) => observed.get(name)?.unreachable === undefined,
  });
  return {
    servers,
    graph: [...around.graph, ...records.graph],
    records: [...around.changes, ...records.changes],
    cost,
    warnings: [...(infrastructure.warnings ?? []), ...warnings, ...around.warnings],
  };
}

function actionOf(status: string | undefined, unfinished: boolean, force: boolean): PlannedServer['action'] {
  if (status === undefined || status === 'deleted') return 'create';
  if (status === 'error') return force ? 'replace' : 'failed';
  return unfinished || status === 'creating' || status === 'starting' ? 'finish' : 'exists';
}

function nodeOf({ server, action }: PlannedServer, input: object): OperationNode[] {
  if (action === 'exists' || action === 'failed') return [];
  return [
    {
      id: `server-${server.hostname}`,
      type: 'server.create',
      name: server.hostname,
      input: { server, ...input, ...(action === 'replace' ? { replace_failed: true } : {}) },
      dependencies: [],
      resources: [`server/${server.hostname}`],
    },
  ];
}

/** Names of servers, globs, groups, or else what names begin with (05 §7.3.1). */
export function selectServers(
  infrastructure: DefinedInfrastructure,
  names: readonly string[] | undefined,
): readonly Server[] {
  if (names === undefined || names.length === 0) return infrastructure.servers;
  const chosen = new Set<Server>();
  for (const name of names) {
    const exact = infrastructure.servers.filter(
      (server) => matches(server.hostname, [name]) || server['group'] === name,
    );
    const found =
      exact.length > 0 ? exact : infrastructure.servers.filter(({ hostname }) => hostname.startsWith(name));
    if (found.length === 0) {
      throw new ProvisioningError({
        code: 'SERVER_NOT_FOUND',
        kind: 'not-found',
        message: `Server '${name}' not found in infrastructure '${infrastructure.name}'`,
        hint: `Defined: ${infrastructure.servers.map(({ hostname }) => hostname).join(', ') || 'no servers'}`,
      });
    }
    for (const server of found) chosen.add(server);
  }
  return infrastructure.servers.filter((server) => chosen.has(server));
}

/** The plan of a server; where the provider's plans could not be asked for, what the definition says. */
function sizeOf(server: Server, provider: ObservedProvider): Sizing {
  if (provider.unreachable !== undefined && provider.plans.length === 0)
    return { plan: server.plan, cores: server.cores, memory: server.memory };
  return chooseSize(server, provider.plans, provider.sizesFreely);
}

/** The provider's name of the plan a server asks for. @throws ProvisioningError `INVALID_PLAN` (3). */
export function checkPlan(server: Server, provider: ObservedProvider): string {
  return chooseSize(server, provider.plans, provider.sizesFreely).plan;
}

async function checkZones(
  context: Context,
  servers: readonly Server[],
  observed: ReadonlyMap<string, ObservedProvider>,
): Promise<void> {
  const seen = new Set<string>();
  for (const server of servers) {
    const key = `${server.provider}\0${server.zone}`;
    if (server.zone === 'auto' || seen.has(key)) continue;
    seen.add(key);
    if (observed.get(server.provider)?.unreachable !== undefined) continue;
    await chooseZone(context, await context.provider(server.provider), server, undefined);
  }
}

/** What exists and what is planned stay within the limits of the company's environment (05 §5.5). */
function limit(
  { company_environment: company }: Infrastructure,
  observed: ReadonlyMap<string, ObservedProvider>,
  wanted: readonly PlannedServer[],
): void {
  const allowed = companyEnvironment(company)?.resource_limits;
  if (allowed === undefined || wanted.length === 0) return;
  const existing = [...observed.values()].flatMap(({ servers }) => [...servers.values()]);
  checkResourceLimits(
    allowed,
    useOf(existing),
    useOf(wanted.map(({ server, size }) => ({ ...size, disk: server.disk }))),
  );
}

/** The whole infrastructure against the budget of the configuration and the alert that is set (05 §10). */
async function budget(
  context: Context,
  { servers }: Infrastructure,
  observed: ReadonlyMap<string, ObservedProvider>,
  force: boolean,
): Promise<readonly string[]> {
  const most = context.config('cost_controls.max_monthly_budget');
  // Who works on the infrastructure knows what it costs: alerts are muted then.
  const muted = (await maintenanceWindow(context, context.now())) !== undefined;
  const alert = muted ? undefined : await costAlert(context);
  if (typeof most !== 'number' && alert === undefined) return [];
  const cost = await priceServers(context, servers, observed);
  const { totals } = cost;
  const warned = [costAlertText(alert, cost)].filter((line) => line !== undefined);
  if (typeof most !== 'number') return warned;
  const threshold = context.config('cost_controls.alert_threshold');
  const projected = Math.max(0, ...totals.map(({ monthly }) => monthly));
  const warning = checkBudget(projected, {
    budget: most,
    force,
    ...(typeof threshold === 'number' ? { threshold } : {}),
  });
  return warning === undefined ? warned : [...warned, warning];
}
