import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { valueAt } from '../config/merge.ts';
import { readDocument } from '../config/read.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { infraNotFound, usage, workspaceNotFound, workspaceRequired } from './errors.ts';
import { isWorkspace, mainFile } from '../config/definition-formats.ts';
import { listInfrastructures } from './layout.ts';
import { type WorkspaceReference, parseReference } from './reference.ts';
import type { RegisteredWorkspace } from './legacy-registry.ts';
import { WorkspaceRegistry } from './registry.ts';

export interface SelectOptions {
  readonly surroundings: Surroundings;
  /** `-ws W[:I]`. */
  readonly workspace?: string;
  /** `--infra I`; beats the infrastructure of `workspace`. */
  readonly infra?: string;
  /** In cicd mode any workspace the working directory is in counts, registered or not. */
  readonly anyDirectory?: boolean;
  /** `required` (default): exit 2 when it cannot be told; `optional`: left out; `none`: not looked for. */
  readonly infrastructure?: 'required' | 'optional' | 'none';
}

export interface Selection {
  readonly name: string;
  readonly path: string;
  readonly infra?: string;
  /** How the workspace was chosen, for `--debug`. */
  readonly by: 'flag' | 'environment' | 'directory' | 'active';
  readonly environment?: string;
}

/**
 * The workspace and infrastructure a command works on; the first match of 03 §6 wins.
 * @throws ProvisioningError `WORKSPACE_REQUIRED` (3), `WORKSPACE_NOT_FOUND`, `INFRA_NOT_FOUND` (5), `INFRA_REQUIRED` (2)
 */
export async function selectWorkspace(options: SelectOptions): Promise<Selection> {
  const registry = await new WorkspaceRegistry(options.surroundings).read();
  const chosen = await chooseWorkspace(options, registry.workspaces, registry.active_workspace);
  const base = {
    name: chosen.workspace.name,
    path: chosen.workspace.path,
    by: chosen.by,
    ...(chosen.workspace.environment === undefined ? {} : { environment: chosen.workspace.environment }),
  };
  if (options.infrastructure === 'none') return base;
  const infra = await chooseInfrastructure(options, chosen.workspace, chosen.infra);
  return infra === undefined ? base : { ...base, infra };
}

interface Choice {
  readonly workspace: RegisteredWorkspace;
  readonly infra?: string;
  readonly by: Selection['by'];
}

async function chooseWorkspace(
  options: SelectOptions,
  known: readonly RegisteredWorkspace[],
  active: string,
): Promise<Choice> {
  const { env, cwd } = options.surroundings;
  const byName = (reference: WorkspaceReference, by: Selection['by']): Choice => {
    const workspace = known.find(({ name }) => name === reference.workspace);
    if (workspace === undefined)
      throw workspaceNotFound(
        reference.workspace,
        known.map(({ name }) => name),
      );
    return { workspace, by, ...(reference.infra === undefined ? {} : { infra: reference.infra }) };
  };
  if (options.workspace !== undefined) return byName(parseReference(options.workspace), 'flag');
  const variable = env['PROVISIONING_WORKSPACE'] ?? env['TEMP_WORKSPACE'];
  if (variable !== undefined && variable !== '') return byName(parseReference(variable), 'environment');
  const here = await enclosing(cwd, known, options.anyDirectory ?? false);
  if (here !== undefined) return { workspace: here, by: 'directory' };
  if (active !== '') return byName({ workspace: active }, 'active');
  throw workspaceRequired();
}

/** The registered workspace the directory is in; the innermost when they nest. */
async function enclosing(
  cwd: string,
  known: readonly RegisteredWorkspace[],
  any: boolean,
): Promise<RegisteredWorkspace | undefined> {
  const here = await realpath(cwd).catch(() => cwd);
  const inside: { workspace: RegisteredWorkspace; length: number }[] = [];
  for (const workspace of known) {
    const root = await realpath(workspace.path).catch(() => workspace.path);
    if (here === root || here.startsWith(root + path.sep)) inside.push({ workspace, length: root.length });
  }
  const innermost = inside.sort((a, b) => b.length - a.length)[0]?.workspace;
  if (innermost !== undefined || !any) return innermost;
  for (let directory = here; ; directory = path.dirname(directory)) {
    if (isWorkspace(directory)) return { name: path.basename(directory), path: directory, last_used: '' };
    if (directory === path.dirname(directory)) return undefined;
  }
}

async function chooseInfrastructure(
  options: SelectOptions,
  workspace: RegisteredWorkspace,
  referenced: string | undefined,
): Promise<string | undefined> {
  const known = await listInfrastructures(workspace.path);
  const named = options.infra ?? referenced;
  if (named !== undefined) {
    const isPath = named.includes('/') || named === '.' || named === '..';
    // A path stands for the infrastructure of this workspace that it leads to, and for no other folder.
    const found = isPath
      ? await ofDirectory(path.resolve(options.surroundings.cwd, named), workspace.path, known)
      : known.find((infra) => infra === named);
    if (found !== undefined) return found;
    throw infraNotFound(named, workspace.name, known);
  }
  const fallback =
    (await ofDirectory(options.surroundings.cwd, workspace.path, known)) ??
    workspace.default_infra ??
    (await ofMainFile(workspace.path));
  if (fallback !== undefined) {
    if (known.includes(fallback)) return fallback;
    throw infraNotFound(fallback, workspace.name, known);
  }
  if (known.length === 1) return known[0];
  if (options.infrastructure === 'optional') return undefined;
  throw usage(
    'No infrastructure specified',
    'INFRA_REQUIRED',
    known.length === 0
      ? `Workspace '${workspace.name}' has no infrastructure; create one with: provisioning generate infra --new <name>`
      : `Give one with --infra: ${known.join(', ')}`,
  );
}

async function ofDirectory(
  cwd: string,
  workspace: string,
  known: readonly string[],
): Promise<string | undefined> {
  const root = path.join(await realpath(workspace).catch(() => workspace), 'infra');
  const relative = path.relative(root, await realpath(cwd).catch(() => cwd));
  const first = relative.split(path.sep)[0];
  return first !== undefined && known.includes(first) ? first : undefined;
}

async function ofMainFile(workspace: string): Promise<string | undefined> {
  const file = mainFile(workspace);
  if (file === undefined || !/\.(toml|ya?ml)$/.test(file)) return undefined;
  const value = valueAt((await readDocument(file))?.value, ['infra', 'default']);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
