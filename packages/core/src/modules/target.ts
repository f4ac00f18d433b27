import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { isWorkspace } from '../config/definition-formats.ts';

/** The folder that modules are loaded into (08 §5). */
export interface ModuleTarget {
  /** Folder that gets `.taskservs/`, `.providers/`, `.clusters/` and `.manifest/`. */
  readonly base: string;
  readonly layer: 'infrastructure' | 'workspace';
  readonly workspacePath?: string;
  readonly infra?: string;
  /** How messages call it. */
  readonly name: string;
}

export interface TargetSurroundings {
  readonly cwd: string;
  /** Path of a registered workspace. */
  readonly workspaceNamed: (name: string) => Promise<string | undefined>;
  /** What is selected when no target is given. */
  readonly current?: { readonly workspacePath: string; readonly infra?: string };
}

/**
 * Reads TARGET: `.`, a path, a workspace's name, `workspace:infra`; nothing means the current infrastructure, else the
 * workspace. A folder within `infra/<i>` is that infrastructure.
 * @throws ProvisioningError `TARGET_NOT_FOUND`, exit 5.
 */
export async function moduleTarget(
  text: string | undefined,
  surroundings: TargetSurroundings,
): Promise<ModuleTarget> {
  const { cwd, current, workspaceNamed } = surroundings;
  if (text === undefined || text === '') {
    if (current !== undefined) return level(current.workspacePath, current.infra);
    return targetOfFolder(cwd);
  }
  if (text === '.' || text.includes('/') || isAbsolute(text)) {
    const folder = resolve(cwd, text);
    if (!(await isFolder(folder))) throw notFound(text);
    return targetOfFolder(folder);
  }
  const [name, infra] = text.split(':', 2) as [string, string | undefined];
  const workspacePath = await workspaceNamed(name);
  if (workspacePath !== undefined) {
    if (infra !== undefined && !(await isFolder(join(workspacePath, 'infra', infra)))) throw notFound(text);
    return level(workspacePath, infra);
  }
  if (
    infra === undefined &&
    current !== undefined &&
    (await isFolder(join(current.workspacePath, 'infra', text)))
  ) {
    return level(current.workspacePath, text);
  }
  if (infra === undefined && (await isFolder(resolve(cwd, text)))) return targetOfFolder(resolve(cwd, text));
  throw notFound(text);
}

/** The target a folder belongs to: the infrastructure around it, the workspace around it, or itself. */
export async function targetOfFolder(folder: string): Promise<ModuleTarget> {
  for (let path = folder; ; path = dirname(path)) {
    if (await isWorkspace(path)) return level(path, undefined);
    if (basename(dirname(path)) === 'infra' && (await isWorkspace(dirname(dirname(path))))) {
      return level(dirname(dirname(path)), basename(path));
    }
    if (dirname(path) === path) break;
  }
  return { base: folder, layer: 'infrastructure', name: basename(folder) };
}

function level(workspacePath: string, infra: string | undefined): ModuleTarget {
  if (infra === undefined || infra === '') {
    return { base: workspacePath, layer: 'workspace', workspacePath, name: basename(workspacePath) };
  }
  return {
    base: join(workspacePath, 'infra', infra),
    layer: 'infrastructure',
    workspacePath,
    infra,
    name: infra,
  };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function notFound(text: string): ProvisioningError {
  return new ProvisioningError({
    code: 'TARGET_NOT_FOUND',
    kind: 'not-found',
    message: `Target not found: ${text}`,
    hint: "Give '.', a folder, a workspace, or 'workspace:infra'.",
  });
}
