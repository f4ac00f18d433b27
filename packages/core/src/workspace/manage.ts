import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Surroundings } from '../config/surroundings.ts';
import { expandHome } from '../config/surroundings.ts';
import { infraNotFound, usage, workspaceNotFound } from './errors.ts';
import { isWorkspace, mainFile } from '../config/definition-formats.ts';
import { isDirectory, listInfrastructures } from './layout.ts';
import { checkWorkspaceName, parseReference } from './reference.ts';
import type { RegisteredWorkspace } from './legacy-registry.ts';
import { WorkspaceRegistry } from './registry.ts';

/** A line of `workspace list` (03 §7). */
export interface WorkspaceListing {
  readonly name: string;
  readonly path: string;
  readonly active: boolean;
  readonly last_used: string;
  readonly default_infra?: string;
  readonly exists: boolean;
}

/** All registered workspaces in the order of the registry. */
export async function listWorkspaces(surroundings: Surroundings): Promise<WorkspaceListing[]> {
  const registry = await new WorkspaceRegistry(surroundings).read();
  return Promise.all(
    registry.workspaces.map(async (workspace) => ({
      name: workspace.name,
      path: workspace.path,
      active: workspace.name === registry.active_workspace,
      last_used: workspace.last_used,
      ...(workspace.default_infra === undefined ? {} : { default_infra: workspace.default_infra }),
      exists: await isDirectory(workspace.path),
    })),
  );
}

/** The active workspace. @throws ProvisioningError `NO_ACTIVE_WORKSPACE` (exit 5) */
export async function activeWorkspace(surroundings: Surroundings): Promise<RegisteredWorkspace> {
  const registry = await new WorkspaceRegistry(surroundings).read();
  const found = registry.workspaces.find(({ name }) => name === registry.active_workspace);
  if (found !== undefined) return found;
  throw new ProvisioningError({
    code: 'NO_ACTIVE_WORKSPACE',
    kind: 'not-found',
    message: 'No active workspace',
    hint: 'Activate one with: provisioning workspace activate <name>',
  });
}

/**
 * Makes a workspace the active one: `W`, `W:I`, or the path of a workspace, which is registered first when it is not
 * (03 §6). A failure leaves the registry as it was.
 */
export async function activateWorkspace(
  surroundings: Surroundings,
  argument: string,
): Promise<RegisteredWorkspace> {
  const registry = new WorkspaceRegistry(surroundings);
  const reference = await referenceOf(registry, surroundings, argument);
  const data = await registry.read();
  const workspace = data.workspaces.find(({ name }) => name === reference.workspace);
  if (workspace === undefined)
    throw workspaceNotFound(
      reference.workspace,
      data.workspaces.map(({ name }) => name),
    );
  await checkUsable(workspace);
  if (reference.infra !== undefined) {
    const known = await listInfrastructures(workspace.path);
    if (!known.includes(reference.infra)) throw infraNotFound(reference.infra, workspace.name, known);
  }
  const activated: RegisteredWorkspace = {
    ...workspace,
    last_used: surroundings.now().toISOString(),
    ...(reference.infra === undefined ? {} : { default_infra: reference.infra }),
  };
  await registry.update((current) => ({
    ...current,
    active_workspace: workspace.name,
    workspaces: [...current.workspaces.filter(({ name }) => name !== workspace.name), activated],
  }));
  return activated;
}

async function referenceOf(
  registry: WorkspaceRegistry,
  surroundings: Surroundings,
  argument: string,
): Promise<{ readonly workspace: string; readonly infra?: string }> {
  if (!/^[~./]/.test(argument) && !argument.includes(path.sep)) return parseReference(argument);
  const where = path.resolve(surroundings.cwd, expandHome(argument, surroundings.home));
  const known = (await registry.read()).workspaces.find((workspace) => workspace.path === where);
  if (known !== undefined) return { workspace: known.name };
  return { workspace: (await registerWorkspace(surroundings, path.basename(where), where)).name };
}

/** Steps 2 and 3 of an activation: the directory is there and is a workspace. */
async function checkUsable(workspace: RegisteredWorkspace): Promise<void> {
  if (!(await isDirectory(workspace.path))) {
    throw new ProvisioningError({
      code: 'WORKSPACE_DIRECTORY_MISSING',
      kind: 'not-found',
      message: `Workspace directory not found: ${workspace.path}`,
      hint: `Restore it, or forget it with: provisioning workspace remove ${workspace.name}`,
    });
  }
  if (mainFile(workspace.path) === undefined) {
    throw new ProvisioningError({
      code: 'WORKSPACE_NOT_MIGRATED',
      kind: 'configuration',
      message: 'Workspace is not migrated to new config system',
      hint: `Missing: ${path.join(workspace.path, 'config', 'provisioning.toml')}\nRun migration: provisioning workspace migrate ${workspace.name}`,
    });
  }
}

/** Enters an existing workspace directory into the registry. */
export async function registerWorkspace(
  surroundings: Surroundings,
  name: string,
  directory: string,
  options: { readonly activate?: boolean } = {},
): Promise<RegisteredWorkspace> {
  checkWorkspaceName(name);
  const where = path.resolve(surroundings.cwd, expandHome(directory, surroundings.home));
  if (!(await isDirectory(where)))
    throw usage(`Workspace directory not found: ${where}`, 'WORKSPACE_DIRECTORY_MISSING');
  if (!isWorkspace(where)) {
    throw usage(
      `Not a workspace: ${where}`,
      'NOT_A_WORKSPACE',
      'A workspace has config/provisioning.toml (or .ts, .ncl, .yaml).',
    );
  }
  const registry = new WorkspaceRegistry(surroundings);
  const workspace = { name, path: await realpath(where), last_used: surroundings.now().toISOString() };
  await registry.update((data) => {
    const same = data.workspaces.find((known) => known.name === name);
    if (same !== undefined && same.path !== workspace.path) {
      throw new ProvisioningError({
        code: 'WORKSPACE_EXISTS',
        kind: 'conflict',
        message: `Workspace '${name}' is registered already at ${same.path}`,
        hint: `Choose another name, or run: provisioning workspace remove ${name}`,
      });
    }
    return {
      ...data,
      workspaces: same === undefined ? [...data.workspaces, workspace] : data.workspaces,
      active_workspace: options.activate === true ? name : data.active_workspace,
    };
  });
  return workspace;
}

/** Takes a workspace out of the registry; its files stay. */
export async function removeWorkspace(surroundings: Surroundings, name: string): Promise<void> {
  await new WorkspaceRegistry(surroundings).update((data) => {
    if (!data.workspaces.some((known) => known.name === name)) {
      throw workspaceNotFound(
        name,
        data.workspaces.map((known) => known.name),
      );
    }
    return {
      ...data,
      workspaces: data.workspaces.filter((known) => known.name !== name),
      active_workspace: data.active_workspace === name ? '' : data.active_workspace,
    };
  });
}
