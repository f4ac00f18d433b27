import type { ArtifactSession } from '../artifacts/session.ts';
import type { PackageKind } from '../extension/kind.ts';
import { type CandidateSource, type CapabilityProvider, type Requirements } from '../resolve/universe.ts';
import type { InstalledPackage } from './installed.ts';
import { openOrigin } from './origins/open.ts';
import { pathOrigin } from './origins/archive-origin.ts';
import type { Candidate, Origin } from './origins/origin.ts';
import type { Module } from './workspace-block.ts';

export type { Candidate } from './origins/origin.ts';

/** An extension that is there without being installed from a source. */
export interface ProvidedExtension {
  readonly path: string;
  readonly version: string;
  readonly from: 'local' | 'core';
}

/** Tells what a place has of its own. */
export interface Provided {
  /** Loaded locally: wins over every source (09 §10.3). */
  local(kind: PackageKind, name: string): Promise<ProvidedExtension | undefined>;
  /** Shipped with the product: the last resort. */
  core(kind: PackageKind, name: string): Promise<ProvidedExtension | undefined>;
}

/**
 * Candidates of a workspace: the places that its modules name, the configured source for everything else, and what it has
 * already. Each is asked once.
 */
export class WorkspaceCandidates implements CandidateSource {
  readonly #session: ArtifactSession;
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #installed: ReadonlyMap<string, InstalledPackage>;
  readonly #provided: Provided | undefined;
  readonly #origins = new Map<string, Promise<Origin>>();
  readonly #candidates = new Map<string, Promise<Candidate>>();
  readonly #own = new Map<string, ProvidedExtension>();

  constructor(
    session: ArtifactSession,
    modules: readonly Module[],
    installed: ReadonlyMap<string, InstalledPackage>,
    provided?: Provided,
  ) {
    this.#session = session;
    this.#modules = new Map(modules.map((module) => [`${module.kind}/${module.name}`, module]));
    this.#installed = installed;
    this.#provided = provided;
  }

  async versions(kind: PackageKind, name: string): Promise<readonly string[]> {
    return (await this.#origin(kind, name)).versions;
  }

  async requirements(kind: PackageKind, name: string, version: string): Promise<Requirements> {
    return (await this.candidate(kind, name, version)).stored.package;
  }

  candidate(kind: PackageKind, name: string, version: string): Promise<Candidate> {
    const id = `${kind}/${name}@${version}`;
    let found = this.#candidates.get(id);
    if (found === undefined) {
      found = this.#origin(kind, name).then((origin) => origin.candidate(version));
      this.#candidates.set(id, found);
    }
    return found;
  }

  /** What the place has of its own, once the name has been looked up; nothing of that is installed. */
  providedAs(kind: PackageKind, name: string): ProvidedExtension | undefined {
    return this.#own.get(`${kind}/${name}`);
  }

  /** Capabilities of what the workspace names and of what is installed; a whole registry is not searched for them. */
  async providers(capability: string): Promise<readonly CapabilityProvider[]> {
    const keys = new Set([...this.#modules.keys(), ...this.#installed.keys()]);
    const found: CapabilityProvider[] = [];
    for (const key of keys) {
      const [kind, name] = key.split('/') as [PackageKind, string];
      const providing: string[] = [];
      for (const version of await this.versions(kind, name)) {
        const { provides } = (await this.candidate(kind, name, version)).stored.package;
        if (provides?.includes(capability) === true) providing.push(version);
      }
      if (providing.length > 0) found.push({ kind, name, versions: providing });
    }
    return found;
  }

  #origin(kind: PackageKind, name: string): Promise<Origin> {
    const key = `${kind}/${name}`;
    let found = this.#origins.get(key);
    if (found === undefined) {
      found = this.#findOrigin(kind, name);
      this.#origins.set(key, found);
    }
    return found;
  }

  async #findOrigin(kind: PackageKind, name: string): Promise<Origin> {
    const module = this.#modules.get(`${kind}/${name}`);
    if (module?.origin !== undefined) return module.origin;
    const local = await this.#provided?.local(kind, name);
    if (local !== undefined) return this.#ownOrigin(kind, name, local);
    const origin = await openOrigin(this.#session, module?.reference ?? { form: 'name', name, kind }, {
      kind,
      name,
    });
    if (origin.versions.length > 0 || module !== undefined) return origin;
    const core = await this.#provided?.core(kind, name);
    return core === undefined ? origin : this.#ownOrigin(kind, name, core);
  }

  #ownOrigin(kind: PackageKind, name: string, own: ProvidedExtension): Promise<Origin> {
    this.#own.set(`${kind}/${name}`, own);
    return pathOrigin(own.path);
  }
}
