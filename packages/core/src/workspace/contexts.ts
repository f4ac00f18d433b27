import { ProvisioningError } from '@provisioning/extensions-sdk';
import { canonicalEnvironment, detectEnvironment } from '../config/environment.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { infraNotFound, usage, workspaceNotFound } from './errors.ts';
import { listInfrastructures } from './layout.ts';
import { activateWorkspace } from './manage.ts';
import { type NamedContext, WorkspaceRegistry } from './registry.ts';

/** Named `workspace[:infra]` with an environment (03 §7 `context`). */
export async function listContexts(surroundings: Surroundings): Promise<readonly NamedContext[]> {
  return (await new WorkspaceRegistry(surroundings).read()).contexts;
}

/** Adds a context, or replaces the one of the same name. */
export async function createContext(surroundings: Surroundings, context: NamedContext): Promise<void> {
  if (!/^[A-Za-z0-9._-]+$/.test(context.name))
    throw usage(`Invalid context name '${context.name}'`, 'INVALID_CONTEXT_NAME');
  await new WorkspaceRegistry(surroundings).update((data) => {
    if (!data.workspaces.some(({ name }) => name === context.workspace)) {
      throw workspaceNotFound(
        context.workspace,
        data.workspaces.map(({ name }) => name),
      );
    }
    return { ...data, contexts: [...data.contexts.filter(({ name }) => name !== context.name), context] };
  });
}

export async function deleteContext(surroundings: Surroundings, name: string): Promise<void> {
  await find(surroundings, name);
  await new WorkspaceRegistry(surroundings).update((data) => ({
    ...data,
    contexts: data.contexts.filter((context) => context.name !== name),
  }));
}

/** Activates the context's workspace and infrastructure and sets its environment. */
export async function switchContext(surroundings: Surroundings, name: string): Promise<NamedContext> {
  const context = await find(surroundings, name);
  await activateWorkspace(
    surroundings,
    context.infra === undefined ? context.workspace : `${context.workspace}:${context.infra}`,
  );
  if (context.environment !== undefined)
    await storeEnvironment(surroundings, context.workspace, context.environment);
  return context;
}

async function find(surroundings: Surroundings, name: string): Promise<NamedContext> {
  const contexts = await listContexts(surroundings);
  const found = contexts.find((context) => context.name === name);
  if (found !== undefined) return found;
  throw new ProvisioningError({
    code: 'CONTEXT_NOT_FOUND',
    kind: 'not-found',
    message: `Context '${name}' not found`,
    hint: `Contexts: ${contexts.map((context) => context.name).join(', ') || 'none'}`,
  });
}

/**
 * `env set`, `env switch`: the environment of a workspace from now on. It is loaded once to see that it is valid.
 * @returns old and new name
 */
export async function setEnvironment(
  surroundings: Surroundings,
  workspace: { readonly name: string; readonly path: string },
  environment: string,
  options: { readonly validate?: boolean } = {},
): Promise<{ readonly before: string; readonly after: string }> {
  const after = canonicalEnvironment(environment);
  const stored = (await new WorkspaceRegistry(surroundings).find(workspace.name))?.environment;
  const before = await detectEnvironment({
    surroundings,
    workspacePath: workspace.path,
    ...(stored === undefined ? {} : { stored }),
  });
  await detectEnvironment({ surroundings, workspacePath: workspace.path, flag: after });
  if (options.validate !== false) await loadConfiguration({ surroundings, workspace, environment: after });
  await storeEnvironment(surroundings, workspace.name, after);
  return { before: before.name, after };
}

async function storeEnvironment(
  surroundings: Surroundings,
  name: string,
  environment: string,
): Promise<void> {
  await new WorkspaceRegistry(surroundings).update((data) => ({
    ...data,
    workspaces: data.workspaces.map((workspace) =>
      workspace.name === name ? { ...workspace, environment } : workspace,
    ),
  }));
}

/** `workspace set-default-infra`. */
export async function setDefaultInfra(
  surroundings: Surroundings,
  name: string,
  infra: string,
): Promise<void> {
  const registry = new WorkspaceRegistry(surroundings);
  const workspace = await registry.find(name);
  if (workspace === undefined) throw workspaceNotFound(name);
  const known = await listInfrastructures(workspace.path);
  if (!known.includes(infra)) throw infraNotFound(infra, name, known);
  await registry.update((data) => ({
    ...data,
    workspaces: data.workspaces.map((one) => (one.name === name ? { ...one, default_infra: infra } : one)),
  }));
}
