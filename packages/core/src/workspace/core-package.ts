import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { editorSchemas } from '../config/export-schemas.ts';
import { compareVersions } from '../extensions/version.ts';
import { makeFolder, withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { packTree } from './backup-archive.ts';
import { sha256Of } from './backup-contents.ts';
import { copyPackages } from './freeze-packages.ts';
import { cloneTag, remoteHasTag } from './git.ts';
import { usage } from './errors.ts';

/** Where the core package of a workspace, schemas and SDK, comes from (03 §4.4). */
export const coreSources = ['workspace-home', 'home-package', 'git-package', 'publish-repo'] as const;
export type CoreSource = (typeof coreSources)[number];

/** `dependencies.core` of the configuration. */
export interface CoreSettings {
  readonly source: CoreSource;
  /** Repository of `git-package`. */
  readonly url?: string;
  /** Tag of the repository, default `v<version>`. */
  readonly tag?: string;
  /** Package registry of `publish-repo`, default that of npm's own settings. */
  readonly registry?: string;
}

export interface CorePackage extends CoreSettings {
  readonly version: string;
  /** User data: `home-package` is shared by the workspaces of a user. */
  readonly data: string;
  /** Whether definitions are TypeScript: they import the SDK, the others need its schemas only. */
  readonly code: boolean;
}

const sdkName = '@provisioning/extensions-sdk';
/** Folder of the core package in a workspace. */
export const corePackageFolder = path.join('.provisioning', 'packages');
const recordFile = 'packages.json';

/**
 * Whether the source can be had (03 §4.2 step 2); nothing is changed.
 * @throws ProvisioningError `CORE_SOURCE_UNREACHABLE`, `CORE_SOURCE_URL` (2)
 */
export async function checkCoreSource(core: CorePackage, signal?: AbortSignal): Promise<void> {
  if (core.source === 'git-package') {
    const { url, tag } = gitSource(core);
    if (!(await remoteHasTag(url, tag))) throw unreachable(core, `no tag ${tag} at ${url}`);
  }
  if (core.source === 'publish-repo') {
    await npm(core, ['view', `${sdkName}@${core.version}`, 'version'], signal);
  }
}

/**
 * Puts the core package into a workspace: an older copy is replaced (03 §4.2 step 4).
 * @throws ProvisioningError `CORE_PACKAGE_NEWER` (1), `CORE_SOURCE_UNREACHABLE` (1)
 */
export async function installCorePackage(
  workspace: string,
  core: CorePackage,
  signal?: AbortSignal,
): Promise<void> {
  const target = path.join(workspace, corePackageFolder);
  await refuseNewerPackage(workspace, core.version);
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  if (core.source === 'home-package') {
    const shared = await sharedPackage(core);
    await rm(target, { recursive: true, force: true });
    await symlink(shared, target, 'dir');
    return;
  }
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await fill(partial, core, signal);
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
}

/** Files beside the definitions that a language needs to find the core package: `package.json` for TypeScript. */
export function coreManifest(core: CorePackage, name: string): Record<string, string> {
  if (!core.code) return {};
  const local = `file:${corePackageFolder.replaceAll(path.sep, '/')}/${sdkName}`;
  const from: Readonly<Record<CoreSource, () => string>> = {
    'workspace-home': () => local,
    'home-package': () => local,
    'git-package': () => `git+${gitSource(core).url}#${gitSource(core).tag}`,
    'publish-repo': () => core.version,
  };
  const manifest = { name, private: true, type: 'module', dependencies: { [sdkName]: from[core.source]() } };
  return { 'package.json': `${JSON.stringify(manifest, null, 2)}\n` };
}

async function fill(folder: string, core: CorePackage, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { source, version } = core;
  if (source === 'git-package') {
    const { url, tag } = gitSource(core);
    await cloneTag(url, tag, path.join(folder, 'provisioning'));
  } else if (source === 'publish-repo') {
    const how = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    await npm(core, [...how, `${sdkName}@${version}`], signal);
  } else {
    await mkdir(path.join(folder, 'schemas'), { mode: 0o700 });
    for (const [name, schema] of Object.entries(editorSchemas()))
      await writeFile(path.join(folder, 'schemas', name), `${JSON.stringify(schema, null, 2)}\n`);
    if (core.code) await copySdk(folder);
  }
  await writeFile(path.join(folder, recordFile), `${JSON.stringify({ version, source }, null, 2)}\n`);
}

/** The SDK with what it imports, linked so that it finds it (as in a frozen version). */
async function copySdk(folder: string): Promise<void> {
  const sdk = sdkFolder();
  const target = path.join(folder, sdkName);
  await cp(sdk, target, {
    recursive: true,
    dereference: true,
    filter: (source) =>
      !path.relative(sdk, source).split(path.sep).includes('node_modules') && !/\.test\.ts$/.test(source),
  });
  const links = path.join(folder, 'node_modules');
  await copyPackages([sdk], folder, links);
  const link = path.join(links, sdkName);
  await mkdir(path.dirname(link), { recursive: true, mode: 0o700 });
  await symlink(path.relative(path.dirname(link), target), link, 'dir');
}

function sdkFolder(): string {
  const entry = fileURLToPath(import.meta.resolve(sdkName));
  return path.dirname(path.dirname(entry));
}

/** `<user data>/packages/<version>`, made once, with an archive of it and its line in `packages.json`. */
async function sharedPackage(core: CorePackage): Promise<string> {
  const packages = path.join(core.data, 'packages');
  const folder = path.join(packages, core.version);
  const index = path.join(packages, recordFile);
  await makeFolder(packages, 0o700);
  await withFileLock(index, async () => {
    const known = await readIndex(index);
    if (known.some(({ version }) => version === core.version)) return;
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    // Shared by definitions in any language.
    await fill(partial, { ...core, code: true }, undefined);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    const file = `provisioning-${core.version}.tar.gz`;
    const archive = path.join(packages, file);
    await packTree(archive, folder, await filesOf(folder));
    const entry = { name: 'provisioning', version: core.version, file, sha256: await sha256Of(archive) };
    await writeFileAtomic(index, `${JSON.stringify({ packages: [...known, entry] }, null, 2)}\n`);
  });
  return folder;
}

async function readIndex(file: string): Promise<readonly { readonly version: string }[]> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  return (JSON.parse(text) as { packages?: { version: string }[] }).packages ?? [];
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** @throws ProvisioningError `CORE_PACKAGE_NEWER` (1): a newer system made the workspace */
export async function refuseNewerPackage(workspace: string, version: string): Promise<void> {
  const text = await readFile(path.join(workspace, corePackageFolder, recordFile), 'utf8').catch(() => '{}');
  const installed = (JSON.parse(text) as { version?: string }).version;
  if (installed === undefined || compareVersions(installed, version) <= 0) return;
  throw new ProvisioningError({
    code: 'CORE_PACKAGE_NEWER',
    kind: 'conflict',
    message: `Installed package ${installed} is newer than this version ${version}`,
    hint: 'Upgrade the provisioning system: provisioning upgrade',
  });
}

function gitSource({ url, tag, version }: CorePackage): { readonly url: string; readonly tag: string } {
  if (url !== undefined) return { url, tag: tag ?? `v${version}` };
  throw usage(
    'No repository is configured for the core package',
    'CORE_SOURCE_URL',
    'Name it: provisioning config set dependencies.core.url <address>',
  );
}

/** npm reads its own settings: registry, proxy and token are the user's. */
function npm(
  core: CorePackage,
  parameters: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const registry = core.registry === undefined ? [] : ['--registry', core.registry];
  return new Promise((resolve, reject) => {
    const options = { timeout: 120_000, ...(signal === undefined ? {} : { signal }) };
    execFile(
      'npm',
      [...parameters, ...registry, '--fetch-retries', '0'],
      options,
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout.trim());
        if (signal?.aborted === true) return reject(error);
        const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
        const reason = missing
          ? 'npm not found'
          : (/^npm error (?!code)(.+)$/m.exec(stderr)?.[1] ?? 'npm failed');
        reject(unreachable(core, reason));
      },
    );
  });
}

function unreachable({ source }: CoreSettings, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'CORE_SOURCE_UNREACHABLE',
    kind: 'unavailable',
    message: `The core package cannot be had from ${source}: ${reason}`,
    hint: 'Without a network: --dep-option workspace-home',
  });
}
