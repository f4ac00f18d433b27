import { ProvisioningError, type TaskservManifest } from '@provisioning/extensions-sdk';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { resolveTaskservs } from './dependencies.ts';
import { TaskservPackages } from './package.ts';

/** Manifests of all usable taskservs by name. One that cannot be read is left out: it harms no other. */
export async function taskservManifests(
  extensions: ExtensionCatalogue,
  packages = new TaskservPackages(),
): Promise<ReadonlyMap<string, TaskservManifest>> {
  const records = await extensions.list('taskserv');
  const loaded = await Promise.allSettled(records.map(({ path }) => packages.load(path)));
  return new Map(
    loaded.flatMap((result, index) =>
      result.status === 'fulfilled' ? [[records[index]!.name, result.value.manifest] as const] : [],
    ),
  );
}

/** Everything a dependency may name: taskservs, their aliases and capabilities. */
export async function knownCapabilities(extensions: ExtensionCatalogue): Promise<ReadonlySet<string>> {
  const manifests = await taskservManifests(extensions);
  return new Set(
    [...manifests.values()].flatMap(({ name, aliases, provides }) => [name, ...aliases, ...provides]),
  );
}

/** One entry of a dependency report. */
export interface DependencyEntry {
  readonly name: string;
  readonly range: string;
  readonly available: boolean;
  /** The taskserv that stands for a capability or an alternative. */
  readonly provided_by?: string;
}

/** Report of `taskserv check-deps` (07 §7, §9.6). */
export interface DependencyReport {
  readonly taskserv: string;
  readonly status: 'VALID' | 'INVALID';
  readonly required: readonly DependencyEntry[];
  readonly optional: readonly DependencyEntry[];
  readonly conflicts: readonly DependencyEntry[];
  /** Order of installation with everything that is needed. */
  readonly order: readonly string[];
  readonly errors: readonly string[];
}

/**
 * What a taskserv requires, may use and conflicts with, and whether its closure can be installed on an empty host.
 * @throws ProvisioningError `TASKSERV_INVALID` when its own package cannot be read.
 */
export async function checkTaskservDependencies(
  extensions: ExtensionCatalogue,
  name: string,
): Promise<DependencyReport> {
  const { manifest } = await new TaskservPackages().load((await extensions.get('taskserv', name)).path);
  const manifests = await taskservManifests(extensions);
  const entries = (ranges: Readonly<Record<string, string>>): DependencyEntry[] =>
    Object.entries(ranges).map(([entry, range]) => {
      const provider = findProvider(entry, manifests);
      return {
        name: entry,
        range,
        available: provider !== undefined,
        ...(provider === undefined || provider === entry ? {} : { provided_by: provider }),
      };
    });
  const errors: string[] = [];
  let order: readonly string[] = [];
  try {
    order = resolveTaskservs([name], manifests, { target: 'a new server' }).order;
  } catch (error) {
    errors.push(ProvisioningError.from(error).message);
  }
  return {
    taskserv: name,
    status: errors.length === 0 ? 'VALID' : 'INVALID',
    required: entries(manifest.dependencies),
    optional: entries(manifest.optional_dependencies),
    conflicts: entries(manifest.conflicts),
    order,
    errors,
  };
}

function findProvider(entry: string, manifests: ReadonlyMap<string, TaskservManifest>): string | undefined {
  for (const name of entry.split('|').map((one) => one.trim())) {
    if (manifests.has(name)) return name;
    for (const { name: other, aliases, provides } of manifests.values())
      if (aliases.includes(name) || provides.includes(name)) return other;
  }
  return undefined;
}
