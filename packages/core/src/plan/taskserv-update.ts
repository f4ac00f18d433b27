import {
  type Change,
  type Context,
  type OperationNode,
  ProvisioningError,
  type TaskservManifest,
  type TaskservUse,
} from '@provisioning/extensions-sdk';
import {
  backupFile,
  type InstalledVersion,
  installedOn,
  judgeParallel,
  judgeUpdate,
  readHistory,
  resolveTaskservs,
  type TaskservPackages,
  withSecrets,
} from '../taskserv/index.ts';
import type { DefinedInfrastructure } from './deploy.ts';
import type { Plan } from './plan.ts';
import { taskservsOf } from './uses.ts';

export interface UpdateOptions {
  readonly names: readonly string[];
  readonly hostnames: readonly string[];
  readonly manifests: ReadonlyMap<string, TaskservManifest>;
  readonly packages: TaskservPackages;
  /** Version to bring a taskserv to. */
  version(name: string, from: string): Promise<string>;
  readonly migrate?: boolean;
  /** Taskservs side by side; none may depend on another. */
  readonly parallel?: boolean;
}

/** A plan to bring taskservs to other versions, and what it leads from and to. */
export interface UpdatePlan extends Plan {
  readonly steps: readonly VersionStep[];
}

export interface VersionStep {
  readonly service: string;
  readonly target: string;
  readonly from_version: string;
  readonly to_version: string;
  readonly status: 'update' | 'current';
}

/**
 * Plans updates host by host (07 §6.2): taskservs in the order of their dependencies, the servers of one after another,
 * so that a failure stops before the next.
 * @throws ProvisioningError `NOT_INSTALLED`, `DOWNGRADE`, `MIGRATION_NEEDED`, `MINOR_SKIPPED`, `PARALLEL_DEPENDENCY`.
 */
export async function planUpdate(
  context: Context,
  infrastructure: DefinedInfrastructure,
  options: UpdateOptions,
): Promise<UpdatePlan> {
  const { manifests, hostnames } = options;
  if (options.parallel === true) judgeParallel(options.names, manifests);
  const names = inOrder(options.names, manifests);
  const installed = await installedOnAll(context, infrastructure, hostnames);
  const steps: VersionStep[] = [];
  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  let last: string | undefined;
  for (const name of names) {
    if (options.parallel === true) last = undefined;
    const hosts = hostnames.filter((hostname) => installed.get(hostname)?.has(name));
    if (hosts.length === 0) throw notInstalled(name, hostnames);
    const manifest = manifests.get(name)!;
    const stateful = manifest.data_directories.length > 0;
    for (const hostname of hosts) {
      const from = installed.get(hostname)!.get(name)!;
      const to = await options.version(name, from);
      const step = judgeUpdate({ name, from, to, stateful, migrate: options.migrate });
      const current = step === 'none';
      steps.push({
        service: name,
        target: hostname,
        from_version: from,
        to_version: to,
        status: current ? 'current' : 'update',
      });
      const change = { kind: 'taskserv', name: `${hostname}/${name}` } as const;
      if (current) {
        changes.push({ ...change, action: 'unchanged' });
        continue;
      }
      const planned = await useOn(context, infrastructure, options.packages, hostname, name);
      const id = `update-${hostname}.${name}`;
      const backup = stateful
        ? await backupFile(context, name, hosts.length > 1 ? hostname : undefined, manifest.backup_format)
        : undefined;
      changes.push({
        ...change,
        action: 'update',
        attributes: [{ attribute: 'version', before: from, after: to }],
      });
      graph.push({
        id,
        type: 'taskserv.update',
        name: `${name} on ${hostname}`,
        input: {
          server: planned.server,
          taskserv: { ...planned.use, version: to },
          references: planned.references,
          from,
          migrate: step === 'major' && stateful,
          ...(backup === undefined ? {} : { backup_to: backup }),
          previous: await previousUse(context, hostname, planned.use, from),
        },
        dependencies: last === undefined ? [] : [last],
        resources: [`server/${hostname}`],
      });
      last = id;
    }
  }
  return { ...planOf(context, infrastructure, changes, graph), steps };
}

/**
 * Plans the way back of a taskserv on every server that has one (07 §6.3).
 * @param to Version to go back to; default the one before.
 * @throws ProvisioningError `NO_PREVIOUS_VERSION`.
 */
export async function planRollback(
  context: Context,
  infrastructure: DefinedInfrastructure,
  options: {
    readonly name: string;
    readonly hostnames: readonly string[];
    readonly packages: TaskservPackages;
    readonly to?: string;
  },
): Promise<UpdatePlan> {
  const { name, to } = options;
  const steps: VersionStep[] = [];
  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  for (const hostname of options.hostnames) {
    const history = (await readHistory(context, hostname))[name];
    const way =
      to === undefined ? history?.previous[0] : history?.previous.find(({ version }) => version === to);
    if (history === undefined || way === undefined) continue;
    const planned = await useOn(context, infrastructure, options.packages, hostname, name);
    const before = history.current.version;
    steps.push({
      service: name,
      target: hostname,
      from_version: before,
      to_version: way.version,
      status: 'update',
    });
    changes.push({
      kind: 'taskserv',
      name: `${hostname}/${name}`,
      action: 'update',
      ...(before === way.version
        ? { reasons: [`configuration of ${way.installed_at}`] }
        : { attributes: [{ attribute: 'version', before, after: way.version }] }),
    });
    graph.push({
      id: `rollback-${hostname}.${name}`,
      type: 'taskserv.rollback',
      name: `${name} on ${hostname}`,
      input: {
        server: planned.server,
        taskserv: earlierUse(planned.use, way),
        references: planned.references,
      },
      dependencies: graph.length === 0 ? [] : [graph.at(-1)!.id],
      resources: [`server/${hostname}`],
    });
  }
  if (graph.length === 0) {
    throw new ProvisioningError({
      code: 'NO_PREVIOUS_VERSION',
      message: `No previous version recorded for ${name}${to === undefined ? '' : `: ${to}`}`,
      hint: 'The last three ways it was installed from here are kept; earlier ones need a backup.',
    });
  }
  return { ...planOf(context, infrastructure, changes, graph), steps };
}

function planOf(
  context: Context,
  { name, environment }: DefinedInfrastructure,
  changes: readonly Change[],
  graph: readonly OperationNode[],
): Plan {
  return {
    workspace: context.workspace.name,
    infra: name,
    environment,
    changes,
    graph,
    blocked: [],
    warnings: [],
  };
}

/** Dependencies before those that need them; only the names asked for. */
function inOrder(
  names: readonly string[],
  manifests: ReadonlyMap<string, TaskservManifest>,
): readonly string[] {
  const { order } = resolveTaskservs(names, manifests, { target: 'the update', force: true });
  return order.filter((name) => names.includes(name));
}

async function installedOnAll(
  context: Context,
  infrastructure: DefinedInfrastructure,
  hostnames: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const servers = infrastructure.servers.filter(({ hostname }) => hostnames.includes(hostname));
  return new Map(
    await Promise.all(
      servers.map(async (server) => [server.hostname, await installedOn(context, server)] as const),
    ),
  );
}

function notInstalled(name: string, hostnames: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'NOT_INSTALLED',
    message: `Service not installed on ${hostnames.join(', ')}: ${name}`,
    hint: `Install it: provisioning taskserv create ${name}`,
  });
}

/** The taskserv as the definition has it on that server, or with its defaults where it does not. */
async function useOn(
  context: Context,
  infrastructure: DefinedInfrastructure,
  packages: TaskservPackages,
  hostname: string,
  name: string,
) {
  const server = infrastructure.servers.find((one) => one.hostname === hostname)!;
  const entries = server.taskservs.some((entry) => entry.name === name && entry.enabled)
    ? server.taskservs
    : [{ name, profile: 'default', enabled: true, config: {} }];
  const own = { ...server, taskservs: entries.filter((entry) => entry.name === name) };
  const [planned] = await taskservsOf(context, own, infrastructure, packages);
  return { ...planned!, server: { hostname, provider: server.provider } };
}

async function previousUse(
  context: Context,
  hostname: string,
  use: TaskservUse,
  from: string,
): Promise<TaskservUse> {
  const current = (await readHistory(context, hostname))[use.name]?.current;
  return current?.version === from ? earlierUse(use, current) : { ...use, version: from };
}

function earlierUse(use: TaskservUse, way: InstalledVersion): TaskservUse {
  return {
    name: use.name,
    version: way.version,
    profile: way.profile,
    config: withSecrets(way.config, use.config) as TaskservUse['config'],
  };
}
