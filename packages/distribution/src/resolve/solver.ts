import { ProvisioningError } from '@provisioning/extensions-sdk';
import { conflictsOf, type PackageManifest } from '../extension/package-manifest.ts';
import { type Demand, Domain, rewind, type Trail } from './domain.ts';
import { conflictError, incompatibleError, versionConflict } from './explain.ts';
import {
  dependencyNotFound,
  type PackageKey,
  type Requirements,
  shortName,
  splitKey,
  type Universe,
} from './universe.ts';

/** What the workspace asks for. */
export interface Root {
  /** `name` or `kind/name`. */
  readonly name: string;
  readonly range: string;
}

export interface SolveOptions {
  /** Choices tried before giving up. Default 10 000 (09 §10.5). */
  readonly steps?: number;
}

/** The chosen version of every package needed, with what each of them depends on. */
export interface Solution {
  readonly versions: ReadonlyMap<PackageKey, string>;
  /** Hard dependencies by package, capabilities replaced by who provides them. */
  readonly edges: ReadonlyMap<PackageKey, readonly PackageKey[]>;
  readonly steps: number;
}

interface Choice {
  readonly key: PackageKey;
  readonly mark: number;
  /** Choices to blame when every version of this package has failed here. */
  readonly blame: Set<PackageKey>;
}

/**
 * Chooses one version of each package that is needed so that every constraint holds (09 §10.5): fewest candidates first,
 * newest first, forward checking, and on a dead end a jump straight back to a choice that had part in it.
 * @throws ProvisioningError `VERSION_CONFLICT`, `EXTENSION_CONFLICT`, `DEPENDENCY_NOT_FOUND`, `RESOLUTION_LIMIT`.
 */
export async function solve(
  universe: Universe,
  roots: readonly Root[],
  options: SolveOptions = {},
): Promise<Solution> {
  return new Search(universe, options.steps ?? 10_000).run(roots);
}

class Search {
  readonly #universe: Universe;
  readonly #limit: number;
  readonly #domains = new Map<PackageKey, Domain>();
  readonly #open = new Set<PackageKey>();
  readonly #chosen = new Map<PackageKey, string>();
  readonly #edges = new Map<PackageKey, readonly PackageKey[]>();
  readonly #trail: Trail = [];
  readonly #choices: Choice[] = [];
  /** First dead end of each package: it concerns the newest versions, which is what a person wants to read about. */
  readonly #failures = new Map<PackageKey, ProvisioningError>();
  #lastFailure: PackageKey | undefined;
  #steps = 0;

  constructor(universe: Universe, limit: number) {
    this.#universe = universe;
    this.#limit = limit;
  }

  async run(roots: readonly Root[]): Promise<Solution> {
    const keys = await Promise.all(
      roots.map(async (root) => {
        const key = await this.#universe.find(root.name, undefined);
        if (key === undefined) throw dependencyNotFound(root.name, 'the workspace');
        return { key, range: root.range };
      }),
    );
    for (const { key, range } of keys) {
      const domain = await this.#domain(key);
      this.#demand(domain, { from: undefined, range });
      domain.restrict(range, new Set(), this.#trail);
      if (domain.size === 0) throw versionConflict(domain, this.#chosen);
    }
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#decide(next);
    return this.#solution();
  }

  /** Without the capabilities: who depends on one depends on its provider. */
  #solution(): Solution {
    const versions = new Map([...this.#chosen].filter(([key]) => !key.startsWith('capability/')));
    const edges = new Map<PackageKey, readonly PackageKey[]>();
    for (const [key, targets] of this.#edges) {
      if (key.startsWith('capability/')) continue;
      const real = targets.map((target) => this.#providerOf(target)).filter((target) => target !== key);
      edges.set(key, [...new Set(real)]);
    }
    return { versions, edges, steps: this.#steps };
  }

  #providerOf(key: PackageKey): PackageKey {
    return key.startsWith('capability/') ? (this.#chosen.get(key)! as PackageKey) : key;
  }

  async #domain(key: PackageKey): Promise<Domain> {
    let domain = this.#domains.get(key);
    if (domain === undefined) {
      domain = new Domain(await this.#universe.package(key));
      this.#domains.set(key, domain);
    }
    return domain;
  }

  #demand(domain: Domain, demand: Demand): void {
    const { key } = domain.package;
    domain.demand(demand, this.#trail);
    if (this.#open.has(key) || this.#chosen.has(key)) return;
    this.#open.add(key);
    this.#trail.push(() => this.#open.delete(key));
  }

  /** The open package with the fewest candidates; the earlier name among equals, so that runs repeat. */
  #next(): Domain | undefined {
    let best: Domain | undefined;
    for (const key of this.#open) {
      const domain = this.#domains.get(key)!;
      if (
        best === undefined ||
        domain.size < best.size ||
        (domain.size === best.size && key < best.package.key)
      ) {
        best = domain;
      }
    }
    return best;
  }

  async #decide(domain: Domain): Promise<void> {
    const { key } = domain.package;
    this.#choices.push({ key, mark: this.#trail.length, blame: new Set() });
    for (;;) {
      const version = domain.first();
      if (version === undefined) {
        await this.#backjump(domain);
        return;
      }
      if (++this.#steps > this.#limit) throw gaveUp(this.#limit);
      const mark = this.#trail.length;
      const blame = await this.#choose(domain, version);
      if (blame === undefined) return;
      rewind(this.#trail, mark);
      blame.delete(key);
      domain.remove(version, blame, this.#trail);
    }
  }

  /**
   * Takes a version and draws its consequences.
   * @returns the choices that rule it out, `undefined` when it fits.
   */
  async #choose(domain: Domain, version: string): Promise<Set<PackageKey> | undefined> {
    const { key } = domain.package;
    const requirements = await this.#universe.requirements(key, version);
    const misfit = this.#universe.misfit(requirements);
    if (misfit !== undefined) {
      this.#fail(key, incompatibleError(key, version, misfit));
      return new Set();
    }
    this.#take(key, version);
    const because = new Set([key]);
    const [kind] = splitKey(key);
    for (const [name, range] of Object.entries(conflictsOf(requirements as PackageManifest))) {
      const other = await this.#universe.find(name, kind);
      if (other === undefined || other === key) continue;
      const blame = this.#rule(await this.#domain(other), range, because, false, () =>
        conflictError(key, version, other, this.#chosen.get(other)),
      );
      if (blame !== undefined) return blame;
    }
    for (const [name, range] of Object.entries(requirements.optional_dependencies ?? {})) {
      const other = await this.#universe.find(name, kind);
      if (other === undefined) continue;
      const target = await this.#domain(other);
      const blame = this.#rule(target, range, because, true, () =>
        versionConflict(target, this.#chosen, { from: key, fromVersion: version, range }),
      );
      if (blame !== undefined) return blame;
    }
    return this.#dependencies(key, version, requirements);
  }

  async #dependencies(
    key: PackageKey,
    version: string,
    requirements: Requirements,
  ): Promise<Set<PackageKey> | undefined> {
    const [kind] = splitKey(key);
    const because = new Set([key]);
    const edges: PackageKey[] = [];
    const wanted = Object.entries(requirements.dependencies ?? {});
    const found = await Promise.all(wanted.map(([name]) => this.#universe.find(name, kind)));
    for (const [position, [name, range]] of wanted.entries()) {
      const other = found[position];
      if (other === undefined) {
        this.#fail(key, dependencyNotFound(name, `${shortName(key)} ${version}`));
        return new Set();
      }
      edges.push(other);
      const target = await this.#domain(other);
      this.#demand(target, { from: key, fromVersion: version, range });
      this.#prefetch(target);
      const blame = this.#rule(target, range, because, true, () => versionConflict(target, this.#chosen));
      if (blame !== undefined) return blame;
    }
    this.#edges.set(key, edges);
    this.#trail.push(() => this.#edges.delete(key));
    return undefined;
  }

  #fail(key: PackageKey, failure: ProvisioningError): void {
    if (!this.#failures.has(key)) this.#failures.set(key, failure);
    this.#lastFailure = key;
  }

  #failure(): ProvisioningError | undefined {
    return this.#lastFailure === undefined ? undefined : this.#failures.get(this.#lastFailure);
  }

  /** Asks early for what is probably tried next; over a network the answers then come side by side. */
  #prefetch(target: Domain): void {
    const version = target.first();
    if (version === undefined || this.#chosen.has(target.package.key)) return;
    this.#universe.requirements(target.package.key, version).catch(() => undefined);
  }

  #take(key: PackageKey, version: string): void {
    this.#chosen.set(key, version);
    this.#open.delete(key);
    this.#trail.push(() => {
      this.#chosen.delete(key);
      this.#open.add(key);
    });
  }

  /** Narrows another package to a range, or away from it. @returns whom to blame when that cannot be. */
  #rule(
    target: Domain,
    range: string,
    because: ReadonlySet<PackageKey>,
    inside: boolean,
    explain: () => ProvisioningError,
  ): Set<PackageKey> | undefined {
    const chosen = this.#chosen.get(target.package.key);
    if (chosen !== undefined && target.package.matching(range).has(chosen) !== inside) {
      this.#fail(target.package.key, explain());
      return new Set([target.package.key]);
    }
    if (chosen !== undefined) return undefined;
    target.restrict(range, because, this.#trail, inside);
    if (target.size > 0 || !target.demanded) return undefined;
    this.#fail(target.package.key, explain());
    return target.blame();
  }

  /** Undoes choices back to the latest one that had part in a dead end, and rules its version out there. */
  async #backjump(dead: Domain): Promise<void> {
    let blame = dead.blame();
    blame.delete(dead.package.key);
    rewind(this.#trail, this.#choices.pop()!.mark);
    for (;;) {
      const last = this.#choices.at(-1);
      if (last === undefined) throw this.#failure() ?? versionConflict(dead, this.#chosen);
      const version = this.#chosen.get(last.key);
      rewind(this.#trail, last.mark);
      this.#choices.pop();
      if (!blame.has(last.key) || version === undefined) continue;
      blame = new Set(blame);
      blame.delete(last.key);
      const domain = this.#domains.get(last.key)!;
      domain.remove(version, blame, this.#trail);
      return;
    }
  }
}

function gaveUp(limit: number): ProvisioningError {
  return new ProvisioningError({
    code: 'RESOLUTION_LIMIT',
    message: `Dependency resolution gave up after ${limit} steps`,
    hint: 'narrow the version ranges of the modules, or lock more of them',
  });
}
