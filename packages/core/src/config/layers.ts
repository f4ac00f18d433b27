import path from 'node:path';
import { namesIn } from './names-in.ts';

/** Layers from the lowest to the highest precedence (02 §3). */
export const layerOrder = [
  'default',
  'machine',
  'workspace',
  'environment',
  'infra',
  'user',
  'env',
  'flag',
] as const;
export type LayerId = (typeof layerOrder)[number];

/** A file that may exist, where its content goes in the configuration, and which of its top tables is unwrapped. */
export interface LayerFile {
  readonly layer: LayerId;
  readonly file: string;
  /** Dotted place in the configuration; empty for the root. */
  readonly mount: readonly string[];
  /** Top tables that stand for the mounted record itself: `[provider]` and `[aws]` in `providers/aws.toml`. */
  readonly unwrap: readonly string[];
  /** Canonical file of which this is an older spelling. */
  readonly aliasOf?: string;
  /** `user_config.yaml`: only its preferences count, under other names (02 §8.2). */
  readonly preferences?: boolean;
}

export interface LayerPlaces {
  readonly userConfig: string;
  readonly workspacePath?: string;
  readonly workspaceName?: string;
  readonly infra?: string;
  readonly environment?: string;
  /** Main file of the workspace, already chosen among the formats. */
  readonly mainFile?: string;
  /** File named by `PROVISIONING_CONFIG` or `--config`. */
  readonly extraFile?: string;
}

/** Files that could make up the configuration, lowest precedence first. Files of a directory come in name order. */
export function layerFiles(places: LayerPlaces): LayerFile[] {
  return [
    ...machineFiles(places.userConfig),
    ...(places.workspacePath === undefined ? [] : workspaceFiles(places.workspacePath, places)),
    ...userFiles(places),
  ];
}

/** Overlay files of one environment of a workspace, older spellings included. */
export function environmentFiles(workspace: string, environment: string): LayerFile[] {
  const config = path.join(workspace, 'config');
  const canonical = path.join(config, 'environments', `${environment}.toml`);
  return [
    alias('environment', path.join(config, `config.${environment}.toml`), canonical),
    alias('environment', path.join(workspace, `config.${environment}.toml`), canonical),
    alias('environment', path.join(config, `${environment}-defaults.toml`), canonical),
    root('environment', canonical),
  ];
}

function machineFiles(userConfig: string): LayerFile[] {
  return [
    root('machine', path.join(userConfig, 'system.toml')),
    ...providerFiles('machine', path.join(userConfig, 'providers')),
    ...platformFiles('machine', path.join(userConfig, 'platform')),
  ];
}

function workspaceFiles(workspace: string, places: LayerPlaces): LayerFile[] {
  const config = path.join(workspace, 'config');
  const { infra, environment } = places;
  const main = places.mainFile ?? path.join(config, 'provisioning.toml');
  const files: LayerFile[] = [
    ...[
      path.join(workspace, 'config.project.toml'),
      path.join(config, 'config.toml'),
      path.join(workspace, 'provisioning.toml'),
    ]
      .filter((file) => file !== main)
      .map((file) => alias('workspace', file, main)),
    root('workspace', main),
    mounted('workspace', path.join(config, 'kms.toml'), ['kms'], []),
    mounted('workspace', path.join(config, 'secretumvault.toml'), ['kms', 'secretumvault'], []),
    mounted('workspace', path.join(config, 'security.toml'), ['security'], []),
    mounted('workspace', path.join(config, 'mfa.toml'), ['mfa'], []),
    root('workspace', path.join(config, 'secure.yaml')),
    ...providerFiles('workspace', path.join(config, 'providers')),
    ...platformFiles('workspace', path.join(config, 'platform')),
  ];
  if (environment !== undefined) files.push(...environmentFiles(workspace, environment));
  if (infra !== undefined) {
    const folder = path.join(workspace, 'infra', infra);
    const canonical = path.join(folder, 'config.toml');
    files.push(
      alias('infra', path.join(folder, 'config.infra.toml'), canonical),
      alias('infra', path.join(folder, '.provisioning.toml'), canonical),
      root('infra', canonical),
    );
  }
  return files;
}

function userFiles(places: LayerPlaces): LayerFile[] {
  const { userConfig, workspacePath, workspaceName } = places;
  const canonical = path.join(userConfig, 'config.toml');
  return [
    { ...root('user', path.join(userConfig, 'user_config.yaml')), preferences: true },
    alias('user', path.join(userConfig, 'config.user.toml'), canonical),
    root('user', canonical),
    ...(workspaceName === undefined ? [] : [root('user', path.join(userConfig, `ws_${workspaceName}.yaml`))]),
    ...(workspacePath === undefined
      ? []
      : [root('user', path.join(workspacePath, 'config', 'local-overrides.toml'))]),
    ...(places.extraFile === undefined ? [] : [root('user', places.extraFile)]),
  ];
}

function providerFiles(layer: LayerId, folder: string): LayerFile[] {
  return dataFiles(folder).map((name) => {
    const provider = baseName(name).replace(/[._-]?credentials$/, '');
    return mounted(layer, path.join(folder, name), ['providers', provider], ['provider', provider]);
  });
}

function platformFiles(layer: LayerId, folder: string): LayerFile[] {
  return dataFiles(folder).map((name) => {
    const service = baseName(name);
    const key = service.replaceAll('-', '_');
    return mounted(layer, path.join(folder, name), ['platform', key], [service, key, 'service']);
  });
}

/** TOML and YAML files of a folder in name order; schemas, generated and hidden files are no layer. */
function dataFiles(folder: string): string[] {
  return namesIn(folder)
    .filter(
      (name) =>
        /\.(toml|ya?ml)(\.enc)?$/.test(name) && !name.startsWith('.') && !/\.schema\.toml$/.test(name),
    )
    .sort();
}

function baseName(name: string): string {
  return name.replace(/(\.enc)?\.(toml|ya?ml|json)(\.enc)?$/, '');
}

function root(layer: LayerId, file: string): LayerFile {
  return { layer, file, mount: [], unwrap: [] };
}

function alias(layer: LayerId, file: string, aliasOf: string): LayerFile {
  return { layer, file, mount: [], unwrap: [], aliasOf };
}

function mounted(
  layer: LayerId,
  file: string,
  mount: readonly string[],
  unwrap: readonly string[],
): LayerFile {
  return { layer, file, mount, unwrap };
}
