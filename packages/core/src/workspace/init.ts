import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError, namePattern } from '@provisioning/extensions-sdk';
import { type Surroundings, expandHome, userDirectories } from '../config/surroundings.ts';
import { fileError, makeFolder } from '../files/atomic.ts';
import {
  checkCoreSource,
  coreManifest,
  type CorePackage,
  corePackageFolder,
  type CoreSettings,
  installCorePackage,
  refuseNewerPackage,
} from './core-package.ts';
import { usage } from './errors.ts';
import { type NewWorkspace, workspaceFiles } from './generated-files.ts';
import { type WorkspaceFormat, inFormat } from './format.ts';
import { infraReadme } from './generate-infra.ts';
import { isWorkspace, mainFile } from '../config/definition-formats.ts';
import { infraDirectories, workspaceDirectories } from './layout.ts';
import { checkWorkspaceName } from './reference.ts';
import type { RegisteredWorkspace } from './legacy-registry.ts';
import { WorkspaceRegistry } from './registry.ts';
import { templateOf, type WorkspaceTemplate } from './templates/index.ts';

export interface InitOptions {
  readonly surroundings: Surroundings;
  /** Version of the installed system, for the metadata. */
  readonly version: string;
  /** NAME or PATH: with a separator, a leading `~` or `.` it is a path. */
  readonly target?: string;
  /** Path, when `target` is a name. */
  readonly path?: string;
  readonly name?: string;
  readonly description?: string;
  /** Name of a template, or the content itself. */
  readonly template?: string | WorkspaceTemplate;
  readonly infra?: string;
  readonly noInfra?: boolean;
  readonly providers?: readonly string[];
  /** Where the core package comes from, default a copy in the workspace (03 §4.4). */
  readonly core?: CoreSettings;
  /** Language of the definitions and of the main file, default TOML. */
  readonly format?: WorkspaceFormat;
  readonly activate?: boolean;
  readonly overwrite?: boolean;
  /** Directory of workspaces given by name only (`paths.workspaces`), default `~/workspaces`. */
  readonly workspaces?: string;
  /** Only say what would be made. */
  readonly check?: boolean;
  /** False for a workspace of one command: it is made at its path, and nobody else hears of it. */
  readonly registered?: boolean;
  readonly signal?: AbortSignal;
}

export interface InitResult {
  readonly name: string;
  readonly path: string;
  readonly infra?: string;
  readonly activated: boolean;
  /** Files made, relative to the workspace. */
  readonly files: readonly string[];
  /** Where an existing directory was saved to. */
  readonly backup?: string;
}

/**
 * Makes a workspace (03 §4). Everything is built in a directory beside the target and moved there at the end: a
 * failure or an interruption leaves nothing behind.
 * @throws ProvisioningError `WORKSPACE_EXISTS` (1), `INVALID_WORKSPACE_NAME`, `TEMPLATE_NOT_FOUND` (2)
 */
export async function initWorkspace(options: InitOptions): Promise<InitResult> {
  const template = templateOf(options.template);
  const place = target(options);
  checkWorkspaceName(place.name);
  const infra = options.noInfra === true ? undefined : (options.infra ?? template.infra);
  if (infra !== undefined && !new RegExp(namePattern).test(infra)) {
    throw usage(
      `Invalid name: ${infra}`,
      'INVALID_INFRA_NAME',
      'Use lower-case letters, digits and hyphens.',
    );
  }
  const registry = new WorkspaceRegistry(options.surroundings);
  const known = await registry.read();
  await checkTarget(place, known.workspaces, options.overwrite ?? false);
  const workspace: NewWorkspace = {
    name: place.name,
    path: place.path,
    description: options.description ?? '',
    infra,
    providers: [...new Set([...(options.providers ?? ['local']), ...(template.providers ?? [])])],
    template,
    created: options.surroundings.now().toISOString(),
    version: options.version,
    dependency: options.core?.source ?? 'workspace-home',
  };
  const core: CorePackage = {
    ...(options.core ?? { source: 'workspace-home' }),
    version: options.version,
    data: userDirectories(options.surroundings).data,
    code: options.format === 'ts',
  };
  const files = {
    ...inFormat(allFiles(workspace), options.format ?? 'toml'),
    ...coreManifest(core, place.name),
  };
  const activated = options.activate === true || known.active_workspace === '';
  const result = {
    name: place.name,
    path: place.path,
    activated,
    files: Object.keys(files).sort(),
    ...(infra === undefined ? {} : { infra }),
  };
  if (options.check === true) return result;
  await checkCoreSource(core, options.signal);
  if (options.registered !== false) await registry.requireWritable();
  const backup = await build({ ...place, files, infra, core, signal: options.signal });
  if (options.registered === false) return result;
  await register(
    registry,
    {
      name: place.name,
      path: place.path,
      last_used: workspace.created,
      ...(infra === undefined ? {} : { default_infra: infra }),
    },
    activated,
  ).catch(async (error: unknown) => {
    // A workspace that nothing knows of would be in the way of the next try.
    if (backup === undefined) await rm(place.path, { recursive: true, force: true });
    throw error;
  });
  return { ...result, ...(backup === undefined ? {} : { backup }) };
}

interface Place {
  readonly name: string;
  readonly path: string;
}

/** NAME, PATH, or both (03 §4.1). */
function target({ surroundings, ...options }: InitOptions): Place {
  const resolve = (text: string): string =>
    path.resolve(surroundings.cwd, expandHome(text, surroundings.home));
  const argument = options.target;
  const isPath =
    argument !== undefined &&
    (/^[~.]/.test(argument) || argument.includes('/') || argument.includes(path.sep));
  const wherePath = options.path ?? (isPath ? argument : undefined);
  const name =
    options.name ??
    (isPath ? undefined : argument) ??
    (wherePath === undefined ? undefined : path.basename(resolve(wherePath)));
  if (name === undefined || name === '')
    throw usage('Missing required argument: workspace name', 'MISSING_ARGUMENT');
  const home = options.workspaces ?? '~/workspaces';
  return { name, path: wherePath === undefined ? path.join(resolve(home), name) : resolve(wherePath) };
}

async function checkTarget(
  place: Place,
  known: readonly RegisteredWorkspace[],
  overwrite: boolean,
): Promise<void> {
  const same = known.find((workspace) => workspace.name === place.name);
  if (same !== undefined && same.path !== place.path) {
    throw exists(same.path, `A workspace named '${place.name}' is registered at ${same.path}.`);
  }
  const found = await readdir(place.path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(place.path, error);
  });
  if (found.length > 0 && !overwrite) throw exists(place.path);
  for (
    let parent = path.dirname(place.path);
    parent !== path.dirname(parent);
    parent = path.dirname(parent)
  ) {
    if (isWorkspace(parent)) {
      throw usage(
        `The path ${place.path} is inside the workspace ${parent}`,
        'WORKSPACE_NESTED',
        'Choose a path outside of it.',
      );
    }
  }
}

function exists(where: string, hint?: string): ProvisioningError {
  return new ProvisioningError({
    code: 'WORKSPACE_EXISTS',
    kind: 'conflict',
    message: `Workspace exists: ${where}. Use --overwrite or choose another name`,
    ...(hint === undefined ? {} : { hint }),
  });
}

function allFiles(workspace: NewWorkspace): Record<string, string> {
  const files = workspaceFiles(workspace);
  if (workspace.infra === undefined) return files;
  const input = {
    workspace: workspace.name,
    infra: workspace.infra,
    provider: workspace.providers[0] ?? 'local',
  };
  for (const file of workspace.template.files(input))
    files[path.join('infra', workspace.infra, file.path)] = file.text;
  files[path.join('infra', workspace.infra, 'README.md')] = infraReadme(workspace.infra, workspace.template);
  return files;
}

/** Builds beside the target, then moves it there; an existing directory is backed up and its definitions are kept. */
async function build(wish: {
  readonly path: string;
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly infra: string | undefined;
  readonly core: CorePackage;
  readonly signal: AbortSignal | undefined;
}): Promise<string | undefined> {
  const { path: destination, name, files, infra, core, signal } = wish;
  const parent = path.dirname(destination);
  const temporary = path.join(parent, `.${name}.init-${process.pid}`);
  const firstMade = await makeFolder(parent);
  try {
    await writeTree(temporary, files, infra, signal);
    await installCorePackage(temporary, core, signal);
    return await moveInto(temporary, destination, files, core.version);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (firstMade !== undefined) await rm(firstMade, { recursive: true, force: true });
    throw error instanceof ProvisioningError || signal?.aborted === true
      ? error
      : fileError(destination, error);
  }
}

async function writeTree(
  root: string,
  files: Readonly<Record<string, string>>,
  infra: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(root, { mode: 0o700 });
  const directories = [
    ...workspaceDirectories,
    ...(infra === undefined ? [] : infraDirectories.map((directory) => `infra/${infra}/${directory}`)),
  ];
  for (const directory of directories)
    await mkdir(path.join(root, directory), { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(files)) {
    signal?.throwIfAborted();
    const full = path.join(root, file);
    await mkdir(path.dirname(full), { recursive: true, mode: 0o700 });
    await writeFile(full, text, { mode: /^(config|\.provisioning)\//.test(file) ? 0o600 : 0o644 });
  }
  signal?.throwIfAborted();
}

async function moveInto(
  temporary: string,
  destination: string,
  files: Readonly<Record<string, string>>,
  version: string,
): Promise<string | undefined> {
  const present = await stat(destination).catch(() => undefined);
  if (present === undefined || (await readdir(destination)).length === 0) {
    await rm(destination, { recursive: true, force: true });
    await rename(temporary, destination);
    return undefined;
  }
  await refuseNewerPackage(destination, version);
  const backup = `${destination}.backup-${new Date().toISOString().replaceAll(/[-:]|\..*$/g, '')}`;
  await cp(destination, backup, { recursive: true, preserveTimestamps: true });
  // In another language it would stand beside the new one, and which of them counts nobody could say.
  const before = mainFile(destination);
  if (before !== undefined && !(path.relative(destination, before) in files)) await rm(before);
  for (const file of Object.keys(files)) {
    if (/^(infra|extensions)\//.test(file)) continue;
    await mkdir(path.dirname(path.join(destination, file)), { recursive: true, mode: 0o700 });
    await rename(path.join(temporary, file), path.join(destination, file));
  }
  for (const directory of workspaceDirectories)
    await mkdir(path.join(destination, directory), { recursive: true, mode: 0o700 });
  const packages = path.join(destination, corePackageFolder);
  await rm(packages, { recursive: true, force: true });
  await rename(path.join(temporary, corePackageFolder), packages);
  await rm(temporary, { recursive: true, force: true });
  return backup;
}

/** Enters a workspace into the registry, and makes it the active one when asked. */
async function register(
  registry: WorkspaceRegistry,
  workspace: RegisteredWorkspace,
  activate: boolean,
): Promise<void> {
  await registry.update((data) => ({
    ...data,
    workspaces: [...data.workspaces.filter(({ name }) => name !== workspace.name), workspace],
    active_workspace: activate ? workspace.name : data.active_workspace,
  }));
}
