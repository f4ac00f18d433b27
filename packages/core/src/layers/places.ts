import { resolve } from 'node:path';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { cataloguePackage } from '../extensions/roots.ts';
import { TemplateCatalogue } from '../templates/index.ts';
import type { LayerPlaces } from './collect.ts';

export interface LayerPlacesOptions {
  readonly catalogue: ExtensionCatalogue;
  readonly configuration: { get(path: string): unknown };
  readonly workspacePath: string;
  readonly infra: string | undefined;
  readonly environment: string;
  /** Variables that definitions in TypeScript and Nickel may read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `import.meta.url` of the program: the product's templates are looked for beside it. */
  readonly moduleUrls: readonly string[];
}

/** Where the layers of an infrastructure lie (08 §6): what the CLI plans with is what the orchestrator runs. */
export async function layerPlaces(options: LayerPlacesOptions): Promise<LayerPlaces> {
  const { configuration, workspacePath, infra, environment, env } = options;
  const roots = configuration.get('layers.workspace.template_paths');
  const priority = Number(configuration.get('layers.workspace.priority') ?? 200);
  return {
    catalogue: options.catalogue,
    templates: new TemplateCatalogue({
      workspacePath,
      corePath: await cataloguePackage(options.moduleUrls),
    }),
    workspacePath,
    infra,
    environment,
    templatePaths: (Array.isArray(roots) ? roots : []).map((root) => ({
      path: resolve(workspacePath, String(root)),
      priority,
    })),
    evaluation: { context: { workspace: workspacePath, infra: infra ?? '', environment, env, params: {} } },
  };
}
