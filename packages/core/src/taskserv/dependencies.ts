import { ProvisioningError, type TaskservManifest } from '@provisioning/extensions-sdk';
import { concrete, satisfies } from '../extensions/version.ts';

type Relations = Pick<
  TaskservManifest,
  'name' | 'software' | 'dependencies' | 'optional_dependencies' | 'conflicts' | 'provides' | 'aliases'
>;

export interface ResolutionOptions {
  /** Hostname, for messages. */
  readonly target: string;
  /** Taskservs already on the host, with their versions. */
  readonly installed?: ReadonlyMap<string, string>;
  /** Taskservs the infrastructure configures: alternatives prefer them. */
  readonly configured?: ReadonlySet<string>;
  /** Conflicts become warnings. */
  readonly force?: boolean;
}

export interface TaskservResolution {
  /** What is to be installed, dependencies first; `os` before all others, then by name. */
  readonly order: readonly string[];
  /** Those of `order` that nobody asked for by name. */
  readonly added: readonly string[];
  /** Dependencies that are on the host already in a version that will do. */
  readonly present: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * The closure of what is wanted over its dependencies, in the order of installation (07 §4).
 * @throws ProvisioningError `DEPENDENCY_NOT_FOUND`, `VERSION_CONFLICT`, `TASKSERV_CONFLICT`, `CIRCULAR_DEPENDENCY`.
 */
export function resolveTaskservs(
  wanted: readonly string[],
  catalogue: ReadonlyMap<string, Relations>,
  options: ResolutionOptions,
): TaskservResolution {
  return new Resolver(catalogue, options).resolve(wanted);
}

class Resolver {
  readonly #catalogue: ReadonlyMap<string, Relations>;
  readonly #options: ResolutionOptions;
  readonly #installed: ReadonlyMap<string, string>;
  readonly #chosen = new Map<string, Relations>();
  readonly #edges = new Map<string, Set<string>>();
  readonly #demands = new Map<string, { readonly range: string; readonly by: string }[]>();
  readonly #present = new Set<string>();

  constructor(catalogue: ReadonlyMap<string, Relations>, options: ResolutionOptions) {
    this.#catalogue = catalogue;
    this.#options = options;
    this.#installed = options.installed ?? new Map();
  }

  resolve(wanted: readonly string[]): TaskservResolution {
    for (const name of wanted) this.#add(this.#find(name) ?? this.#missing(name, undefined));
    this.#checkRanges();
    const warnings = this.#checkConflicts();
    this.#addOptionalEdges();
    const order = this.#sort();
    const named = new Set(wanted.map((name) => this.#find(name)?.name ?? name));
    return {
      order,
      added: order.filter((name) => !named.has(name)),
      present: [...this.#present].filter((name) => !this.#chosen.has(name)).sort(),
      warnings,
    };
  }

  #add(manifest: Relations): void {
    if (this.#chosen.has(manifest.name)) return;
    this.#chosen.set(manifest.name, manifest);
    const edges = new Set<string>();
    this.#edges.set(manifest.name, edges);
    for (const [entry, range] of Object.entries(manifest.dependencies)) {
      const dependency = this.#choose(entry, manifest.name);
      this.#demands.set(dependency.name, [
        ...(this.#demands.get(dependency.name) ?? []),
        { range, by: manifest.name },
      ]);
      const installed = this.#installed.get(dependency.name);
      if (installed !== undefined && inRange(installed, range) && !this.#chosen.has(dependency.name)) {
        this.#present.add(dependency.name);
        continue;
      }
      edges.add(dependency.name);
      this.#add(dependency);
    }
  }

  /** `a|b` prefers what is installed, then what is configured, then the first (07 §4.8). */
  #choose(entry: string, by: string): Relations {
    const options = entry.split('|').map((name) => name.trim());
    const preferred =
      options.find((name) => this.#installed.has(name)) ??
      options.find((name) => this.#chosen.has(name)) ??
      options.find((name) => this.#options.configured?.has(name)) ??
      options.find((name) => this.#find(name) !== undefined);
    return (preferred === undefined ? undefined : this.#find(preferred)) ?? this.#missing(entry, by);
  }

  /** By name, by alias, or by what it provides. */
  #find(name: string): Relations | undefined {
    const exact = this.#catalogue.get(name);
    if (exact !== undefined) return exact;
    const all = [...this.#catalogue.values()].sort((a, b) => a.name.localeCompare(b.name));
    const able = all.filter(({ aliases, provides }) => aliases.includes(name) || provides.includes(name));
    return (
      able.find((one) => this.#installed.has(one.name)) ??
      able.find((one) => this.#chosen.has(one.name) || this.#options.configured?.has(one.name)) ??
      able[0]
    );
  }

  #missing(name: string, by: string | undefined): never {
    throw new ProvisioningError({
      code: 'DEPENDENCY_NOT_FOUND',
      kind: 'not-found',
      message: `Dependency not found: ${name}${by === undefined ? '' : ` (required by ${by})`}`,
      hint: `Load it with: provisioning module load taskserv <infrastructure> ${name.split('|')[0]!}`,
    });
  }

  #checkRanges(): void {
    for (const [name, demands] of this.#demands) {
      const manifest = this.#chosen.get(name);
      if (manifest === undefined) continue;
      const versions = [manifest.software.version, ...manifest.software.supports_versions].map(concrete);
      const possible = versions.some((version) => demands.every(({ range }) => inRange(version, range)));
      if (possible || versions.includes('latest')) continue;
      const list = demands.map(({ range, by }) => `${range} (${by})`).join(', ');
      throw new ProvisioningError({
        code: 'VERSION_CONFLICT',
        message: `Version conflict: ${name} ${list}`,
        hint: `Known versions of ${name}: ${versions.join(', ')}`,
      });
    }
  }

  #checkConflicts(): string[] {
    const here = new Map<string, string>(this.#installed);
    for (const [name, { software }] of this.#chosen) here.set(name, software.version);
    const warnings = new Set<string>();
    for (const name of here.keys()) {
      for (const [other, range] of Object.entries(this.#catalogue.get(name)?.conflicts ?? {})) {
        // What is there already stands; only what comes may be refused.
        if (!this.#chosen.has(name) && !this.#chosen.has(other)) continue;
        const version = here.get(other);
        if (version === undefined || !inRange(concrete(version), range)) continue;
        const [first, second] = this.#chosen.has(name) ? [name, other] : [other, name];
        warnings.add(`Conflict: ${first} conflicts with ${second} on ${this.#options.target}`);
      }
    }
    const [conflict] = warnings;
    if (conflict === undefined || this.#options.force === true) return [...warnings];
    throw new ProvisioningError({
      code: 'TASKSERV_CONFLICT',
      kind: 'conflict',
      message: conflict,
      hint: 'Delete one of them first, put it on another server, or go on with --force.',
    });
  }

  /**
   * Optional ones go before their dependents when both are there; they are never pulled in (07 §4.7). One that needs its
   * dependent (cilium needs kubernetes) comes after it, as it must.
   */
  #addOptionalEdges(): void {
    for (const [name, manifest] of this.#chosen) {
      for (const entry of Object.keys(manifest.optional_dependencies)) {
        const optional = this.#find(entry);
        if (optional === undefined || !this.#chosen.has(optional.name)) continue;
        if (!this.#needs(optional.name, name)) this.#edges.get(name)!.add(optional.name);
      }
    }
  }

  /** Whether `name` comes after `other` already, directly or through others. */
  #needs(name: string, other: string, seen = new Set<string>()): boolean {
    if (name === other) return true;
    if (seen.has(name)) return false;
    seen.add(name);
    return [...(this.#edges.get(name) ?? [])].some((next) => this.#needs(next, other, seen));
  }

  #sort(): string[] {
    const names = [...this.#chosen.keys()].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
    const order: string[] = [];
    const done = new Set<string>();
    const visit = (name: string, path: readonly string[]): void => {
      if (done.has(name)) return;
      const seen = path.indexOf(name);
      if (seen >= 0) {
        throw new ProvisioningError({
          code: 'CIRCULAR_DEPENDENCY',
          kind: 'configuration',
          message: `Circular dependency detected: ${[...path.slice(seen), name].join(' → ')}`,
          hint: 'Take one of these dependencies out of its manifest.',
        });
      }
      const before = [...(this.#edges.get(name) ?? [])].sort(
        (a, b) => rank(a) - rank(b) || a.localeCompare(b),
      );
      for (const dependency of before) visit(dependency, [...path, name]);
      done.add(name);
      order.push(name);
    };
    for (const name of names) visit(name, []);
    return order;
  }
}

function rank(name: string): number {
  return name === 'os' ? 0 : 1;
}

function inRange(version: string, range: string): boolean {
  if (range === '*' || range === '' || version === 'latest') return true;
  return satisfies(concrete(version), range);
}
