import { join } from 'node:path';
import { type ExtensionCatalogue, readModules } from '@provisioning/core';
import type { Provided } from '@provisioning/distribution';

/** What a place has without installing it: modules loaded locally, and what the product ships. */
export function providedBy(catalogue: ExtensionCatalogue, workspacePath?: string): Provided {
  return {
    async local(kind, name) {
      if (workspacePath === undefined) return undefined;
      const { modules } = await readModules(workspacePath, kind);
      const own = modules.find((module) => module.name === name && module.source === 'local');
      if (own === undefined) return undefined;
      return { path: join(workspacePath, own.path), version: own.version, from: 'local' };
    },
    async core(kind, name) {
      const own = (await catalogue.layers(kind, name)).find(({ layer }) => layer === 'core');
      return own === undefined ? undefined : { path: own.path, version: own.version, from: 'core' };
    },
  };
}
