import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { looksEncrypted, shouldBeEncrypted } from '../config/cipher.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Surroundings } from '../config/surroundings.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { loadInfrastructure } from '../infra/load.ts';
import { renderedDefinition } from '../infra/rendered.ts';
import { sha256Of } from './backup-contents.ts';
import { usage } from './errors.ts';
import { rewriteReferences } from './freeze-references.ts';
import { gitState } from './git.ts';
import { listInfrastructures } from './layout.ts';

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

export interface FreezeOptions {
  readonly surroundings: Surroundings;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly version: string;
  readonly systemVersion: string;
  readonly environment?: string;
  /** Default: all infrastructures. */
  readonly infras?: readonly string[];
  /** Finds an extension by kind and name with all it depends on. @throws when one is missing */
  readonly extensions: (
    kind: 'provider' | 'taskserv' | 'cluster',
    name: string,
  ) => Promise<readonly ExtensionRecord[]>;
  /** Folder of the SDK that TypeScript definitions import. */
  readonly sdk?: string;
  readonly check?: boolean;
  readonly signal?: AbortSignal;
}

const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const ownFolders = ['config', 'infra', 'templates'] as const;
const leftOut = /(^|\/)(local-overrides\.[a-z]+|runtime|generated|tmp|data|\.manifest)(\/|$)|\.lock$/;

/**
 * Makes an immutable, self-contained snapshot of the workspace (03 §11). A failure or an interruption leaves nothing.
 * @throws ProvisioningError `FROZEN_EXISTS` (1), `FREEZE_REFERENCE`, anything a load of the workspace throws
 */
export async function freezeWorkspace(options: FreezeOptions): Promise<FrozenManifest> {
  const { workspace, version } = options;
  if (!versionPattern.test(version))
    throw usage(
      `Invalid version '${version}'`,
      'INVALID_VERSION',
      'Use letters, digits, dots, hyphens and underscores.',
    );
  const root = path.join(workspace.path, '.frozen');
  const target = path.join(root, version);
  if (await exists(target)) {
    throw new ProvisioningError({
      code: 'FROZEN_EXISTS',
      kind: 'conflict',
      message: `Frozen version '${version}' already exists`,
    });
  }
  const infras = options.infras ?? (await listInfrastructures(workspace.path));
  const configuration = await loadConfiguration({
    surroundings: options.surroundings,
    workspace,
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  const loaded: Infrastructure[] = [];
  for (const infra of infras) {
    loaded.push(
      await loadInfrastructure({
        workspacePath: workspace.path,
        workspaceName: workspace.name,
        infra,
        environment: configuration.environment,
        surroundings: options.surroundings,
        configuration,
      }),
    );
  }
  const extensions = await usedExtensions(options, loaded);
  const temporary = path.join(root, `.${version}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  try {
    await copyTree(options, temporary, extensions);
    await rewriteReferences(temporary, options);
    options.signal?.throwIfAborted();
    await renderAll(options, temporary, infras, configuration.environment);
    const manifest = await manifestOf(options, temporary, infras, extensions, configuration.environment);
    if (options.check === true) await rm(temporary, { recursive: true, force: true });
    else {
      await writeFile(path.join(temporary, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      await readOnly(temporary);
      await rename(temporary, target);
    }
    return manifest;
  } catch (error) {
    await writable(temporary);
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Every extension the infrastructures name, with dependencies, once. */
async function usedExtensions(
  options: FreezeOptions,
  loaded: readonly Infrastructure[],
): Promise<ExtensionRecord[]> {
  const wanted = new Map<string, readonly ['provider' | 'taskserv', string]>();
  for (const infrastructure of loaded) {
    for (const server of infrastructure.servers) {
      wanted.set(`provider ${server.provider}`, ['provider', server.provider]);
      for (const { name } of server.taskservs) wanted.set(`taskserv ${name}`, ['taskserv', name]);
    }
  }
  const found = new Map<string, ExtensionRecord>();
  for (const [kind, name] of wanted.values()) {
    for (const record of await options.extensions(kind, name))
      found.set(`${record.type} ${record.name}`, record);
  }
  return [...found.values()].sort((a, b) => `${a.type}/${a.name}`.localeCompare(`${b.type}/${b.name}`));
}

async function copyTree(
  options: FreezeOptions,
  target: string,
  extensions: readonly ExtensionRecord[],
): Promise<void> {
  const { workspace } = options;
  for (const folder of ownFolders) {
    const from = path.join(workspace.path, folder);
    if (!(await exists(from))) continue;
    await cp(from, path.join(target, 'workspace', folder), {
      recursive: true,
      dereference: true,
      filter: async (source) => {
        const relative = path.relative(workspace.path, source).split(path.sep).join('/');
        return !leftOut.test(relative) && !(await isPlainSecret(source));
      },
    });
  }
  for (const record of extensions) {
    const to = path.join(
      target,
      'extensions',
      `${record.type}s`,
      record.category === '' ? record.name : path.join(record.category, record.name),
    );
    await cp(record.path, to, {
      recursive: true,
      dereference: true,
      filter: (source) => !path.relative(record.path, source).split(path.sep).includes('node_modules'),
    });
  }
  if (options.sdk !== undefined) {
    await cp(options.sdk, path.join(target, 'provisioning', 'sdk'), {
      recursive: true,
      dereference: true,
      filter: (source) =>
        !/\.test\.ts$/.test(source) &&
        !path.relative(options.sdk!, source).split(path.sep).includes('node_modules'),
    });
  }
}

/** Files that may only hold secrets are left out when they are not encrypted. */
async function isPlainSecret(file: string): Promise<boolean> {
  if (!shouldBeEncrypted(file)) return false;
  const bytes = await readFile(file).catch(() => undefined);
  return bytes !== undefined && !looksEncrypted(bytes);
}

/** Evaluates each infrastructure inside the snapshot and keeps the result. */
async function renderAll(
  options: FreezeOptions,
  root: string,
  infras: readonly string[],
  environment: string,
): Promise<void> {
  for (const infra of infras) {
    const file = path.join(root, 'workspace', 'rendered', `${infra}.json`);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(
      file,
      await renderFrozen(options.surroundings, options.workspace.name, root, infra, environment),
    );
  }
}

async function renderFrozen(
  surroundings: Surroundings,
  name: string,
  root: string,
  infra: string,
  environment: string,
): Promise<string> {
  const workspacePath = path.join(root, 'workspace');
  const infrastructure = await loadInfrastructure({
    workspacePath,
    workspaceName: name,
    infra,
    environment,
    surroundings,
  });
  return renderedDefinition(infrastructure);
}

async function manifestOf(
  options: FreezeOptions,
  root: string,
  infras: readonly string[],
  extensions: readonly ExtensionRecord[],
  environment: string,
): Promise<FrozenManifest> {
  const files = await Promise.all(
    (await filesBelow(root)).map(async (file) => ({
      path: file,
      sha256: await sha256Of(path.join(root, file)),
    })),
  );
  const digest = createHash('sha256')
    .update(files.map((file) => `${file.sha256}  ${file.path}\n`).join(''))
    .digest('hex');
  return {
    version: options.version,
    environment,
    created: options.surroundings.now().toISOString(),
    created_by: options.surroundings.env['USER'] ?? '',
    system_version: options.systemVersion,
    git: await gitState(options.workspace.path),
    infras: [...infras],
    extensions: extensions.map(({ type, name, version }) => ({ type, name, version })),
    files,
    digest,
  };
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
    const actual = await sha256Of(path.join(root, file.path)).catch(() => '');
    if (actual !== file.sha256) throw modified(file.path);
  }
  const digest = createHash('sha256')
    .update(manifest.files.map((file) => `${file.sha256}  ${file.path}\n`).join(''))
    .digest('hex');
  if (digest !== manifest.digest) throw modified('manifest.json');
  return manifest;
}

/** A frozen infrastructure, verified and equal to what was rendered when it was frozen. */
export interface FrozenInfrastructure {
  readonly manifest: FrozenManifest;
  readonly infrastructure: Infrastructure;
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
): Promise<FrozenInfrastructure> {
  const manifest = await verifyFrozen(workspace.path, version);
  const root = path.join(workspace.path, '.frozen', version);
  const infrastructure = await loadInfrastructure({
    workspacePath: path.join(root, 'workspace'),
    workspaceName: workspace.name,
    infra,
    environment: manifest.environment,
    surroundings,
  });
  const rendered = await readFile(path.join(root, 'workspace', 'rendered', `${infra}.json`), 'utf8');
  if (renderedDefinition(infrastructure) !== rendered) {
    throw new ProvisioningError({
      code: 'FROZEN_DIFFERS',
      message: `Frozen version '${version}' of '${infra}' does not evaluate to what was frozen`,
      hint: 'The definition depends on something outside the snapshot (time, environment). Freeze it again without that.',
    });
  }
  return { manifest, infrastructure, extensionsPath: path.join(root, 'extensions') };
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

async function filesBelow(root: string, folder = ''): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(root, name)));
    else files.push(name);
  }
  return files.sort();
}

async function readOnly(root: string): Promise<void> {
  for (const file of await filesBelow(root)) await chmod(path.join(root, file), 0o400);
}

async function writable(root: string): Promise<void> {
  for (const file of await filesBelow(root).catch((): string[] => []))
    await chmod(path.join(root, file), 0o600);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
