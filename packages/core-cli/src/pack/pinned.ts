import { join } from 'node:path';
import {
  installedProviders,
  listInfrastructures,
  type Surroundings,
  WorkspaceRegistry,
} from '@provisioning/core';

/** Packs that the infrastructures of registered workspaces name, as `cleanPacks` wants them (09 §11). */
export async function pinnedPacks(surroundings: Surroundings): Promise<ReadonlySet<string>> {
  const { workspaces } = await new WorkspaceRegistry(surroundings).read();
  const pinned = new Set<string>();
  for (const { path } of workspaces) {
    // A workspace whose folder is gone pins nothing.
    const infras = await listInfrastructures(path).catch(() => []);
    for (const infra of infras)
      for (const { name, version, mode } of await installedProviders(join(path, 'infra', infra)))
        if (mode === 'pack') pinned.add(`${name}_prov ${version}`);
  }
  return pinned;
}
