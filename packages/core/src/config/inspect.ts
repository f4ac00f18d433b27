import { access } from 'node:fs/promises';
import { mainFile } from './definition-formats.ts';
import { type Configuration, type Provenance, secretMask } from './configuration.ts';
import { type LayerId, environmentFiles, layerFiles, layerOrder } from './layers.ts';
import { isRecord, keyPath } from './merge.ts';
import { type Surroundings, userDirectories } from './surroundings.ts';

/** A layer of `config show --hierarchy`, highest first, with its files found and absent. */
export interface HierarchyLayer {
  readonly layer: LayerId;
  readonly files: readonly { readonly file: string; readonly found: boolean }[];
}

/** All layers of 02 §3 with the files that make them up. */
export async function configurationHierarchy(
  surroundings: Surroundings,
  configuration: Configuration,
): Promise<HierarchyLayer[]> {
  const { workspace, infra, environment } = configuration;
  const main = workspace === undefined ? undefined : mainFile(workspace.path);
  const files = [
    ...layerFiles({
      userConfig: userDirectories(surroundings).config,
      ...(workspace === undefined ? {} : { workspacePath: workspace.path, workspaceName: workspace.name }),
      ...(infra === undefined ? {} : { infra }),
      ...(main === undefined ? {} : { mainFile: main }),
    }),
    ...(workspace === undefined ? [] : environmentFiles(workspace.path, environment)),
  ];
  const layers: HierarchyLayer[] = [];
  for (const layer of [...layerOrder].reverse()) {
    const own = files.filter((file) => file.layer === layer);
    const listed = await Promise.all(
      own.map(async ({ file, aliasOf }) => ({
        file,
        alias: aliasOf !== undefined,
        found: await access(file).then(
          () => true,
          () => false,
        ),
      })),
    );
    layers.push({
      layer,
      files: listed.filter(({ found, alias }) => found || !alias).map(({ file, found }) => ({ file, found })),
    });
  }
  return layers;
}

/** A row of `config sources`: every leaf with its origin. */
export function configurationSources(configuration: Configuration, section?: string): Provenance[] {
  return configuration
    .leaves(section === undefined ? [] : keyPath(section))
    .map((leaf) => configuration.provenance(leaf));
}

/** A row of `validate interpolation`: every expression, what it was, what it is. */
export interface InterpolatedValue {
  readonly key: string;
  readonly raw: unknown;
  readonly value: unknown;
}

export function interpolatedValues(configuration: Configuration): InterpolatedValue[] {
  return configurationSources(configuration)
    .filter(({ interpolated }) => interpolated)
    .map(({ key, raw, value }) => ({ key, raw, value }));
}

/** The configuration as shell lines: `export PATHS_BASE="…"`; secrets are left out. */
export function exportLines(configuration: Configuration): string[] {
  return configuration
    .leaves()
    .filter((leaf) => !configuration.isSecret(leaf))
    .map((leaf) => {
      const value = configuration.get(leaf);
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      const name = `PROVISIONING_${leaf.join('_')}`.replaceAll(/[^A-Za-z0-9_]/g, '_').toUpperCase();
      return `export ${name}="${text.replaceAll(/["$`\\]/g, '\\$&')}"`;
    });
}

/** The section at a key with secrets masked; the whole configuration without a key. */
export function shownConfiguration(configuration: Configuration, key?: string): unknown {
  const all: unknown = configuration.toJSON();
  if (key === undefined || key === '') return all;
  configuration.require(key);
  return (
    keyPath(key).reduce<unknown>((value, part) => (isRecord(value) ? value[part] : undefined), all) ??
    secretMask
  );
}
