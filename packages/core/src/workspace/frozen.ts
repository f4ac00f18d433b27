import { createHash } from 'node:crypto';
import { chmod, lstat, readFile, readdir, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Configuration } from '../config/configuration.ts';
import type { Data } from '../config/document.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { loadInfrastructure } from '../infra/load.ts';
import { providerServerDefaults } from '../infra/provider-defaults.ts';
import { renderedDefinition } from '../infra/rendered.ts';
import { sha256Of } from './backup-contents.ts';
import { infraNotFound, usage } from './errors.ts';

/** `manifest.json` of a frozen version (03 §11). */
export interface FrozenManifest {
  readonly version: string;
  readonly environment: string;
  readonly created: string;
  readonly created_by: string;
  readonly system_version: string;
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  readonly infras: readonly string[];
  readonly extensions: readonly { readonly type: string; readonly name: string; readonly version: string }[];
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly digest: string;
}

/** How a frozen version may be called. */
export const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Checksum of a file, or of where a link leads. */
export async function contentOf(file: string): Promise<string> {
  if (!(await lstat(file)).isSymbolicLink()) return sha256Of(file);
  return createHash('sha256')
    .update(`link ${await readlink(file)}`)
    .digest('hex');
}

/** Manifests of the frozen versions, newest first. */
export async function listFrozen(workspace: string): Promise<FrozenManifest[]> {
  const names = await readdir(path.join(workspace, '.frozen')).catch((): string[] => []);
  const found: FrozenManifest[] = [];
  for (const name of names.filter((one) => !one.startsWith('.'))) {
    const manifest = await readManifest(workspace, name).catch(() => undefined);
    if (manifest !== undefined) found.push(manifest);
  }
  return found.sort((a, b) => b.created.localeCompare(a.created));
}

/** @throws ProvisioningError `FROZEN_NOT_FOUND` (exit 5) with the versions there are */
export async function readManifest(workspace: string, version: string): Promise<FrozenManifest> {
  const file = path.join(workspace, '.frozen', version, 'manifest.json');
  const text = versionPattern.test(version) ? await readFile(file, 'utf8').catch(() => undefined) : undefined;
  if (text !== undefined) return JSON.parse(text) as FrozenManifest;
  const names = await readdir(path.join(workspace, '.frozen')).catch((): string[] => []);
  throw new ProvisioningError({
    code: 'FROZEN_NOT_FOUND',
    kind: 'not-found',
    message: `Frozen version '${version}' not found`,
    hint: `Versions: ${names.filter((one) => !one.startsWith('.')).join(', ') || 'none'}`,
  });
}

/**
 * Checks every file of a frozen version.
 * @throws ProvisioningError `FROZEN_MODIFIED` (exit 1) naming the file
 */
export async function verifyFrozen(workspace: string, version: string): Promise<FrozenManifest> {
  const manifest = await readManifest(workspace, version);
  const root = path.join(workspace, '.frozen', version);
  const modified = (file: string): ProvisioningError =>
    new ProvisioningError({
      code: 'FROZEN_MODIFIED',
      message: `Frozen version '${version}' was modified: ${file}`,
      hint: 'A frozen version never changes. Freeze a new one.',
    });
  const known = new Set(manifest.files.map((file) => file.path));
  for (const file of await filesBelow(root))
    if (file !== 'manifest.json' && !known.has(file)) throw modified(file);
  for (const file of manifest.files) {
    const actual = await contentOf(path.join(root, file.path)).catch(() => '');
    if (actual !== file.sha256) throw modified(file.path);
  }
  const digest = createHash('sha256')
    .update(manifest.files.map((file) => `${file.sha256}  ${file.path}\n`).join(''))
    .digest('hex');
  if (digest !== manifest.digest) throw modified('manifest.json');
  return manifest;
}

/** What the extensions of a frozen version, and no others, say of servers. */
export function frozenServerDefaults(root: string): (provider: string) => Promise<Data> {
  const extensions = new ExtensionCatalogue({ moduleUrls: [], only: path.join(root, 'extensions') });
  return (provider) => providerServerDefaults(provider, { extensions });
}

/** A frozen infrastructure, verified and equal to what was rendered when it was frozen. */
export interface FrozenInfrastructure {
  readonly manifest: FrozenManifest;
  readonly infrastructure: Infrastructure;
  readonly configuration?: Configuration;
  /** The workspace as it was. */
  readonly workspacePath: string;
  /** Extensions come from here and nowhere else. */
  readonly extensionsPath: string;
}

/**
 * Opens an infrastructure of a frozen version for `deploy --frozen`.
 * @throws ProvisioningError `FROZEN_NOT_FOUND` (5), `FROZEN_MODIFIED` (1), `FROZEN_DIFFERS` (1)
 */
export async function openFrozen(
  surroundings: Surroundings,
  workspace: { readonly name: string; readonly path: string },
  version: string,
  infra: string,
  options: {
    /** Loads the configuration of the snapshot; secrets and variables come from the present environment. */
    readonly configure?: (workspacePath: string, environment: string) => Promise<Configuration>;
  } = {},
): Promise<FrozenInfrastructure> {
  const manifest = await verifyFrozen(workspace.path, version);
  const root = path.join(workspace.path, '.frozen', version);
  const place = {
    workspacePath: path.join(root, 'workspace'),
    workspaceName: workspace.name,
    infra,
    environment: manifest.environment,
    surroundings,
    serverDefaults: frozenServerDefaults(root),
  };
  if (!manifest.infras.includes(infra)) throw infraNotFound(infra, workspace.name, manifest.infras);
  const plain = await loadInfrastructure(place);
  const rendered = await readFile(path.join(root, 'workspace', 'rendered', `${infra}.json`), 'utf8');
  if (renderedDefinition(plain) !== rendered) {
    throw new ProvisioningError({
      code: 'FROZEN_DIFFERS',
      message: `Frozen version '${version}' of '${infra}' does not evaluate to what was frozen`,
      hint: 'The definition depends on something outside the snapshot (time, environment). Freeze it again without that.',
    });
  }
  const configuration = await options.configure?.(place.workspacePath, manifest.environment);
  const infrastructure =
    configuration === undefined ? plain : await loadInfrastructure({ ...place, configuration });
  return {
    manifest,
    infrastructure,
    workspacePath: place.workspacePath,
    extensionsPath: path.join(root, 'extensions'),
    ...(configuration === undefined ? {} : { configuration }),
  };
}

/** Removes a frozen version. `deployed` is the version recorded as deployed; it stays. */
export async function removeFrozen(
  workspace: string,
  version: string,
  options: { readonly force: boolean; readonly deployed?: string },
): Promise<void> {
  await readManifest(workspace, version);
  if (!options.force) throw usage(`Removing frozen version '${version}' needs --force`, 'FORCE_REQUIRED');
  if (options.deployed === version) {
    throw new ProvisioningError({
      code: 'FROZEN_DEPLOYED',
      kind: 'conflict',
      message: `Frozen version '${version}' is deployed and stays`,
    });
  }
  const root = path.join(workspace, '.frozen', version);
  await writable(root);
  await rm(root, { recursive: true, force: true });
}

/** Files below a folder, relative, in order. */
export async function filesBelow(root: string, folder = ''): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(root, name)));
    else files.push(name);
  }
  return files.sort();
}

/** Takes away every right to write. */
export async function readOnly(root: string): Promise<void> {
  await setModes(root, (mode) => ((mode & 0o111) === 0 ? 0o400 : 0o500));
}

/** Gives it back, to remove the tree. */
export async function writable(root: string): Promise<void> {
  await setModes(root, () => 0o600).catch(() => undefined);
}

async function setModes(root: string, change: (mode: number) => number): Promise<void> {
  for (const file of await filesBelow(root)) {
    const found = await lstat(path.join(root, file));
    if (!found.isSymbolicLink()) await chmod(path.join(root, file), change(found.mode));
  }
}
