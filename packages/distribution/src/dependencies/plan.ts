import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ArtifactSession } from '../artifacts/session.ts';
import type { PackageKind } from '../extension/kind.ts';
import { installOrder } from '../resolve/order.ts';
import { type Root, solve } from '../resolve/solver.ts';
import { type PackageKey, shortName, splitKey, Universe } from '../resolve/universe.ts';
import { type Candidate, type Provided, WorkspaceCandidates } from './candidates.ts';
import type { InstalledPackage } from './installed.ts';
import type { LockFile } from './lock-file.ts';
import { checkCore, type DependencyBlock } from './workspace-block.ts';

/** What will happen to one package. */
export type DependencyAction = 'install' | 'update' | 'keep' | 'orphan' | 'local';

export interface PlannedPackage {
  readonly kind: PackageKind;
  readonly name: string;
  readonly version: string;
  readonly action: DependencyAction;
  /** Version that is installed now. */
  readonly from?: string;
  readonly requested: boolean;
  readonly digest: string;
  readonly reference: string;
  readonly dependencies: Readonly<Record<string, string>>;
  /** Absent for orphans. */
  readonly candidate?: Candidate;
}

export interface PlanOptions {
  readonly block: DependencyBlock;
  readonly lock: LockFile | undefined;
  readonly installed: ReadonlyMap<string, InstalledPackage>;
  /** Version of the running product. */
  readonly core: string;
  /** Ignore the locked versions. */
  readonly update?: boolean;
  /** Ignore the locked version of these packages only. */
  readonly updateOnly?: readonly string[];
  /** Exactly the lock, nothing else. */
  readonly frozen?: boolean;
  /** What is there without being installed (09 §10.3). */
  readonly provided?: Provided;
}

/**
 * Decides which versions a workspace gets, in the order in which they are installed (09 §10.1-8). Changes nothing.
 * @throws ProvisioningError of the resolver; `LOCK_OUT_OF_DATE` exit 3, `LOCK_DIGEST` exit 1.
 */
export async function planDependencies(
  session: ArtifactSession,
  options: PlanOptions,
): Promise<readonly PlannedPackage[]> {
  checkCore(options.block.core, options.core);
  const candidates = new WorkspaceCandidates(
    session,
    options.block.modules,
    options.installed,
    options.provided,
  );
  const planned =
    options.frozen === true
      ? await fromLock(session, candidates, options)
      : await fromSolver(candidates, options);
  const wanted = new Set(planned.map(({ kind, name }) => `${kind}/${name}`));
  const orphans = [...options.installed.entries()]
    // What a person put there by hand has no origin and is no business of the resolver.
    .filter(([key, { digest }]) => !wanted.has(key) && digest !== undefined)
    .map(([, { kind, name, manifest, digest, reference }]): PlannedPackage => ({
      kind,
      name,
      version: manifest.version,
      action: 'orphan',
      requested: false,
      digest: digest!,
      reference: reference ?? '',
      dependencies: {},
    }));
  return [...planned, ...orphans.sort((a, b) => (a.name < b.name ? -1 : 1))];
}

async function fromSolver(candidates: WorkspaceCandidates, options: PlanOptions): Promise<PlannedPackage[]> {
  const skip = new Set(options.updateOnly ?? []);
  const locked = (options.lock?.packages ?? []).filter(
    ({ name }) => options.update !== true && !skip.has(name),
  );
  const universe = new Universe({
    source: candidates,
    core: options.core,
    preferred: new Map(locked.map(({ kind, name, version }) => [`${kind}/${name}` as PackageKey, version])),
  });
  const roots: Root[] = options.block.modules.map(({ kind, name, range }) => ({
    name: `${kind}/${name}`,
    range,
  }));
  const { versions, edges } = await solve(universe, roots);
  const requested = new Set(roots.map(({ name }) => name));
  const order = installOrder(versions.keys(), edges);
  return Promise.all(
    order.map(async (key) => {
      const [kind, name] = splitKey(key) as [PackageKind, string];
      const version = versions.get(key)!;
      const candidate = await candidates.candidate(kind, name, version);
      const dependencies = Object.fromEntries(
        (edges.get(key) ?? []).map((other) => [shortName(other), versions.get(other)!]),
      );
      const found = { kind, name, version, candidate, dependencies, requested: requested.has(key) };
      const own = candidates.providedAs(kind, name);
      if (own === undefined) return decide(options, found);
      const { digest } = candidate.stored.root;
      return { ...found, action: 'local' as const, digest, reference: `${own.from}:${own.path}` };
    }),
  );
}

/** Exactly what the lock says, with the lock's digests (09 §10 `--frozen`). */
async function fromLock(
  session: ArtifactSession,
  candidates: WorkspaceCandidates,
  options: PlanOptions,
): Promise<PlannedPackage[]> {
  const { lock, block } = options;
  if (lock === undefined || lock.config_hash !== block.hash) throw outOfDate(lock === undefined);
  const byName = new Map(lock.packages.map((entry) => [`${entry.kind}/${entry.name}` as PackageKey, entry]));
  const edges = new Map<PackageKey, readonly PackageKey[]>();
  for (const [key, entry] of byName) {
    const targets = Object.keys(entry.dependencies).map((name) =>
      [...byName.keys()].find((other) => shortName(other) === name),
    );
    edges.set(
      key,
      targets.filter((target) => target !== undefined),
    );
  }
  return Promise.all(
    installOrder(byName.keys(), edges).map(async (key) => {
      const entry = byName.get(key)!;
      const base = {
        kind: entry.kind,
        name: entry.name,
        version: entry.version,
        dependencies: entry.dependencies,
        requested: entry.requested,
      };
      const current = options.installed.get(key);
      if (current?.digest === entry.digest) {
        return {
          ...base,
          action: 'keep' as const,
          digest: entry.digest,
          reference: entry.reference,
          from: entry.version,
        };
      }
      const candidate = await lockedCandidate(session, candidates, entry);
      if (candidate.stored.root.digest !== entry.digest) throw digestMoved(entry.reference);
      return decide(options, { ...base, candidate });
    }),
  );
}

async function lockedCandidate(
  session: ArtifactSession,
  candidates: WorkspaceCandidates,
  entry: LockFile['packages'][number],
): Promise<Candidate> {
  // A digest is the same wherever it lies, so mirrors, bundles and moved registries all serve a lock.
  if (!session.settings.offline) return candidates.candidate(entry.kind, entry.name, entry.version);
  const match = /^(?:oci:\/\/)?(.+?\/.+?)[:@][^/]+$/.exec(entry.reference);
  const { readExtension } = await import('../extension/read.ts');
  const own = match?.[1] ?? entry.reference;
  const names = [own, `${session.settings.registry}/${own.slice(own.indexOf('/') + 1)}`];
  for (const name of names) {
    const source = session.cache.source(name, undefined, { offline: true });
    const stored = await readExtension(source, entry.version, session.call).catch(() => undefined);
    if (stored !== undefined) return { stored, source, repository: name, reference: entry.reference };
  }
  throw new ProvisioningError({
    code: 'NOT_IN_CACHE',
    kind: 'not-found',
    message: `Not in cache: ${entry.reference}`,
    hint: 'import a bundle that has it, or run without --offline',
  });
}

function decide(
  options: PlanOptions,
  found: Pick<PlannedPackage, 'kind' | 'name' | 'version' | 'dependencies' | 'requested'> & {
    readonly candidate: Candidate;
  },
): PlannedPackage {
  const current = options.installed.get(`${found.kind}/${found.name}`);
  const { digest } = found.candidate.stored.root;
  const locked = options.lock?.packages.find(
    ({ kind, name, version }) => kind === found.kind && name === found.name && version === found.version,
  );
  if (
    locked !== undefined &&
    locked.digest !== digest &&
    options.update !== true &&
    !locked.reference.startsWith('file:')
  ) {
    throw digestMoved(locked.reference);
  }
  return {
    ...found,
    action: current === undefined ? 'install' : current.digest === digest ? 'keep' : 'update',
    ...(current === undefined ? {} : { from: current.manifest.version }),
    digest,
    reference: found.candidate.reference,
  };
}

function outOfDate(missing: boolean): ProvisioningError {
  return new ProvisioningError({
    code: 'LOCK_OUT_OF_DATE',
    kind: 'configuration',
    message: `Lock file is ${missing ? 'missing' : 'out of date'}; run provisioning dep resolve`,
    hint: 'the dependencies of the workspace have changed since it was written',
  });
}

function digestMoved(reference: string): ProvisioningError {
  return new ProvisioningError({
    code: 'LOCK_DIGEST',
    kind: 'conflict',
    message: `Locked digest of ${reference} differs from the registry`,
    hint: 'somebody published other content under this version; find out who, then run "provisioning dep resolve --update"',
  });
}
