import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parse } from 'smol-toml';
import { checkPair, checkSupport, type CompatibilityMatrix } from '../compatibility/matrix.ts';
import { type ComponentName, componentFolders } from './prefix.ts';
import type { ReleaseSource } from './releases.ts';
import type { Wanted } from './staging.ts';
import { parseChecksums } from './verify.ts';

/** Which versions are to be there. */
export interface Selection {
  readonly components: readonly ComponentName[];
  /** Version of the first component, `latest` by default. */
  readonly version?: string;
  /** A tested set of versions instead (11 §2). */
  readonly bundle?: string;
  /** Take a version that was withdrawn or marked insecure all the same. */
  readonly force?: boolean;
  readonly today: string;
}

export interface Resolved {
  readonly wanted: readonly Wanted[];
  readonly warnings: readonly string[];
}

const archive = (component: string, version: string): string => `provisioning-${component}-${version}.tar.gz`;

/** `linux-amd64`, as release files name this machine (11 §3). */
export function releasePlatform(
  platform = process.platform as string,
  arch = process.arch as string,
): string {
  const system = { darwin: 'macos', win32: 'windows' }[platform] ?? platform;
  return `${system}-${{ x64: 'amd64' }[arch] ?? arch}`;
}

/**
 * The exact versions and files behind a selection.
 * @throws ProvisioningError `RELEASE_NOT_FOUND`, `BUNDLE_NOT_FOUND`, `BUNDLE_WITHDRAWN`, `RELEASE_INSECURE`,
 * `RELEASE_WITHDRAWN`.
 */
export async function resolveSelection(releases: ReleaseSource, selection: Selection): Promise<Resolved> {
  if (selection.bundle !== undefined) return resolveBundle(releases, selection, selection.bundle);
  const [first, ...others] = selection.components;
  if (first === undefined) return { wanted: [], warnings: [] };
  const version = await releases.resolve(first, selection.version ?? 'latest');
  const wanted = [await want(releases, first, version, selection)];
  const { lines } = await releases.index();
  for (const component of others) {
    const together = Object.hasOwn(lines[component]?.versions ?? {}, version);
    const own = together ? version : await releases.resolve(component, 'latest');
    wanted.push(await want(releases, component, own, selection));
  }
  return { wanted, warnings: [] };
}

async function want(
  releases: ReleaseSource,
  component: ComponentName,
  version: string,
  { force }: Selection,
): Promise<Wanted> {
  const known = (await releases.index()).lines[component]?.versions[version];
  const state = known?.insecure === true ? 'insecure' : known?.withdrawn === true ? 'withdrawn' : undefined;
  if (state !== undefined && force !== true) {
    throw new ProvisioningError({
      code: state === 'insecure' ? 'RELEASE_INSECURE' : 'RELEASE_WITHDRAWN',
      message: `${component} ${version} ${state === 'insecure' ? 'is marked insecure' : 'was withdrawn'}`,
      hint: 'install another version; --force installs it all the same',
    });
  }
  return { component, version, release: version, file: archive(component, version) };
}

async function resolveBundle(
  releases: ReleaseSource,
  selection: Selection,
  named: string,
): Promise<Resolved> {
  const { bundles = {}, pointers = {} } = await releases.index();
  const id = pointers[named] ?? named;
  const bundle = bundles[id];
  if (bundle === undefined) {
    throw new ProvisioningError({
      code: 'BUNDLE_NOT_FOUND',
      kind: 'not-found',
      message: `No bundle ${id} at ${releases.base}`,
      hint: `there is: ${[...Object.keys(pointers), ...Object.keys(bundles)].join(', ') || 'none'}`,
    });
  }
  const warning = checkSupport(id, bundle, selection.today, selection.force);
  const versions: Readonly<Partial<Record<ComponentName, string>>> = {
    core: bundle.core,
    platform: bundle.platform,
    ...(bundle.workspace === undefined ? {} : { templates: bundle.workspace }),
  };
  const wanted: Wanted[] = [];
  for (const [component, version] of Object.entries(versions))
    wanted.push(await want(releases, component as ComponentName, version, { ...selection, force: true }));
  return { wanted, warnings: warning === undefined ? [] : [warning] };
}

/**
 * The runtime for the programs of a release, or nothing when the release has none for this machine.
 */
export async function runtimeOf(releases: ReleaseSource, release: string): Promise<Wanted | undefined> {
  const sums = parseChecksums(await releases.text(release, 'checksums.txt'));
  const pattern = new RegExp(`^provisioning-runtime-(.+)-${releasePlatform()}\\.tar\\.gz$`);
  for (const file of sums.keys()) {
    const version = pattern.exec(file)?.[1];
    if (version !== undefined) return { component: 'node', version, release, file };
  }
  return undefined;
}

/** The matrices that components brought along as one; an entry of a later one wins. */
export async function readMatrices(roots: readonly string[]): Promise<CompatibilityMatrix> {
  const core: Record<string, never> = {};
  const platform: Record<string, never> = {};
  for (const root of roots) {
    for (const component of ['core', 'platform'] as const) {
      const file = join(root, componentFolders[component], 'compatibility.toml');
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      const matrix = parse(text) as unknown as CompatibilityMatrix;
      Object.assign(core, matrix.compatibility?.core);
      Object.assign(platform, matrix.compatibility?.platform);
    }
  }
  return { compatibility: { core, platform } };
}

/**
 * Whether the components that will be there go together (11 §2).
 * @returns a warning when nothing is known.
 * @throws ProvisioningError `INCOMPATIBLE_VERSIONS` with the range that would do.
 */
export function checkTogether(
  matrix: CompatibilityMatrix,
  versions: Readonly<Partial<Record<ComponentName, string>>>,
): string | undefined {
  const { core, platform } = versions;
  if (core === undefined || platform === undefined) return undefined;
  const result = checkPair(matrix, core, platform);
  if (result.verdict === 'compatible') return undefined;
  if (result.verdict === 'unknown') return result.message;
  throw new ProvisioningError({
    code: 'INCOMPATIBLE_VERSIONS',
    message: result.message,
    hint: `nothing was changed; choose a version in the range ${result.range}`,
  });
}
