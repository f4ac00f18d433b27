import { withFileLock } from '@provisioning/core';
import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { programCommand } from './command-files.ts';
import { checkTogether, readMatrices, resolveSelection, runtimeOf, type Selection } from './plan.ts';
import { type ComponentName, componentPrograms, Prefix, receiptPath } from './prefix.ts';
import { installedVersion, readReceipt, type Receipt } from './receipt.ts';
import type { ReleaseSource } from './releases.ts';
import { stageComponents, type Wanted } from './staging.ts';
import { confirmSwap, removeEmpty, swapTree, undoSwap } from './swap.ts';

const run = promisify(execFile);

/** What every change of an installation needs to know. */
export interface ChangeOptions {
  readonly prefix: string;
  readonly releases: ReleaseSource;
  readonly variant?: string;
  /** How it came: `script`, `command`, `local`. */
  readonly method: string;
  /** Use the Node.js on the path instead of one below the prefix. */
  readonly systemNode: boolean;
  readonly releaseKey?: string;
  readonly requireSignature?: boolean;
  readonly signal?: AbortSignal;
  readonly now: () => Date;
  /** Variables of the programs that are tried after the change. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  readonly warn: (line: string) => void;
}

export interface InstallOptions extends ChangeOptions {
  readonly selection: Selection;
  /** Go on although another version is there (`--yes`). */
  readonly replaceOther: boolean;
  /** Refuse a prefix that is in use (`--no-replace-existing`). */
  readonly refuseUsed?: boolean;
  readonly dryRun?: boolean;
}

export interface InstallResult {
  readonly state: 'installed' | 'already' | 'planned';
  readonly version: string;
  readonly components: readonly { readonly component: string; readonly version: string }[];
  readonly first: boolean;
}

/** @throws ProvisioningError `NO_WRITE_PERMISSION`, exit 4: nobody becomes root silently (11 §5.4). */
export async function checkWritable(prefix: string): Promise<void> {
  let folder = prefix;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  await access(folder, constants.W_OK).catch(() => {
    throw new ProvisioningError({
      code: 'NO_WRITE_PERMISSION',
      kind: 'permission',
      message: `Cannot write to ${prefix}. Use sudo or --prefix=$HOME/.local`,
    });
  });
}

/** Holds the installation's lock; without a prefix before, nothing of it is left when the work fails. */
export async function holding<T>(prefix: Prefix, work: () => Promise<T>): Promise<T> {
  await checkWritable(prefix.root);
  const made = await mkdir(prefix.path('lib'), { recursive: true });
  try {
    return await withFileLock(prefix.locked, work, { timeout: 0, what: 'Another installation' });
  } finally {
    await removeEmpty(prefix, 'lib');
    if (made !== undefined) await rmdir(prefix.root).catch(() => undefined);
  }
}

/**
 * Installs components into a prefix, or adds them to what is there (11 §5). Everything is downloaded, verified and
 * unpacked before anything changes; when the program does not run afterwards all of it is taken back.
 * @throws ProvisioningError with the reason; the prefix is as it was.
 */
export async function install(options: InstallOptions): Promise<InstallResult> {
  const prefix = new Prefix(options.prefix);
  if (options.dryRun === true) return plan(prefix, options);
  return holding(prefix, async () => {
    if (await undoSwap(prefix)) options.warn('An earlier change was cut off; it was taken back');
    const before = await readReceipt(prefix);
    const { wanted, warnings } = await resolveSelection(options.releases, options.selection);
    warnings.forEach(options.warn);
    if (isThere(before, wanted)) return answer('already', before, wanted);
    refuse(prefix, before, wanted, options);
    return change(prefix, before, await withRuntime(wanted, options, before), options);
  });
}

async function plan(prefix: Prefix, options: InstallOptions): Promise<InstallResult> {
  await checkWritable(prefix.root);
  const before = await readReceipt(prefix);
  const { wanted, warnings } = await resolveSelection(options.releases, options.selection);
  warnings.forEach(options.warn);
  for (const { file, release } of await withRuntime(wanted, options, before))
    options.say(`Would install ${file} of release ${release} into ${prefix.root}`);
  return answer('planned', before, wanted);
}

function answer(
  state: InstallResult['state'],
  before: Receipt | undefined,
  wanted: readonly Wanted[],
): InstallResult {
  const components = wanted.map(({ component, version }) => ({ component, version }));
  return { state, version: wanted[0]?.version ?? '0.0.0', components, first: before === undefined };
}

function isThere(before: Receipt | undefined, wanted: readonly Wanted[]): before is Receipt {
  return wanted.every(({ component, version }) => before?.components[component]?.version === version);
}

function refuse(
  prefix: Prefix,
  before: Receipt | undefined,
  wanted: readonly Wanted[],
  options: InstallOptions,
): void {
  if (before === undefined) {
    if (options.refuseUsed === true && existsSync(prefix.path('lib/provisioning'))) throw inUse(prefix);
    return;
  }
  if (options.refuseUsed === true) throw inUse(prefix);
  const other = wanted.find(({ component, version }) => {
    const there = before.components[component]?.version;
    return there !== undefined && there !== version;
  });
  if (other === undefined || options.replaceOther) return;
  throw new ProvisioningError({
    code: 'OTHER_VERSION_INSTALLED',
    message: `Found ${before.components[other.component]!.version}; use upgrade`,
    hint: `provisioning upgrade --version ${other.version}, or --yes to replace it`,
  });
}

function inUse(prefix: Prefix): ProvisioningError {
  return new ProvisioningError({
    code: 'PREFIX_IN_USE',
    message: `There is an installation in ${prefix.root} already`,
    hint: 'leave out --no-replace-existing, or choose another --prefix',
  });
}

/** Adds the Node.js runtime where one is to be below the prefix. */
export async function withRuntime(
  wanted: readonly Wanted[],
  options: ChangeOptions,
  before: Receipt | undefined,
): Promise<readonly Wanted[]> {
  const program = wanted.find(({ component }) => component === 'core' || component === 'platform');
  if (options.systemNode || program === undefined) return wanted;
  const runtime = await runtimeOf(options.releases, program.release);
  if (runtime === undefined) {
    if (before?.components['node'] !== undefined) return wanted;
    throw new ProvisioningError({
      code: 'RUNTIME_NOT_FOUND',
      kind: 'not-found',
      message: `Release ${program.release} has no Node.js runtime for this machine`,
      hint: 'install Node.js 22.18 or newer and use --system-node',
    });
  }
  return before?.components['node']?.version === runtime.version ? wanted : [...wanted, runtime];
}

/** Stages, swaps, tries and confirms. @throws with everything taken back. */
async function change(
  prefix: Prefix,
  before: Receipt | undefined,
  wanted: readonly Wanted[],
  options: InstallOptions,
): Promise<InstallResult> {
  try {
    const receipt = await stageWithReceipt(prefix, before, wanted, options);
    const backup = prefix.backup(before === undefined ? 'none' : `${installedVersion(before)}-partial`);
    try {
      await swapTree(prefix, join(prefix.staging, 'tree'), backup);
      await tryPrograms(prefix, receipt, options);
    } catch (error) {
      await undoSwap(prefix);
      throw error;
    }
    await confirmSwap(prefix);
    await rm(backup, { recursive: true, force: true });
    return answer('installed', before, wanted);
  } finally {
    await rm(prefix.staging, { recursive: true, force: true });
  }
}

/** Stages what is wanted with the receipt that will be true then. @throws when versions do not go together. */
export async function stageWithReceipt(
  prefix: Prefix,
  before: Receipt | undefined,
  wanted: readonly Wanted[],
  options: ChangeOptions,
): Promise<Receipt> {
  const { releases, releaseKey, requireSignature = false, signal, say, warn } = options;
  const staged = await stageComponents({
    prefix,
    releases,
    wanted,
    releaseKey,
    requireSignature,
    signal,
    say,
  });
  const receipt: Receipt = {
    schema: 1,
    method: options.method,
    variant: options.variant ?? before?.variant ?? 'complete',
    date: options.now().toISOString(),
    releases: releases.base,
    components: { ...before?.components, ...staged.components },
  };
  const versions = Object.fromEntries(
    Object.entries(receipt.components).map(([name, { version }]) => [name, version]),
  ) as Partial<Record<ComponentName, string>>;
  const warning = checkTogether(await readMatrices([prefix.root, staged.tree]), versions);
  if (warning !== undefined) warn(warning);
  const file = join(staged.tree, receiptPath);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(receipt, undefined, 2)}\n`);
  return receipt;
}

/**
 * Every component's program must answer its version.
 * @throws ProvisioningError `PROGRAM_DOES_NOT_RUN`.
 */
export async function tryPrograms(
  prefix: Prefix,
  receipt: Receipt,
  { environment, signal }: Pick<ChangeOptions, 'environment' | 'signal'>,
): Promise<void> {
  for (const [component, { version }] of Object.entries(receipt.components)) {
    const program = componentPrograms[component as ComponentName];
    if (program === undefined) continue;
    const [file, words] = programCommand(prefix.path(program), ['--version']);
    const said = await run(file, words, {
      env: environment as NodeJS.ProcessEnv,
      timeout: 120_000,
      signal,
    }).then(
      ({ stdout }) => stdout.trim(),
      (error: { stderr?: string; message: string }) => new Error(error.stderr?.trim() || error.message),
    );
    signal?.throwIfAborted();
    if (said === version) continue;
    const found = said instanceof Error ? said.message.split('\n').slice(-3).join('\n') : `it says ${said}`;
    throw new ProvisioningError({
      code: 'PROGRAM_DOES_NOT_RUN',
      message: `${program} ${version} does not run: ${found}`,
      hint: 'everything was taken back',
    });
  }
}
