import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { looksEncrypted, shouldBeEncrypted } from '../config/cipher.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Surroundings } from '../config/surroundings.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { loadInfrastructure } from '../infra/load.ts';
import { renderedDefinition } from '../infra/rendered.ts';
import { usage } from './errors.ts';
import { freezePackages } from './freeze-packages.ts';
import {
  type FrozenManifest,
  contentOf,
  filesBelow,
  frozenServerDefaults,
  readOnly,
  versionPattern,
  writable,
} from './frozen.ts';
import { rewriteReferences } from './freeze-references.ts';
import { gitState } from './git.ts';
import { listInfrastructures } from './layout.ts';

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

const ownFolders = ['config', 'infra', 'templates'] as const;
const leftOut = /(^|\/)(local-overrides\.[a-z]+|runtime|generated|tmp|data)(\/|$)|\.lock$/;

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
      ...(record.builtIn === true ? ['core'] : []),
      `${record.type}s`,
      record.category === '' ? record.name : path.join(record.category, record.name),
    );
    await cp(record.path, to, {
      recursive: true,
      dereference: true,
      filter: (source) => !path.relative(record.path, source).split(path.sep).includes('node_modules'),
    });
  }
  await freezePackages(
    target,
    extensions.map((record) => record.path),
  );
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
    serverDefaults: frozenServerDefaults(root),
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
      sha256: await contentOf(path.join(root, file)),
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

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
