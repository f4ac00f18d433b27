import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ArtifactSession } from '../artifacts/session.ts';
import { installFolder } from '../dependencies/installed.ts';
import { InstallJournal } from '../dependencies/journal.ts';
import { formatLock, type LockedPackage, readLock } from '../dependencies/lock-file.ts';
import { exclusively } from '../dependencies/resolve-workspace.ts';
import type { DependencyBlock } from '../dependencies/workspace-block.ts';
import type { PackageKind } from '../extension/kind.ts';
import { notInstalled } from './update.ts';
import { readUserExtensions, type UserExtension, userRoot } from './user-extensions.ts';

export interface RemovedExtension {
  readonly kind: PackageKind;
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

export interface RemoveOptions {
  readonly force?: boolean;
  readonly check?: boolean;
  /** Definitions that use an extension; it is called before anything is removed. */
  readonly usedBy?: (kind: PackageKind, name: string) => Promise<readonly string[]>;
  /** Called for what is about to go: hooks of the extension. */
  readonly deactivate?: (removed: RemovedExtension) => Promise<void>;
}

/**
 * Removes an extension that is installed for the user: one version (`name@version`) or all of them.
 * @throws ProvisioningError `EXTENSION_NOT_INSTALLED`, exit 5; `EXTENSION_IN_USE`, exit 1, unless forced.
 */
export async function removeUserExtension(
  session: Pick<ArtifactSession, 'call'>,
  dataFolder: string,
  text: string,
  options: RemoveOptions = {},
): Promise<readonly RemovedExtension[]> {
  const work = async (): Promise<readonly RemovedExtension[]> => {
    const all = await readUserExtensions(dataFolder);
    const [name = '', version] = text.split('@', 2);
    const chosen = all.filter((one) => one.name === name || `${one.kind}/${one.name}` === name);
    const going = chosen.filter(({ manifest }) => version === undefined || manifest.version === version);
    if (going.length === 0) throw notInstalled(text, all);
    const { kind, name: own } = going[0]!;
    const stays = all.filter((one) => !going.includes(one));
    const last = !stays.some((one) => one.kind === kind && one.name === own);
    if (last && options.force !== true) {
      const users = [...dependents(stays, kind, own), ...((await options.usedBy?.(kind, own)) ?? [])];
      if (users.length > 0) throw inUse(own, users);
    }
    const removed = going.map((one): RemovedExtension => ({
      kind,
      name: own,
      version: one.manifest.version,
      path: one.folder,
    }));
    if (options.check === true) return removed;
    for (const one of removed) await options.deactivate?.(one);
    await takeAway(
      userRoot(dataFolder),
      removed.map(({ path }) => path),
    );
    return removed;
  };
  if (options.check === true) return work();
  return exclusively(userRoot(dataFolder), work, undefined, session.call.signal);
}

/** Installed extensions that need one. */
function dependents(installed: readonly UserExtension[], kind: PackageKind, name: string): readonly string[] {
  return installed
    .filter(({ manifest }) =>
      Object.keys(manifest.dependencies ?? {}).some((one) => one === name || one === `${kind}/${name}`),
    )
    .map(({ name: other, manifest }) => `${other} ${manifest.version}`);
}

/**
 * Removes an extension from a workspace and its lock.
 * @throws ProvisioningError `EXTENSION_NOT_INSTALLED`, exit 5; `EXTENSION_IN_USE`, exit 1, unless forced.
 */
export function removeWorkspaceExtension(
  session: Pick<ArtifactSession, 'call'>,
  workspacePath: string,
  block: DependencyBlock,
  text: string,
  options: RemoveOptions = {},
): Promise<readonly RemovedExtension[]> {
  const work = async (): Promise<readonly RemovedExtension[]> => {
    const lock = await readLock(workspacePath);
    const entry = lock?.packages.find(({ kind, name }) => name === text || `${kind}/${name}` === text);
    if (lock === undefined || entry === undefined) throw notInstalled(text, []);
    const { kind, name, version } = entry;
    if (options.force !== true) {
      const users = [
        ...lock.packages.filter((one) => needs(one, name)).map((one) => `${one.name} ${one.version}`),
        ...block.modules
          .filter((module) => module.kind === kind && module.name === name)
          .map((module) => `dependencies.extensions.modules (${module.text})`),
        ...((await options.usedBy?.(kind, name)) ?? []),
      ];
      if (users.length > 0) throw inUse(name, users);
    }
    const removed = { kind, name, version, path: installFolder(workspacePath, kind, name) };
    if (options.check === true) return [removed];
    await options.deactivate?.(removed);
    const packages = lock.packages.filter((one) => one !== entry);
    await takeAway(workspacePath, [removed.path], await formatLock({ ...lock, packages }));
    return [removed];
  };
  if (options.check === true) return work();
  return exclusively(workspacePath, work, undefined, session.call.signal);
}

function needs(entry: LockedPackage, name: string): boolean {
  return Object.hasOwn(entry.dependencies, name);
}

async function takeAway(root: string, folders: readonly string[], lock?: string): Promise<void> {
  const journal = new InstallJournal(root);
  try {
    for (const folder of folders) await journal.remove(folder);
    await journal.commit(lock);
  } catch (error) {
    await journal.rollBack();
    throw error;
  }
}

function inUse(name: string, users: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'EXTENSION_IN_USE',
    kind: 'conflict',
    message: `Extension '${name}' is in use; used by: ${users.join(', ')}`,
    hint: 'Take it out of what uses it first, or use --force.',
    details: { users },
  });
}
