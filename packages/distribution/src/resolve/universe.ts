import semver from 'semver';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type PackageKind, readKind } from '../extension/kind.ts';
import { type PackageManifest, parseRange } from '../extension/package-manifest.ts';

/**
 * `kind/name`: what a workspace has one version of. A capability stands among the packages as `capability/<name>`; its
 * "versions" are the packages that provide it.
 */
export type PackageKey = `${PackageKind | 'capability'}/${string}`;

/** What the resolver reads of one version. */
export type Requirements = Pick<
  PackageManifest,
  | 'dependencies'
  | 'optional_dependencies'
  | 'conflicts'
  | 'provides'
  | 'compatibility'
  | 'min_provisioning_version'
>;

export interface CapabilityProvider {
  readonly kind: PackageKind;
  readonly name: string;
  readonly versions: readonly string[];
}

/** Where candidates come from: a registry, a layout, local folders, or several of them. */
export interface CandidateSource {
  /** Every published version; empty when the package is not known. */
  versions(kind: PackageKind, name: string): Promise<readonly string[]>;
  requirements(kind: PackageKind, name: string, version: string): Promise<Requirements>;
  /** Packages that provide a capability, with the versions that do. */
  providers?(capability: string): Promise<readonly CapabilityProvider[]>;
}

/** Kinds in which a bare dependency name is looked for, after the requirer's own (09 §10.4). */
const searchOrder: readonly PackageKind[] = ['taskserv', 'provider', 'cluster'];

/** One package with its versions, newest first, and the ranges already tested against them. */
export class Package {
  readonly key: PackageKey;
  readonly versions: readonly string[];
  readonly #matches = new Map<string, ReadonlySet<string>>();

  constructor(key: PackageKey, versions: readonly string[]) {
    this.key = key;
    this.versions = versions;
  }

  /** Versions in a range; pre-releases only where the range names one. */
  matching(range: string): ReadonlySet<string> {
    let found = this.#matches.get(range);
    if (found === undefined && this.key.startsWith('capability/')) {
      // A capability has no version of its own that a range could mean.
      found = new Set(this.versions);
      this.#matches.set(range, found);
    } else if (found === undefined) {
      const parsed = new semver.Range(parseRange(range) ?? '<0.0.0-0');
      found = new Set(this.versions.filter((version) => parsed.test(version)));
      this.#matches.set(range, found);
    }
    return found;
  }
}

/** Everything known so far about packages; each question goes to the source once. */
export class Universe {
  readonly #source: CandidateSource;
  readonly #core: string | undefined;
  readonly #preferred: ReadonlyMap<PackageKey, string>;
  readonly #packages = new Map<PackageKey, Promise<Package>>();
  readonly #requirements = new Map<string, Promise<Requirements>>();
  readonly #capabilities = new Map<string, Promise<ReadonlyMap<string, string>>>();
  readonly #names = new Map<string, Promise<PackageKey | undefined>>();

  constructor(options: {
    readonly source: CandidateSource;
    /** Running version of the product; candidates that do not fit it are left out. */
    readonly core?: string;
    /** Locked versions, tried first. */
    readonly preferred?: ReadonlyMap<PackageKey, string>;
  }) {
    this.#source = options.source;
    this.#core = options.core;
    this.#preferred = options.preferred ?? new Map();
  }

  /** The package a dependency names: `kind/name`, or a bare name searched as 09 §10.4 says. */
  find(name: string, from: PackageKind | 'capability' | undefined): Promise<PackageKey | undefined> {
    const id = `${from ?? ''}:${name}`;
    let found = this.#names.get(id);
    if (found === undefined) {
      found = this.#search(name, from);
      this.#names.set(id, found);
    }
    return found;
  }

  async #search(name: string, from: PackageKind | 'capability' | undefined): Promise<PackageKey | undefined> {
    const [first = '', rest] = name.split('/');
    const kind = rest === undefined ? undefined : readKind(first);
    const kinds =
      kind === undefined
        ? [...(from === undefined || from === 'capability' ? [] : [from]), ...searchOrder]
        : [kind];
    for (const candidate of new Set(kinds)) {
      const key: PackageKey = `${candidate}/${kind === undefined ? name : rest!}`;
      if ((await this.package(key)).versions.length > 0) return key;
    }
    const capability: PackageKey = `capability/${name}`;
    return (await this.package(capability)).versions.length > 0 ? capability : undefined;
  }

  package(key: PackageKey): Promise<Package> {
    let found = this.#packages.get(key);
    if (found === undefined) {
      found = this.#load(key);
      this.#packages.set(key, found);
    }
    return found;
  }

  async #load(key: PackageKey): Promise<Package> {
    const [kind, name] = splitKey(key);
    if (kind === 'capability') {
      const providers = await this.#providers(name);
      return new Package(key, [...providers.keys()].sort());
    }
    const versions = (await this.#source.versions(kind, name)).filter(
      (version) => semver.valid(version) !== null,
    );
    const sorted = [...new Set(versions)].sort(semver.rcompare);
    const preferred = this.#preferred.get(key);
    const ordered =
      preferred !== undefined && sorted.includes(preferred)
        ? [preferred, ...sorted.filter((version) => version !== preferred)]
        : sorted;
    return new Package(key, ordered);
  }

  requirements(key: PackageKey, version: string): Promise<Requirements> {
    const id = `${key}@${version}`;
    let found = this.#requirements.get(id);
    if (found === undefined) {
      const [kind, name] = splitKey(key);
      found =
        kind === 'capability'
          ? this.#provision(name, version)
          : this.#source.requirements(kind, name, version);
      this.#requirements.set(id, found);
    }
    return found;
  }

  #providers(capability: string): Promise<ReadonlyMap<string, string>> {
    let found = this.#capabilities.get(capability);
    if (found === undefined) {
      found = (this.#source.providers?.(capability) ?? Promise.resolve([])).then(
        (list) => new Map(list.map(({ kind, name, versions }) => [`${kind}/${name}`, versions.join(' || ')])),
      );
      this.#capabilities.set(capability, found);
    }
    return found;
  }

  /** To have a capability from a package is to depend on one of its versions that provide it. */
  async #provision(capability: string, provider: string): Promise<Requirements> {
    const range = (await this.#providers(capability)).get(provider);
    return range === undefined ? {} : { dependencies: { [provider]: range } };
  }

  /** Why a version does not fit the running product; `undefined` when it does. */
  misfit(requirements: Requirements): string | undefined {
    if (this.#core === undefined) return undefined;
    const running = this.#core.replace(/[-+].*$/, '');
    const minimum = requirements.min_provisioning_version;
    if (minimum !== undefined && semver.lt(running, minimum)) return `needs provisioning ${minimum} or newer`;
    const range = requirements.compatibility?.provisioning;
    if (range !== undefined && !semver.satisfies(running, parseRange(range) ?? '<0.0.0-0')) {
      return `needs provisioning ${range}`;
    }
    return undefined;
  }
}

export function splitKey(key: PackageKey): readonly [PackageKind | 'capability', string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash) as PackageKind | 'capability', key.slice(slash + 1)];
}

/** Name without its kind, as reports show it. */
export function shortName(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

/** A name that no source knows (09 §10.4). */
export function dependencyNotFound(name: string, requirer: string): ProvisioningError {
  return new ProvisioningError({
    code: 'DEPENDENCY_NOT_FOUND',
    kind: 'not-found',
    message: `Dependency not found: ${name}`,
    hint: `required by ${requirer}`,
    details: { name, requirer },
  });
}
