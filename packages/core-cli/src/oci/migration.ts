import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  type Infrastructure,
  listInfrastructures,
  loadInfrastructure,
  renderedDefinition,
  setConfigurationKey,
} from '@provisioning/core';
import type { CollectOptions } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { providedBy } from './provided.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openCatalogue } from '../session/modules.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { loadOptionsOf, openWorkspace } from '../session/workspace.ts';

/** The workspace of a migration command, by its argument or as everywhere else, with what a migration needs of it. */
export async function migrationWorkspace(command: ProvisioningCommand, name: string | undefined) {
  if (name !== undefined) command.globals = { ...command.globals, workspace: name };
  const { selection, configuration } = await openWorkspace(command);
  const { path: workspacePath, name: workspaceName } = selection;
  const catalogue = openCatalogue(command, { workspacePath });
  const definition = (infra: string): Promise<Infrastructure> =>
    loadInfrastructure({
      workspacePath,
      workspaceName,
      infra,
      configuration,
      surroundings: surroundingsOf(command.runtime),
    });
  const find: CollectOptions['find'] = async (kind, named) => {
    const record = await catalogue.get(kind, named).catch((error: unknown) => {
      if (error instanceof ProvisioningError && error.kind === 'not-found') return undefined;
      throw error;
    });
    return record === undefined ? undefined : { path: record.path, isCore: record.layer === 'core' };
  };
  return {
    workspacePath,
    workspaceName,
    dependencies: configuration.get('dependencies'),
    core: command.host.catalogue.version,
    provided: providedBy(catalogue, workspacePath),
    find,
    async used(): Promise<CollectOptions['used']> {
      const infras = await listInfrastructures(workspacePath);
      return (await Promise.all(infras.map(async (infra) => namedBy(infra, await definition(infra))))).flat();
    },
    async render(infra: string): Promise<string> {
      return createHash('sha256')
        .update(renderedDefinition(await definition(infra)))
        .digest('hex');
    },
    async write(keys: Readonly<Record<string, unknown>>): Promise<void> {
      const options = loadOptionsOf(command, selection);
      for (const [key, value] of Object.entries(keys)) {
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        await setConfigurationKey({ ...options, key, text, scope: 'workspace' });
      }
    },
  };
}

/** Extensions that one infrastructure's servers and clusters name. */
function namedBy(infra: string, { servers, clusters }: Infrastructure): CollectOptions['used'] {
  const by = (what: string): string => `${join(infra, what)}`;
  return [
    ...servers.map(({ provider, hostname }) => ({
      kind: 'provider' as const,
      name: provider,
      by: by(hostname),
    })),
    ...servers.flatMap(({ taskservs, hostname }) =>
      taskservs.map(({ name }) => ({ kind: 'taskserv' as const, name, by: by(hostname) })),
    ),
    ...Object.entries(clusters).flatMap(([name, cluster]) => {
      const { type } = cluster as { readonly type?: unknown };
      return typeof type === 'string' ? [{ kind: 'cluster' as const, name: type, by: by(name) }] : [];
    }),
  ];
}
