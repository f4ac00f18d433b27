import {
  type Context,
  type Issue,
  ProvisioningError,
  type Server,
  type ServerTaskserv,
  type TaskservUse,
} from '@provisioning/extensions-sdk';
import {
  type TaskservConfig,
  type TaskservPackage,
  TaskservPackages,
  mergeConfig,
  nodeDefaults,
  resolveTaskservConfig,
  serverReferences,
} from '../taskserv/index.ts';
import { placeOf } from '../config/issues.ts';
import { type IssueAt, placesOf } from '../config/places.ts';
import { isElsewhere } from '../traffic/shares.ts';

/** A taskserv as one server uses it, with the servers whose addresses its templates need. */
export interface PlannedTaskserv {
  readonly use: TaskservUse;
  readonly references: readonly { readonly hostname: string; readonly provider: string }[];
}

/** The part of a definition that says which taskservs a server has. */
export interface TaskservDefinition {
  readonly servers: readonly Server[];
  readonly taskservs: Readonly<Record<string, unknown>>;
}

/**
 * Taskservs of the servers of one plan. Servers that list the same taskservs in the same way, such as the members of a
 * group, share one result: a plan of ten thousand servers configures and validates each combination once.
 */
export class PlannedTaskservs {
  readonly #context: Context;
  readonly #definition: TaskservDefinition;
  readonly #packages: TaskservPackages;
  readonly #providers: ReadonlyMap<string, string>;
  readonly #byList = new WeakMap<readonly ServerTaskserv[], Promise<readonly PlannedTaskserv[]>>();
  readonly #byContent = new Map<string, Promise<readonly PlannedTaskserv[]>>();

  constructor(context: Context, definition: TaskservDefinition, packages: TaskservPackages) {
    this.#context = context;
    this.#definition = definition;
    this.#packages = packages;
    this.#providers = new Map(definition.servers.map(({ hostname, provider }) => [hostname, provider]));
  }

  of(server: Server): Promise<readonly PlannedTaskserv[]> {
    const known = this.#byList.get(server.taskservs);
    if (known !== undefined) return known;
    const key = JSON.stringify(server.taskservs);
    let planned = this.#byContent.get(key);
    if (planned === undefined) {
      planned = taskservsOf(this.#context, server, this.#definition, this.#packages, this.#providers);
      this.#byContent.set(key, planned);
    }
    this.#byList.set(server.taskservs, planned);
    return planned;
  }
}

/**
 * Taskservs of one server in the order they are installed: `os` first, then what others depend on, otherwise as written
 * (07 §4). Each is configured and validated.
 * @throws ProvisioningError `TASKSERV_NOT_FOUND`, `TASKSERV_CONFIG_INVALID`, `SERVER_REFERENCE_UNKNOWN`,
 *   `CIRCULAR_DEPENDENCY`.
 */
export async function taskservsOf(
  context: Context,
  server: Server,
  definition: TaskservDefinition,
  packages: TaskservPackages,
  providers: ReadonlyMap<string, string> = new Map(
    definition.servers.map(({ hostname, provider }) => [hostname, provider]),
  ),
): Promise<readonly PlannedTaskserv[]> {
  const entries = server.taskservs.filter(({ enabled }) => enabled);
  const loaded = await Promise.all(
    entries.map(async (entry) => ({
      entry,
      taskserv: await packages.load(await folderOf(context, server, entry)),
    })),
  );
  return ordered(loaded).map((one) => configured(server, one, definition, providers));
}

/** One taskserv of a server as it is set there, with the servers it names. */
function configured(
  server: Server,
  { entry, taskserv }: Loaded,
  definition: TaskservDefinition,
  providers: ReadonlyMap<string, string>,
): PlannedTaskserv {
  const use = useOf(
    entry,
    mergeConfig(nodeDefaults(entry.name, definition), definition.taskservs[entry.name]),
  );
  const at = placesOfConfig(server, entry, definition);
  const config = resolveTaskservConfig(taskserv, use, server.hostname, at);
  // Servers of other infrastructures are nothing to wait for: they are there or not.
  const own = serverReferences(taskserv.schema, config).filter((hostname) => !isElsewhere(hostname));
  const references = own.map((hostname) => {
    const provider = providers.get(hostname);
    if (provider === undefined) throw unknownReference(hostname, entry.name, config, server, definition, at);
    return { hostname, provider };
  });
  return { use, references };
}

/** The folder of a taskserv; an unknown one is reported at the server that names it. */
async function folderOf(context: Context, server: Server, entry: ServerTaskserv): Promise<string> {
  try {
    return await context.extension('taskserv', entry.name);
  } catch (error) {
    const index = server.taskservs.indexOf(entry);
    if (!(error instanceof ProvisioningError)) throw error;
    const issue = placesOf(server)?.(['taskservs', index], error.message, error.code);
    if (issue?.location === undefined) throw error;
    const { code, kind, hint, details } = error;
    const message = `${placeOf(issue)}: ${error.message}`;
    throw new ProvisioningError({ code, kind, message, hint, details, issues: [issue], cause: error });
  }
}

/** Finds keys of a taskserv's configuration: in the entry of the server, else in what all servers share. */
function placesOfConfig(
  server: Server,
  entry: ServerTaskserv,
  definition: TaskservDefinition,
): IssueAt | undefined {
  const onServer = placesOf(server);
  const shared = placesOf(definition);
  if (onServer === undefined || shared === undefined) return undefined;
  const index = server.taskservs.indexOf(entry);
  return (keys, message, code) => {
    const own = hasKey(entry.config, keys[0]);
    return own
      ? onServer(['taskservs', index, 'config', ...keys], message, code)
      : shared(['taskservs', entry.name, ...keys], message, code);
  };
}

function hasKey(record: unknown, key: string | number | undefined): boolean {
  return typeof record === 'object' && record !== null && key !== undefined && Object.hasOwn(record, key);
}

/**
 * Everything that is wrong with the taskservs of a definition: unknown ones, settings their schemas refuse, servers they
 * name that are not there, circles. Nothing is contacted. Servers with the same list are looked at once.
 */
export async function taskservIssues(
  context: Context,
  definition: TaskservDefinition,
  servers: readonly Server[] = definition.servers,
): Promise<Issue[]> {
  const packages = new TaskservPackages();
  const providers = new Map(definition.servers.map(({ hostname, provider }) => [hostname, provider]));
  const issues: Issue[] = [];
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProvisioningError)) throw error;
      const { code, hint, issues: [first] = [] } = error;
      // The place is shown beside the message; that of an unknown one says it already.
      const message = code === 'TASKSERV_NOT_FOUND' ? (first?.message ?? error.message) : error.message;
      issues.push({ message, code, hint, location: error.location ?? first?.location, frame: first?.frame });
      return undefined;
    }
  };
  const lists = new Map(servers.map((server) => [JSON.stringify(server.taskservs), server]));
  for (const server of lists.values()) {
    const loaded: Loaded[] = [];
    for (const entry of server.taskservs.filter(({ enabled }) => enabled)) {
      const taskserv = await attempt(async () => packages.load(await folderOf(context, server, entry)));
      if (taskserv === undefined) continue;
      loaded.push({ entry, taskserv });
      await attempt(() => configured(server, { entry, taskserv }, definition, providers));
    }
    await attempt(() => ordered(loaded));
  }
  return issues;
}

interface Loaded {
  readonly entry: ServerTaskserv;
  readonly taskserv: TaskservPackage;
}

function useOf(entry: ServerTaskserv, shared: unknown): TaskservUse {
  const common = (typeof shared === 'object' && shared !== null ? shared : {}) as Record<string, unknown>;
  const { version, profile, enabled: _enabled, ...config } = common;
  return {
    name: entry.name,
    version: entry.version ?? (typeof version === 'string' ? version : undefined),
    profile: entry.profile !== 'default' ? entry.profile : typeof profile === 'string' ? profile : 'default',
    config: mergeConfig(config, entry.config),
  };
}

/** Depth first over the dependencies that are on this server too, so that the written order is kept where it can be. */
function ordered(entries: readonly Loaded[]): Loaded[] {
  const byName = new Map(entries.map((loaded) => [loaded.entry.name, loaded]));
  const result = new Set<Loaded>();
  const path: string[] = [];
  const here = (names: Readonly<Record<string, unknown>>): Loaded[] =>
    Object.keys(names).flatMap((name) => name.split('|').flatMap((one) => byName.get(one) ?? []));
  // An optional one that needs its dependent (cilium needs kubernetes) comes after it.
  const needs = (loaded: Loaded, other: Loaded, seen = new Set<Loaded>()): boolean => {
    if (loaded === other) return true;
    if (seen.has(loaded)) return false;
    seen.add(loaded);
    return here(loaded.taskserv.manifest.dependencies).some((next) => needs(next, other, seen));
  };
  const visit = (loaded: Loaded): void => {
    if (result.has(loaded)) return;
    const { name } = loaded.entry;
    if (path.includes(name)) {
      throw new ProvisioningError({
        code: 'CIRCULAR_DEPENDENCY',
        kind: 'configuration',
        message: `Circular dependency detected: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`,
        hint: 'Remove one of these dependencies from its manifest.',
      });
    }
    path.push(name);
    const { dependencies, optional_dependencies: optional } = loaded.taskserv.manifest;
    for (const dependency of here(dependencies)) visit(dependency);
    for (const dependency of here(optional))
      if (!path.includes(dependency.entry.name) && !needs(dependency, loaded)) visit(dependency);
    path.pop();
    result.add(loaded);
  };
  const os = byName.get('os');
  if (os !== undefined) visit(os);
  for (const loaded of entries) visit(loaded);
  return [...result];
}

function unknownReference(
  hostname: string,
  taskserv: string,
  config: TaskservConfig,
  server: Server,
  definition: TaskservDefinition,
  at: IssueAt | undefined,
): ProvisioningError {
  const code = 'SERVER_REFERENCE_UNKNOWN';
  const message = `Taskserv ${taskserv} on ${server.hostname} names server '${hostname}', which is not defined`;
  const issue = at?.(pathTo(hostname, config) ?? [], message, code);
  const location = issue?.location;
  return new ProvisioningError({
    code,
    kind: 'configuration',
    message,
    ...(location === undefined ? {} : { location, issues: [issue!] }),
    hint: `Servers of this infrastructure: ${definition.servers.map((other) => other.hostname).join(', ')}`,
  });
}

/** The keys that lead to a value, depth first. */
function pathTo(wanted: string, value: unknown): (string | number)[] | undefined {
  if (value === wanted) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const rest = pathTo(wanted, item);
    if (rest !== undefined) return [Array.isArray(value) ? Number(key) : key, ...rest];
  }
  return undefined;
}
