import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExtensionKind } from '../extensions/kinds.ts';
import { type Infrastructure, loadInfrastructure } from '../infra/index.ts';
import type { ModuleTarget } from './target.ts';

/** Servers, clusters and sections of the definitions below a target that name a module. */
export async function usersOf(target: ModuleTarget, kind: ExtensionKind, name: string): Promise<string[]> {
  const { workspacePath } = target;
  if (workspacePath === undefined) return [];
  const infras =
    target.infra === undefined
      ? await readdir(join(workspacePath, 'infra')).catch((): string[] => [])
      : [target.infra];
  const users: string[] = [];
  for (const infra of infras.filter((entry) => !entry.startsWith('.'))) {
    const definition = await loadInfrastructure({ workspacePath, infra });
    const found = usersIn(definition, kind, name);
    users.push(...(target.infra === undefined ? found.map((user) => `${infra}/${user}`) : found));
  }
  return users;
}

function usersIn(definition: Infrastructure, kind: ExtensionKind, name: string): string[] {
  if (kind === 'provider') {
    return definition.servers.filter((server) => server.provider === name).map(({ hostname }) => hostname);
  }
  const clusters = Object.keys(definition.clusters);
  if (kind === 'cluster')
    return clusters.filter((cluster) => cluster === name).map((cluster) => `clusters.${cluster}`);
  const servers = definition.servers
    .filter(({ taskservs }) => taskservs.some((taskserv) => taskserv.name === name))
    .map(({ hostname }) => hostname);
  const inClusters = clusters.filter((cluster) => namesComponent(definition.clusters[cluster], name));
  const settings = Object.hasOwn(definition.taskservs, name) ? [`taskservs.${name}`] : [];
  return [...servers, ...inClusters.map((cluster) => `clusters.${cluster}`), ...settings];
}

function namesComponent(cluster: unknown, name: string): boolean {
  const { components, services } = (cluster ?? {}) as { components?: unknown; services?: unknown };
  const all = [components, services].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  return all.some((entry) => {
    if (entry === name) return true;
    const { name: own, service } = (entry ?? {}) as { name?: unknown; service?: unknown };
    return own === name || service === name;
  });
}
