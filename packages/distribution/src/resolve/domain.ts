import type { Package, PackageKey } from './universe.ts';

/** Who asks for a package: a chosen version, or the workspace itself. */
export interface Demand {
  readonly from: PackageKey | undefined;
  readonly fromVersion?: string;
  readonly range: string;
}

/**
 * The versions of one package that are still possible, and for each that is not, the choices that ruled it out. Every
 * change can be undone, so the search never copies its state.
 */
export class Domain {
  readonly package: Package;
  readonly demands: Demand[] = [];
  readonly #removed = new Map<string, ReadonlySet<PackageKey>>();
  #left: number;

  constructor(of: Package) {
    this.package = of;
    this.#left = of.versions.length;
  }

  get size(): number {
    return this.#left;
  }

  get demanded(): boolean {
    return this.demands.length > 0;
  }

  has(version: string): boolean {
    return !this.#removed.has(version);
  }

  /** The possible version that is tried next. */
  first(): string | undefined {
    return this.package.versions.find((version) => !this.#removed.has(version));
  }

  remove(version: string, because: ReadonlySet<PackageKey>, trail: Trail): void {
    if (this.#removed.has(version)) return;
    this.#removed.set(version, because);
    this.#left--;
    trail.push(() => {
      this.#removed.delete(version);
      this.#left++;
    });
  }

  /** Keeps only versions of a range. */
  restrict(range: string, because: ReadonlySet<PackageKey>, trail: Trail, inside = true): void {
    const matching = this.package.matching(range);
    for (const version of this.package.versions) {
      if (matching.has(version) !== inside) this.remove(version, because, trail);
    }
  }

  demand(demand: Demand, trail: Trail): void {
    this.demands.push(demand);
    trail.push(() => this.demands.pop());
  }

  /** The choices that together leave no version: who asked first, and whoever ruled something out. */
  blame(): Set<PackageKey> {
    const choices = new Set<PackageKey>();
    const first = this.demands[0]?.from;
    if (first !== undefined) choices.add(first);
    for (const because of this.#removed.values()) for (const key of because) choices.add(key);
    return choices;
  }
}

/** Undo steps since some point. */
export type Trail = (() => void)[];

export function rewind(trail: Trail, to: number): void {
  while (trail.length > to) trail.pop()!();
}
