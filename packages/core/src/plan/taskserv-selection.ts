import type { ServerTaskserv, TaskservManifest } from '@provisioning/extensions-sdk';
import { resolveTaskservs } from '../taskserv/index.ts';
import type { DefinedInfrastructure } from './deploy.ts';

/** What `taskserv create` is asked for (07 §5). */
export interface TaskservSelection {
  readonly names: readonly string[];
  readonly hostnames: readonly string[];
  /** Names by server, where not every server is meant to have all of them. */
  readonly byServer?: Readonly<Record<string, readonly string[]>>;
  readonly version?: string;
  readonly profile?: string;
  /** Configuration over that of the definition. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Conflicts become warnings. */
  readonly force?: boolean;
}

/** A definition with what was asked for on the servers it was asked for, dependencies included. */
export interface SelectedTaskservs<D extends DefinedInfrastructure> {
  readonly definition: D;
  /** Taskservs to look after by hostname, in the order of installation. */
  readonly byServer: ReadonlyMap<string, readonly string[]>;
  /** `server/name` of those asked for that the definition does not have. */
  readonly added: readonly string[];
  /** Names that come along because others need them. */
  readonly dependencies: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Closes the selection over its dependencies, server by server (07 §4).
 * @param installed What each server has, by hostname; a server without an entry is taken for empty.
 * @throws ProvisioningError `DEPENDENCY_NOT_FOUND`, `VERSION_CONFLICT`, `TASKSERV_CONFLICT`, `CIRCULAR_DEPENDENCY`.
 */
export function selectTaskservs<D extends DefinedInfrastructure>(
  infrastructure: D,
  selection: TaskservSelection,
  manifests: ReadonlyMap<string, TaskservManifest>,
  installed: ReadonlyMap<string, ReadonlyMap<string, string>>,
): SelectedTaskservs<D> {
  const byServer = new Map<string, readonly string[]>();
  const added: string[] = [];
  const dependencies = new Set<string>();
  const warnings: string[] = [];
  const servers = infrastructure.servers.map((server) => {
    if (!selection.hostnames.includes(server.hostname)) return server;
    const enabled = server.taskservs.filter((entry) => entry.enabled);
    const wanted = selection.byServer?.[server.hostname] ?? selection.names;
    const names = new Set(wanted.map((name) => canonical(name, manifests)));
    const resolution = resolveTaskservs(wanted, manifests, {
      target: server.hostname,
      installed: installed.get(server.hostname) ?? new Map(),
      configured: new Set([
        ...enabled.map(({ name }) => name),
        ...Object.keys(infrastructure.taskservs),
        ...runtimeOf(infrastructure.taskservs),
      ]),
      force: selection.force,
    });
    byServer.set(server.hostname, resolution.order);
    for (const name of resolution.added) dependencies.add(name);
    warnings.push(...resolution.warnings);
    const entries = resolution.order.map((name): ServerTaskserv => {
      const known = enabled.find((entry) => entry.name === name);
      if (known === undefined && names.has(name)) added.push(`${server.hostname}/${name}`);
      const entry = known ?? { name, profile: 'default', enabled: true, config: {} };
      return names.has(name) ? adjusted(entry, selection) : entry;
    });
    const others = enabled.filter(({ name }) => !resolution.order.includes(name));
    return { ...server, taskservs: [...others, ...entries] };
  });
  return {
    definition: { ...infrastructure, servers },
    byServer,
    added,
    dependencies: [...dependencies],
    warnings: [...new Set(warnings)],
  };
}

function adjusted(entry: ServerTaskserv, { version, profile, config }: TaskservSelection): ServerTaskserv {
  return {
    ...entry,
    ...(version === undefined ? {} : { version }),
    ...(profile === undefined ? {} : { profile }),
    ...(config === undefined ? {} : { config: { ...entry.config, ...config } }),
  };
}

function canonical(name: string, manifests: ReadonlyMap<string, TaskservManifest>): string {
  if (manifests.has(name)) return name;
  for (const { name: own, aliases } of manifests.values()) if (aliases.includes(name)) return own;
  return name;
}

/** The container runtime that the configuration of Kubernetes names. */
function runtimeOf({ kubernetes }: Readonly<Record<string, unknown>>): readonly string[] {
  const cri = (kubernetes as { readonly cri?: unknown } | undefined)?.cri;
  return typeof cri === 'string' ? [cri] : [];
}
