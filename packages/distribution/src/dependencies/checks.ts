import semver from 'semver';
import { mapLimited } from '../artifacts/listing.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import { installOrder } from '../resolve/order.ts';
import { type PackageKey, shortName } from '../resolve/universe.ts';
import { conflictsOf, parseRange } from '../extension/package-manifest.ts';
import { WorkspaceCandidates } from './candidates.ts';
import { treeDigest } from '../extension/origin.ts';
import { installFolder, type InstalledPackage, readInstalled } from './installed.ts';
import { lockedPackage, type LockFile, readLock } from './lock-file.ts';
import type { DependencyBlock } from './workspace-block.ts';

export interface UpdateInfo {
  readonly name: string;
  readonly current: string;
  readonly latest: string;
  /** Best version inside the constraints. */
  readonly wanted: string;
  readonly update_available: boolean;
  readonly source: string;
}

/** A name is one of the workspace's modules or of what they brought. @throws ProvisioningError exit 5. */
function mustKnow(name: string | undefined, block: DependencyBlock, lock: LockFile | undefined): void {
  if (name !== undefined && !block.modules.some((one) => one.name === name)) lockedPackage(lock, name);
}

/**
 * Newer versions of what is locked (09 §10 `dep check-updates`).
 * @throws ProvisioningError `DEPENDENCY_NOT_FOUND`, exit 5, for a name that is neither locked nor a module.
 */
export async function checkUpdates(
  session: ArtifactSession,
  options: { readonly workspacePath: string; readonly block: DependencyBlock; readonly name?: string },
): Promise<readonly UpdateInfo[]> {
  const [lock, installed] = await Promise.all([
    readLock(options.workspacePath),
    readInstalled(options.workspacePath),
  ]);
  mustKnow(options.name, options.block, lock);
  const candidates = new WorkspaceCandidates(session, options.block.modules, installed);
  const entries = (lock?.packages ?? []).filter(
    ({ name }) => options.name === undefined || name === options.name,
  );
  return mapLimited(entries, session.settings.concurrency, async (entry) => {
    const versions = [...(await candidates.versions(entry.kind, entry.name))].sort(semver.rcompare);
    const stable = versions.filter((version) => semver.prerelease(version) === null);
    const ranges = rangesOn(entry.name, lock!, installed, options.block);
    const fits = stable.find((version) =>
      ranges.every((range) => semver.satisfies(version, parseRange(range) ?? '*')),
    );
    const latest = stable[0] ?? versions[0] ?? entry.version;
    return {
      name: entry.name,
      current: entry.version,
      latest,
      wanted: fits ?? entry.version,
      update_available: semver.gt(latest, entry.version),
      source: entry.reference,
    };
  });
}

function rangesOn(
  name: string,
  lock: LockFile,
  installed: ReadonlyMap<string, InstalledPackage>,
  block: DependencyBlock,
): readonly string[] {
  const own = block.modules.filter((module) => module.name === name).map(({ range }) => range);
  const others = lock.packages.flatMap(({ kind, name: other }) => {
    const range = installed.get(`${kind}/${other}`)?.manifest.dependencies?.[name];
    return range === undefined ? [] : [range];
  });
  return [...own, ...others];
}

export interface ValidationFinding {
  readonly name: string;
  readonly problem: 'missing' | 'modified' | 'conflict' | 'cycle' | 'stale-lock' | 'unsatisfied' | 'platform';
  readonly message: string;
}

/**
 * What is wrong with the installed set (09 §10 `dep validate`); empty when nothing is.
 * @throws ProvisioningError `DEPENDENCY_NOT_FOUND`, exit 5, for a name that is neither locked nor a module.
 */
export async function validateDependencies(options: {
  readonly workspacePath: string;
  readonly block: DependencyBlock;
  readonly name?: string;
  /** Platforms of the servers of the infrastructure. */
  readonly platforms?: readonly string[];
}): Promise<readonly ValidationFinding[]> {
  const { workspacePath, block } = options;
  const [lock, installed] = await Promise.all([readLock(workspacePath), readInstalled(workspacePath)]);
  mustKnow(options.name, block, lock);
  const findings: ValidationFinding[] = [];
  if (lock === undefined) {
    if (block.modules.length === 0) return [];
    return [
      { name: 'lock', problem: 'stale-lock', message: 'There is no lock file; run provisioning dep resolve' },
    ];
  }
  if (lock.config_hash !== block.hash) {
    findings.push({
      name: 'lock',
      problem: 'stale-lock',
      message: 'Lock file is out of date; run provisioning dep resolve',
    });
  }
  const versions = new Map(lock.packages.map(({ name, version }) => [name, version]));
  for (const entry of lock.packages) {
    if (options.name !== undefined && entry.name !== options.name) continue;
    findings.push(...(await checkEntry(entry, workspacePath, installed, versions, options.platforms ?? [])));
  }
  return [...findings, ...cycles(lock)];
}

async function checkEntry(
  entry: LockFile['packages'][number],
  workspacePath: string,
  installed: ReadonlyMap<string, InstalledPackage>,
  versions: ReadonlyMap<string, string>,
  platforms: readonly string[],
): Promise<readonly ValidationFinding[]> {
  const { name } = entry;
  const current = installed.get(`${entry.kind}/${name}`);
  if (current === undefined)
    return [{ name, problem: 'missing', message: `${name} ${entry.version} is not installed` }];
  const findings: ValidationFinding[] = [];
  if ((await treeDigest(installFolder(workspacePath, entry.kind, name))) !== entry.integrity) {
    findings.push({ name, problem: 'modified', message: `${name} was modified after it was installed` });
  }
  for (const [other, range] of Object.entries(current.manifest.dependencies ?? {})) {
    const version = versions.get(shortName(`/${other}`)) ?? versions.get(other.slice(other.indexOf('/') + 1));
    if (version !== undefined && !semver.satisfies(version, parseRange(range) ?? '*')) {
      findings.push({
        name,
        problem: 'unsatisfied',
        message: `${name} requires ${other} ${range}, locked is ${version}`,
      });
    }
  }
  for (const [other, range] of Object.entries(conflictsOf(current.manifest))) {
    const version = versions.get(other);
    if (version !== undefined && semver.satisfies(version, parseRange(range) ?? '*')) {
      findings.push({
        name,
        problem: 'conflict',
        message: `Conflict: ${name} ${entry.version} cannot be installed with ${other} ${version}`,
      });
    }
  }
  const supported = current.manifest.platforms ?? [];
  for (const platform of platforms) {
    if (supported.length > 0 && !supported.includes(platform)) {
      findings.push({ name, problem: 'platform', message: `${name} does not run on ${platform}` });
    }
  }
  return findings;
}

function cycles(lock: LockFile): readonly ValidationFinding[] {
  const keys = new Map(lock.packages.map(({ kind, name }) => [name, `${kind}/${name}` as PackageKey]));
  const edges = new Map(
    lock.packages.map(({ kind, name, dependencies }) => [
      `${kind}/${name}` as PackageKey,
      Object.keys(dependencies).flatMap((other) => keys.get(other) ?? []),
    ]),
  );
  try {
    installOrder(keys.values(), edges);
    return [];
  } catch (error) {
    return [{ name: 'graph', problem: 'cycle', message: (error as Error).message }];
  }
}
