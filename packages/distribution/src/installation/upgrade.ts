import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { type ChangeOptions, holding, stageWithReceipt, tryPrograms, withRuntime } from './install.ts';
import { resolveSelection } from './plan.ts';
import { type ComponentName, componentFolders, Prefix } from './prefix.ts';
import { installedComponents, installedVersion, readReceipt, type Receipt } from './receipt.ts';
import type { Wanted } from './staging.ts';
import { backupsOf, confirmSwap, swapTree, undoSwap } from './swap.ts';

/** Services that run from the installation: stopped before it changes, started again afterwards. */
export interface ServiceControl {
  /** Lets running work drain and stops. @returns the names of what ran. */
  stop(): Promise<readonly string[]>;
  /** Starts them from what is installed now and waits until they are healthy. */
  start(names: readonly string[]): Promise<void>;
}

export interface UpgradeOptions extends ChangeOptions {
  /** Default `latest`. */
  readonly version?: string;
  readonly bundle?: string;
  readonly allowDowngrade: boolean;
  readonly force?: boolean;
  /** Say what would happen, change nothing. */
  readonly check: boolean;
  readonly services: ServiceControl;
  /** Asks before the change. @throws when the answer is no. */
  readonly confirm: (from: string, to: string) => Promise<void>;
  /** A further look at the new installation; it throws when something is wrong. */
  readonly inspect?: () => Promise<void>;
}

export interface UpgradeResult {
  readonly state: 'upgraded' | 'already' | 'planned' | 'rolled-back';
  readonly from: string;
  readonly to: string;
  readonly changes: readonly { readonly component: string; readonly from: string; readonly to: string }[];
}

/**
 * Brings all installed components to another version (11 §5 "Upgrade"). Everything is downloaded, verified and unpacked
 * while the services still run; whatever fails afterwards, an interruption too, puts the old version and its services
 * back.
 * @throws ProvisioningError `UPGRADE_FAILED` with the reason as its cause, and what the preparation fails with.
 */
export async function upgrade(options: UpgradeOptions): Promise<UpgradeResult> {
  const prefix = new Prefix(options.prefix);
  return holding(prefix, async () => {
    if (await undoSwap(prefix))
      options.warn('An earlier upgrade was cut off; the version before it was restored');
    const before = await mustRead(prefix);
    const from = installedVersion(before);
    const { wanted, warnings } = await resolveUpgrade(before, options);
    warnings.forEach(options.warn);
    const to = wanted[0]!.version;
    const changes = changesOf(before, wanted);
    if (changes.length === 0) return { state: 'already', from, to, changes };
    if (semver.lt(to, from) && !options.allowDowngrade) throw downgrade(from, to);
    if (options.check) return { state: 'planned', from, to, changes };
    await options.confirm(from, to);
    await replaceAll(prefix, before, wanted, options);
    return { state: 'upgraded', from, to, changes };
  });
}

async function mustRead(prefix: Prefix): Promise<Receipt> {
  const receipt = await readReceipt(prefix);
  if (receipt !== undefined) return receipt;
  throw new ProvisioningError({
    code: 'NOT_INSTALLED',
    kind: 'not-found',
    message: `No installation in ${prefix.root}`,
    hint: 'choose the prefix it was installed to: --prefix',
  });
}

async function resolveUpgrade(before: Receipt, options: UpgradeOptions) {
  const { version, bundle, force, releases } = options;
  const today = options.now().toISOString().slice(0, 10);
  const components = [...installedComponents(before)].sort(
    (a, b) => Object.keys(componentFolders).indexOf(a) - Object.keys(componentFolders).indexOf(b),
  );
  return resolveSelection(releases, {
    components,
    today,
    ...(version === undefined ? {} : { version }),
    ...(bundle === undefined ? {} : { bundle }),
    ...(force === undefined ? {} : { force }),
  });
}

function changesOf(before: Receipt, wanted: readonly Wanted[]): UpgradeResult['changes'] {
  return wanted
    .map(({ component, version }) => ({
      component,
      from: before.components[component]?.version ?? 'none',
      to: version,
    }))
    .filter((change) => change.from !== change.to);
}

function downgrade(from: string, to: string): ProvisioningError {
  return new ProvisioningError({
    code: 'DOWNGRADE_REFUSED',
    message: `${to} is older than ${from}`,
    hint: '--allow-downgrade installs it; provisioning upgrade --rollback goes back to the version before',
  });
}

async function replaceAll(
  prefix: Prefix,
  before: Receipt,
  wanted: readonly Wanted[],
  options: UpgradeOptions,
): Promise<void> {
  const version = installedVersion(before);
  try {
    const receipt = await stageWithReceipt(
      prefix,
      before,
      await withRuntime(wanted, options, before),
      options,
    );
    await exchange(prefix, receipt, options, {
      tree: `${prefix.staging}/tree`,
      backup: prefix.backup(version),
      gone: goneFiles(before, receipt),
    });
  } catch (error) {
    throw failed(error, version);
  } finally {
    await rm(prefix.staging, { recursive: true, force: true });
  }
  for (const other of await backupsOf(prefix))
    if (other !== version) await rm(prefix.backup(other), { recursive: true, force: true });
}

/** Stops the services, swaps, tries, starts the services; on any failure the other way round. */
async function exchange(
  prefix: Prefix,
  receipt: Receipt,
  options: UpgradeOptions,
  swap: { readonly tree: string; readonly backup: string; readonly gone: readonly string[] },
): Promise<void> {
  const { services, say, signal } = options;
  say('Stopping services');
  const ran = await services.stop();
  try {
    signal?.throwIfAborted();
    say(`Installing ${installedVersion(receipt)}`);
    await swapTree(prefix, swap.tree, swap.backup, swap.gone);
    await tryPrograms(prefix, receipt, options);
    await options.inspect?.();
    signal?.throwIfAborted();
    await services.start(ran);
    await confirmSwap(prefix);
  } catch (error) {
    await undoSwap(prefix);
    await services.start(ran);
    throw error;
  }
}

/** Files of shared folders that the new version does not have any more. */
function goneFiles(before: Receipt, after: Receipt): readonly string[] {
  const stays = new Set(Object.values(after.components).flatMap(({ files }) => Object.keys(files)));
  const inWhole = (path: string): boolean =>
    Object.values(componentFolders).some((folder) => path.startsWith(`${folder}/`));
  return Object.values(before.components)
    .flatMap(({ files }) => Object.keys(files))
    .filter((path) => !stays.has(path) && !inWhole(path));
}

function failed(cause: unknown, version: string): ProvisioningError {
  const { message, hint, kind } = ProvisioningError.from(cause);
  return new ProvisioningError({
    code: 'UPGRADE_FAILED',
    kind: kind === 'permission' || kind === 'not-found' ? kind : 'failure',
    message: `Upgrade failed: ${message}`,
    hint: `version ${version} is in place as before${hint === undefined ? '' : `; ${hint}`}`,
    cause,
  });
}

/**
 * Goes back to the version before the last upgrade, which takes the place of its backup.
 * @throws ProvisioningError `NO_BACKUP`, exit 5.
 */
export async function rollback(options: UpgradeOptions): Promise<UpgradeResult> {
  const prefix = new Prefix(options.prefix);
  return holding(prefix, async () => {
    if (await undoSwap(prefix)) options.warn('An upgrade was cut off; the version before it was restored');
    const before = await mustRead(prefix);
    const from = installedVersion(before);
    const [to] = (await backupsOf(prefix)).filter((version) => existsSync(prefix.backup(version)));
    const saved = to === undefined ? undefined : await readReceipt(new Prefix(prefix.backup(to)));
    if (to === undefined || saved === undefined) {
      throw new ProvisioningError({
        code: 'NO_BACKUP',
        kind: 'not-found',
        message: `There is no backup of an earlier version in ${prefix.root}`,
        hint: 'install the version you want: provisioning upgrade --version <version> --allow-downgrade',
      });
    }
    const changes = Object.entries(saved.components)
      .map(([component, { version }]) => ({
        component: component as ComponentName,
        from: before.components[component]?.version ?? 'none',
        to: version,
      }))
      .filter((change) => change.from !== change.to);
    if (options.check) return { state: 'planned', from, to, changes };
    await options.confirm(from, to);
    const gone = goneFiles(before, saved);
    await exchange(prefix, saved, options, {
      tree: prefix.backup(to),
      backup: prefix.backup(from),
      gone,
    }).catch((error: unknown) => {
      throw failed(error, from);
    });
    await rm(prefix.backup(to), { recursive: true, force: true });
    return { state: 'rolled-back', from, to, changes };
  });
}
