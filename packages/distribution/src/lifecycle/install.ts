import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { stagingFolder, unpack } from '../archive/unpack.ts';
import { mapLimited } from '../artifacts/listing.ts';
import { isEdited, readOrigin, treeDigest, writeOrigin } from '../extension/origin.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import type { Provided } from '../dependencies/candidates.ts';
import { InstallJournal } from '../dependencies/journal.ts';
import type { LockFile } from '../dependencies/lock-file.ts';
import { type PlannedPackage, planDependencies } from '../dependencies/plan.ts';
import { exclusively, judge } from '../dependencies/resolve-workspace.ts';
import type { Module } from '../dependencies/workspace-block.ts';
import type { PackageKind } from '../extension/kind.ts';
import type { PackageManifest } from '../extension/package-manifest.ts';
import { interrupted } from '../oci/errors.ts';
import { newestOf, readUserExtensions, type UserExtension, userFolder, userRoot } from './user-extensions.ts';

/** What is about to be installed, for the question that some sources and steps need. */
export interface InstallQuestion {
  readonly kind: PackageKind;
  readonly name: string;
  readonly version: string;
  readonly channel?: string;
  /** The version it replaces, of an update. */
  readonly from?: string;
  readonly reasons: readonly ('community' | 'major' | 'permissions')[];
  readonly permissions: Readonly<Record<string, readonly string[]>>;
}

export interface InstallOptions {
  readonly dataFolder: string;
  /** Version of the running product. */
  readonly core: string;
  readonly provided?: Provided;
  /** Show what would happen and stop. */
  readonly check?: boolean;
  /** Agrees by returning. @throws to refuse; nothing is installed then. */
  readonly confirm?: (question: InstallQuestion) => Promise<void>;
  /** Looks at a folder that is in its place; when it fails, everything this run installed is taken back. */
  readonly activate?: (installed: InstalledVersion) => Promise<void>;
  readonly onProgress?: (message: string) => void;
  readonly onRecovered?: (what: 'restored' | 'finished') => void;
}

export interface InstalledVersion {
  readonly kind: PackageKind;
  readonly name: string;
  readonly version: string;
  readonly from?: string;
  readonly path: string;
  readonly reference: string;
  readonly digest: string;
  readonly state: 'installed' | 'updated' | 'current' | 'would-install' | 'provided';
  readonly requested: boolean;
  readonly signedBy?: string;
}

/**
 * Installs extensions with their dependencies for the user, version beside version: all of it or nothing (09 §12).
 * @param mayUpdate names whose installed version does not count: those that were asked for.
 * @throws ProvisioningError of the resolver and the sources; `EXTENSION_INSTALLATION`, exit 1; `INTERRUPTED`, exit 130.
 */
export function installExtensions(
  session: ArtifactSession,
  modules: readonly Module[],
  options: InstallOptions,
): Promise<readonly InstalledVersion[]> {
  const work = (): Promise<readonly InstalledVersion[]> => install(session, modules, options);
  if (options.check === true) return work();
  return exclusively(userRoot(options.dataFolder), work, options.onRecovered, session.call.signal);
}

async function install(
  session: ArtifactSession,
  modules: readonly Module[],
  options: InstallOptions,
): Promise<readonly InstalledVersion[]> {
  const present = await readUserExtensions(options.dataFolder);
  const newest = newestOf(present);
  const planned = await planDependencies(session, {
    block: { modules, hash: '', warnings: [] },
    lock: asLock(newest),
    installed: newest,
    core: options.core,
    updateOnly: modules.map(({ name }) => name),
    ...(options.provided === undefined ? {} : { provided: options.provided }),
  });
  const steps = planned
    .filter(({ action }) => action !== 'orphan')
    .map((one) => stepOf(one, present, options.dataFolder));
  const changes = steps.filter(({ change }) => change);
  await tellOfEdits(session, steps);
  const signers = new Map<string, string | undefined>();
  for (const { one } of changes) signers.set(one.name, await judge(session, one));
  if (options.check !== true) {
    for (const step of changes) await ask(step, newest, options);
    if (changes.length > 0) await carryOut(session, changes, options, signers);
  }
  return steps.map((step) => {
    const signedBy = signers.get(step.one.name);
    return { ...described(step, options.check === true), ...(signedBy === undefined ? {} : { signedBy }) };
  });
}

interface Step {
  readonly one: PlannedPackage;
  readonly path: string;
  readonly change: boolean;
}

function stepOf(one: PlannedPackage, present: readonly UserExtension[], dataFolder: string): Step {
  const path = userFolder(dataFolder, one.kind, one.name, one.version);
  const there = present.some(({ folder, digest }) => folder === path && digest === one.digest);
  return { one, path, change: one.action !== 'local' && !there };
}

/** Says which folders stay as they are although somebody edited them; taking them back is left to that person. */
async function tellOfEdits(session: ArtifactSession, steps: readonly Step[]): Promise<void> {
  for (const { one, path, change } of steps) {
    if (change || one.action === 'local') continue;
    const origin = await readOrigin(path);
    if (origin === undefined || !(await isEdited(path, origin))) continue;
    session.warn(
      `files in ${path} were edited since it was installed; for the original remove it and install it again: provisioning extension remove ${one.kind}/${one.name}@${one.version}`,
    );
  }
}

function described({ one, path, change }: Step, check: boolean): InstalledVersion {
  const { kind, name, version, from, reference, digest, requested } = one;
  const state = !change
    ? one.action === 'local'
      ? 'provided'
      : 'current'
    : check
      ? 'would-install'
      : from === undefined
        ? 'installed'
        : 'updated';
  return {
    kind,
    name,
    version,
    ...(from === undefined || !change ? {} : { from }),
    path: one.action === 'local' ? reference.replace(/^\w+:/, '') : path,
    reference,
    digest,
    state,
    requested,
  };
}

/** Installed versions as a lock, so that dependencies stay at what is there while it fits. */
function asLock(newest: ReadonlyMap<string, UserExtension>): LockFile {
  return {
    version: 1,
    config_hash: '',
    packages: [...newest.values()].flatMap(({ kind, name, manifest, origin }) =>
      origin === undefined
        ? []
        : [
            {
              name,
              kind,
              version: manifest.version,
              requested: origin.requested === true,
              reference: origin.reference,
              digest: origin.digest,
              integrity: '',
              signed_by: null,
              dependencies: {},
            },
          ],
    ),
  };
}

/** Asks about content of the community, a step to a new major version, and permissions that were not there before. */
async function ask(
  { one }: Step,
  newest: ReadonlyMap<string, UserExtension>,
  options: InstallOptions,
): Promise<void> {
  const { kind, name, version, candidate } = one;
  const before = newest.get(`${kind}/${name}`)?.manifest;
  const permissions = permissionsOf(candidate!.stored.package);
  const reasons: InstallQuestion['reasons'][number][] = [];
  const { channel } = candidate!;
  if (before === undefined && channel === 'community') reasons.push('community');
  if (before !== undefined) {
    if (Number.parseInt(before.version, 10) < Number.parseInt(version, 10)) reasons.push('major');
    const known = permissionsOf(before);
    const wider = Object.entries(permissions).some(([key, list]) =>
      list.some((entry) => known[key]?.includes(entry) !== true),
    );
    if (wider) reasons.push('permissions');
  }
  if (reasons.length === 0) return;
  await options.confirm?.({
    kind,
    name,
    version,
    ...(channel === undefined ? {} : { channel }),
    ...(before === undefined ? {} : { from: before.version }),
    reasons,
    permissions,
  });
}

function permissionsOf(manifest: PackageManifest): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(manifest.permissions ?? {}).filter(([, list]) => Array.isArray(list) && list.length > 0),
  );
}

async function carryOut(
  session: ArtifactSession,
  steps: readonly Step[],
  options: InstallOptions,
  signers: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const journal = new InstallJournal(userRoot(options.dataFolder));
  let current = '';
  try {
    const staged = await mapLimited(steps, session.settings.concurrency, async (step) => {
      current = step.one.name;
      options.onProgress?.(`Fetching ${step.one.name} ${step.one.version}`);
      return { step, staging: await stage(session, journal, step, signers.get(step.one.name)) };
    });
    for (const { step, staging } of staged) {
      current = step.one.name;
      session.call.signal?.throwIfAborted();
      await journal.swap(staging, step.path);
    }
    for (const step of steps) {
      current = step.one.name;
      await options.activate?.(described(step, false));
    }
    await journal.commit();
  } catch (error) {
    await journal.rollBack();
    if (session.call.signal?.aborted === true) throw interrupted('The installation');
    throw failed(current, error);
  }
}

async function stage(
  session: ArtifactSession,
  journal: InstallJournal,
  { one, path }: Step,
  keyId: string | undefined,
): Promise<string> {
  const { source, stored, complete } = one.candidate!;
  const staging = stagingFolder(path);
  await mkdir(dirname(path), { recursive: true });
  await journal.staged(staging);
  await unpack(await source.fetch(stored.content, session.call), staging, session.call);
  await complete?.(staging);
  await writeOrigin(staging, {
    reference: one.reference,
    digest: one.digest,
    content: stored.content.digest,
    tree: await treeDigest(staging),
    requested: one.requested,
  });
  await session.rememberSigned(staging, { keyId, reference: one.reference, digest: one.digest });
  return staging;
}

function failed(name: string, error: unknown): ProvisioningError {
  const cause = error instanceof ProvisioningError ? error : undefined;
  return new ProvisioningError({
    code: 'EXTENSION_INSTALLATION',
    kind: cause?.kind ?? 'failure',
    message: `Installation failed at ${name}: ${error instanceof Error ? error.message : String(error)}; changes were rolled back`,
    ...(cause?.hint === undefined ? {} : { hint: cause.hint }),
    cause: error,
  });
}
