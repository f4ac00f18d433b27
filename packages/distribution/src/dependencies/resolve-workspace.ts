import { withFileLock } from '@provisioning/core';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { stagingFolder } from '../archive/unpack.ts';
import { unpack } from '../archive/unpack.ts';
import { mapLimited } from '../artifacts/listing.ts';
import { treeDigest, writeOrigin } from '../extension/origin.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import { interrupted } from '../oci/errors.ts';
import { modeRules, unsigned } from '../signing/policy.ts';
import { installFolder, readInstalled } from './installed.ts';
import type { Provided } from './candidates.ts';
import { InstallJournal } from './journal.ts';
import { formatLock, type LockedPackage, type LockFile, readLock } from './lock-file.ts';
import { type PlannedPackage, planDependencies } from './plan.ts';
import type { DependencyBlock } from './workspace-block.ts';

export interface ResolveOptions {
  readonly workspacePath: string;
  readonly block: DependencyBlock;
  /** Version of the running product. */
  readonly core: string;
  readonly update?: boolean;
  readonly updateOnly?: readonly string[];
  /** Default: what the mode says when there is a lock. */
  readonly frozen?: boolean;
  readonly prune?: boolean;
  /** Show what would happen and stop. */
  readonly dryRun?: boolean;
  /** Called when a run that was killed has been dealt with. */
  readonly onRecovered?: (what: 'restored' | 'finished') => void;
  readonly onProgress?: (message: string) => void;
  /** What is there without being installed: modules loaded locally, extensions of the product (09 §10.3). */
  readonly provided?: Provided;
}

export interface ResolveResult {
  readonly packages: readonly Omit<PlannedPackage, 'candidate'>[];
  readonly installed: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly dryRun: boolean;
}

/** Runs work as the only dependency operation of a workspace, after dealing with what a killed one left. */
export async function exclusively<T>(
  workspacePath: string,
  work: () => Promise<T>,
  onRecovered?: (what: 'restored' | 'finished') => void,
  signal?: AbortSignal,
): Promise<T> {
  return withFileLock(
    join(workspacePath, '.runtime', 'dep'),
    async () => {
      const recovered = await InstallJournal.recover(workspacePath);
      if (recovered !== undefined) onRecovered?.(recovered);
      return work();
    },
    { timeout: 30, what: 'Another dependency operation', ...(signal === undefined ? {} : { signal }) },
  );
}

/**
 * Brings `<ws>/extensions` to what the workspace asks for and writes the lock: all of it or nothing (09 §10).
 * @throws ProvisioningError of planning; `DEPENDENCY_INSTALLATION`, exit 1; `INTERRUPTED`, exit 130.
 */
export async function resolveDependencies(
  session: ArtifactSession,
  options: ResolveOptions,
): Promise<ResolveResult> {
  return exclusively(
    options.workspacePath,
    () => run(session, options),
    options.onRecovered,
    session.call.signal,
  );
}

async function run(session: ArtifactSession, options: ResolveOptions): Promise<ResolveResult> {
  const { workspacePath, block } = options;
  const [lock, installed] = await Promise.all([readLock(workspacePath), readInstalled(workspacePath)]);
  const frozen =
    options.frozen ??
    (lock !== undefined && options.update !== true && modeRules[session.settings.mode].frozenByDefault);
  const planned = await planDependencies(session, { ...options, lock, installed, frozen });
  const changes = planned.filter(({ action }) => action === 'install' || action === 'update');
  const orphans = options.prune === true ? planned.filter(({ action }) => action === 'orphan') : [];
  const result: ResolveResult = {
    packages: planned.map(({ candidate: _candidate, ...rest }) => rest),
    installed: planned.filter(({ action }) => action === 'install').length,
    updated: planned.filter(({ action }) => action === 'update').length,
    unchanged: planned.filter(({ action }) => action === 'keep').length,
    removed: orphans.length,
    dryRun: options.dryRun === true,
  };
  if (options.dryRun === true) return result;
  const signers = new Map<string, string | undefined>();
  for (const one of changes) signers.set(`${one.kind}/${one.name}`, await judge(session, one));
  const journal = new InstallJournal(workspacePath);
  let current = '';
  try {
    const staged = await mapLimited(changes, session.settings.concurrency, async (one) => {
      current = one.name;
      options.onProgress?.(`Fetching ${one.name} ${one.version}`);
      const keyId = signers.get(`${one.kind}/${one.name}`);
      return { one, ...(await stage(session, journal, workspacePath, one, keyId)) };
    });
    const integrity = new Map(staged.map(({ one, digest }) => [`${one.kind}/${one.name}`, digest]));
    for (const { one, staging } of staged) {
      current = one.name;
      session.call.signal?.throwIfAborted();
      await journal.swap(staging, installFolder(workspacePath, one.kind, one.name));
    }
    for (const one of orphans) await journal.remove(installFolder(workspacePath, one.kind, one.name));
    const packages = await Promise.all(
      planned
        .filter(({ action }) => action !== 'orphan' && action !== 'local')
        .map((one) => lockEntry(one, lock, workspacePath, integrity, signers)),
    );
    session.call.signal?.throwIfAborted();
    const { core } = block;
    await journal.commit(
      await formatLock({
        version: 1,
        config_hash: block.hash,
        ...(core === undefined ? {} : { core: `^${core}` }),
        packages,
      }),
    );
    return result;
  } catch (error) {
    await journal.rollBack();
    if (session.call.signal?.aborted === true) throw interrupted('The installation');
    throw installationFailed(current, error);
  }
}

/** The signature policy, and sources that a mode does not accept (09 §8). */
export async function judge(session: ArtifactSession, one: PlannedPackage): Promise<string | undefined> {
  const { candidate, reference } = one;
  if (candidate === undefined) return undefined;
  const local = reference.startsWith('file:') || reference.startsWith('npm:');
  if (candidate.signedBy !== undefined) return candidate.signedBy;
  if (!local && !/^(?:https?|gitea):/.test(reference))
    return session.verify(candidate.source, candidate.stored.root, reference);
  if (!local && session.settings.signing.policy === 'require') throw unsigned(reference);
  const rule = modeRules[session.settings.mode].localSources;
  if (rule === 'refuse') {
    throw new ProvisioningError({
      code: 'UNSIGNED_ARTIFACT',
      kind: 'permission',
      message: `Unsigned artifact refused: ${reference}`,
      hint: `${session.settings.mode} mode installs signed artifacts of a registry only`,
    });
  }
  if (rule === 'warn') session.warn(`${reference} is a local source`);
  return undefined;
}

async function stage(
  session: ArtifactSession,
  journal: InstallJournal,
  workspacePath: string,
  one: PlannedPackage,
  keyId: string | undefined,
): Promise<{ readonly staging: string; readonly digest: string }> {
  const folder = installFolder(workspacePath, one.kind, one.name);
  const { source, stored, complete } = one.candidate!;
  const staging = stagingFolder(folder);
  await mkdir(join(folder, '..'), { recursive: true });
  await journal.staged(staging);
  await unpack(await source.fetch(stored.content, session.call), staging, session.call);
  await complete?.(staging);
  const digest = await treeDigest(staging);
  await writeOrigin(staging, {
    reference: one.reference,
    digest: one.digest,
    content: stored.content.digest,
    tree: digest,
  });
  await session.rememberSigned(staging, { keyId, reference: one.reference, digest: one.digest });
  return { staging, digest };
}

async function lockEntry(
  one: PlannedPackage,
  lock: LockFile | undefined,
  workspacePath: string,
  integrity: ReadonlyMap<string, string>,
  signers: ReadonlyMap<string, string | undefined>,
): Promise<LockedPackage> {
  const key = `${one.kind}/${one.name}`;
  const before = lock?.packages.find(
    ({ kind, name, digest }) => kind === one.kind && name === one.name && digest === one.digest,
  );
  const fresh = integrity.get(key);
  return {
    name: one.name,
    kind: one.kind,
    version: one.version,
    requested: one.requested,
    reference: before?.reference ?? one.reference,
    digest: one.digest,
    integrity:
      fresh ?? before?.integrity ?? (await treeDigest(installFolder(workspacePath, one.kind, one.name))),
    signed_by: signers.get(key) ?? before?.signed_by ?? null,
    dependencies: one.dependencies,
  };
}

function installationFailed(name: string, error: unknown): ProvisioningError {
  const cause = error instanceof ProvisioningError ? error : undefined;
  return new ProvisioningError({
    code: 'DEPENDENCY_INSTALLATION',
    message: `Dependency installation failed at ${name}: ${error instanceof Error ? error.message : String(error)}; changes were rolled back`,
    ...(cause?.hint === undefined ? {} : { hint: cause.hint }),
    cause: error,
  });
}
