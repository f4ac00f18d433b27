import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ArtifactSession } from '../artifacts/session.ts';
import { tagsOrNone } from '../artifacts/session.ts';
import type { PackageKind } from '../extension/kind.ts';
import { annotations } from '../extension/media-types.ts';
import { readExtension, type StoredExtension } from '../extension/read.ts';
import { loadPackage } from '../artifacts/push.ts';
import { encodeExtension } from '../extension/pack.ts';
import { isTag, tagToVersion, versionToTag } from '../oci/reference.ts';
import type { Source } from '../oci/target.ts';
import { type CandidateSource, type CapabilityProvider, type Requirements } from '../resolve/universe.ts';
import type { InstalledPackage } from './installed.ts';
import type { Module } from './workspace-block.ts';

/** One version of a package, found and described without its content. */
export interface Candidate {
  readonly stored: StoredExtension;
  readonly source: Source;
  /** Where it comes from, for the lock. */
  readonly reference: string;
  readonly repository: string;
}

/** Where the versions of one package are. */
interface Origin {
  readonly versions: readonly string[];
  candidate(version: string): Promise<Candidate>;
}

/**
 * Candidates of a workspace: the repositories that its modules name, the default registry for everything else, and local
 * folders. Each is asked once.
 */
export class WorkspaceCandidates implements CandidateSource {
  readonly #session: ArtifactSession;
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #installed: ReadonlyMap<string, InstalledPackage>;
  readonly #origins = new Map<string, Promise<Origin>>();
  readonly #candidates = new Map<string, Promise<Candidate>>();

  constructor(
    session: ArtifactSession,
    modules: readonly Module[],
    installed: ReadonlyMap<string, InstalledPackage>,
  ) {
    this.#session = session;
    this.#modules = new Map(modules.map((module) => [`${module.kind}/${module.name}`, module]));
    this.#installed = installed;
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
      found = this.#findOrigin(kind, name, this.#modules.get(key));
      this.#origins.set(key, found);
    }
    return found;
  }

  async #findOrigin(kind: PackageKind, name: string, module: Module | undefined): Promise<Origin> {
    const reference = module?.reference;
    if (reference?.form === 'path') return this.#localOrigin(reference.path);
    if (reference?.form === 'npm') {
      const { npmOrigin } = await import('./npm-origin.ts');
      return npmOrigin(this.#session, reference, kind);
    }
    if (reference?.form === 'oci')
      return this.#repositoryOrigin(reference.host, reference.repository, kind, reference.digest);
    if (reference?.form === 'layout')
      return this.#repositoryOrigin(
        `layout:${reference.folder}`,
        reference.repository,
        kind,
        reference.digest,
      );
    for (const repository of this.#session.repositoryCandidates(name, kind)) {
      const origin = await this.#repositoryOrigin(undefined, repository, kind);
      if (origin.versions.length > 0) return origin;
    }
    return { versions: [], candidate: (version) => Promise.reject(missing(name, version)) };
  }

  async #repositoryOrigin(
    placeName: string | undefined,
    repository: string,
    kind: PackageKind,
    digest?: string,
  ): Promise<Origin> {
    const place = this.#session.place(placeName);
    const source = place.source(repository);
    const read = async (reference: string): Promise<Candidate> => {
      const stored = await readExtension(source, reference, this.#session.call);
      const sign = reference.includes(':') ? '@' : ':';
      return { stored, source, repository, reference: `${place.name}/${repository}${sign}${reference}` };
    };
    if (digest !== undefined) {
      const only = await read(digest);
      return { versions: [only.stored.package.version], candidate: () => Promise.resolve(only) };
    }
    const tags = this.#session.settings.offline
      ? await this.#session.cache.tagsOf(`${place.name}/${repository}`)
      : await tagsOrNone(source, this.#session.call);
    const byVersion = new Map<string, string>();
    for (const tag of tags) {
      if (!isTag(tag)) continue;
      const version = tagToVersion(tag).replace(/^v(?=\d)/, '');
      if (/^\d+\.\d+\.\d+/.test(version) && (!byVersion.has(version) || tag === versionToTag(version)))
        byVersion.set(version, tag);
    }
    if (byVersion.size > 0 && !(await this.#holds(source, [...byVersion.values()][0]!, kind))) {
      return { versions: [], candidate: (version) => Promise.reject(missing(repository, version)) };
    }
    return {
      versions: [...byVersion.keys()],
      candidate: (version) => {
        const tag = byVersion.get(version);
        return tag === undefined ? Promise.reject(missing(repository, version)) : read(tag);
      },
    };
  }

  async #holds(source: Source, tag: string, kind: PackageKind): Promise<boolean> {
    const stored = await readExtension(source, tag, this.#session.call);
    const own = stored.manifest.annotations?.[annotations.kind] ?? stored.package.type;
    return own === kind;
  }

  async #localOrigin(path: string): Promise<Origin> {
    const packed = await loadPackage(path);
    const { target, root } = encodeExtension(packed);
    const stored = await readExtension(target, root.digest);
    const candidate: Candidate = {
      stored,
      source: target,
      repository: packed.manifest.name,
      reference: `file:${path}`,
    };
    return { versions: [packed.manifest.version], candidate: () => Promise.resolve(candidate) };
  }
}

function missing(name: string, version: string): ProvisioningError {
  return new ProvisioningError({
    code: 'ARTIFACT_NOT_FOUND',
    kind: 'not-found',
    message: `Artifact not found: ${name}:${version}`,
  });
}
