import path from 'node:path';
import {
  ConfigurationSchema,
  ProviderSettings,
  ProvisioningError,
  applyDefaults,
  defaultsOf,
} from '@provisioning/extensions-sdk';
import { Configuration } from './configuration.ts';
import type { Data, Document } from './document.ts';
import { type Fragment, fileFragment, locateIn } from './fragment.ts';
import { type LayerFile, layerFiles } from './layers.ts';
import { deepFreeze, isRecord, mergeData, nest } from './merge.ts';
import { readDocument } from './read.ts';
import { type Surroundings, userDirectories } from './surroundings.ts';

export interface LoadOptions {
  readonly surroundings: Surroundings;
  readonly workspace?: { readonly name: string; readonly path: string };
  readonly infra?: string;
  readonly environment?: string;
  /** Values of command-line flags by dotted key. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/**
 * Loads all layers, merges them, fills defaults and freezes the result (02 §3).
 * @throws ProvisioningError kind `configuration`: syntax, type conflict, forbidden key.
 */
export async function loadConfiguration(options: LoadOptions): Promise<Configuration> {
  const { surroundings, workspace, infra } = options;
  const environment = options.environment ?? surroundings.env['PROVISIONING_ENV'] ?? 'local';
  const fragments: Fragment[] = [
    { layer: 'default', value: builtInDefaults(options), mount: [], within: [] },
  ];
  const files = await layerFiles({
    userConfig: userDirectories(surroundings).config,
    environment,
    ...(workspace === undefined ? {} : { workspacePath: workspace.path, workspaceName: workspace.name }),
    ...(infra === undefined ? {} : { infra }),
  });
  const documents = await Promise.all(files.map((file) => readDocument(file.file)));
  files.forEach((file, index) => {
    const document = documents[index];
    if (document !== undefined) fragments.push(...fromFile(file, document));
  });
  for (const [key, value] of Object.entries(options.flags ?? {})) {
    fragments.push({ layer: 'flag', value: nest(key.split('.'), value), mount: [], within: [], origin: key });
  }
  const value = foldFragments(fragments);
  fillProviders(value);
  return new Configuration({
    value: deepFreeze(value),
    fragments,
    environment,
    warnings: [],
    ...(workspace === undefined ? {} : { workspace }),
    ...(infra === undefined ? {} : { infra }),
  });
}

let schemaDefaults: Data | undefined;

function builtInDefaults({ surroundings, workspace }: LoadOptions): Data {
  schemaDefaults ??= deepFreeze(defaultsOf(ConfigurationSchema));
  return mergeData(schemaDefaults, {
    paths: {
      base: surroundings.installation,
      ...(workspace === undefined ? {} : { infra: '{{workspace.path}}/infra' }),
    },
    ...(workspace === undefined ? {} : { workspace: { name: workspace.name, path: workspace.path } }),
  });
}

/** `user_config.yaml` preferences set configuration keys under other names (02 §8.2). */
const preferenceKeys: Readonly<Record<string, readonly string[]>> = {
  output_format: ['output', 'format'],
  default_log_level: ['debug', 'log_level'],
  preferred_provider: ['providers', 'default'],
  editor: ['preferences', 'editor'],
  confirm_delete: ['preferences', 'confirm_delete'],
  confirm_deploy: ['preferences', 'confirm_deploy'],
  hints: ['preferences', 'hints'],
};

function fromFile(file: LayerFile, document: Document): Fragment[] {
  if (file.preferences !== true) return fileFragment(file.layer, document, file.mount, file.unwrap);
  const preferences = document.value['preferences'];
  if (!isRecord(preferences)) return [];
  return Object.entries(preferenceKeys)
    .filter(
      ([name]) => preferences[name] !== undefined && preferences[name] !== null && preferences[name] !== '',
    )
    .map(([name, target]) => ({
      layer: file.layer,
      value: nest(target, preferences[name]),
      document,
      mount: target,
      within: ['preferences', name],
    }));
}

/** Merges all fragments; a record against a scalar names both files. */
export function foldFragments(fragments: readonly Fragment[]): Data {
  let value: Data = {};
  for (const [index, fragment] of fragments.entries()) {
    value = mergeData(value, fragment.value, {
      onConflict: (at) => {
        throw conflict(fragments.slice(0, index), fragment, at);
      },
      onForbiddenKey: (at) => {
        const location = locateIn(fragment, at);
        throw new ProvisioningError({
          code: 'CONFIG_FORBIDDEN_KEY',
          kind: 'configuration',
          message: `Key not allowed: ${at.join('.')}`,
          ...(location === undefined ? {} : { location }),
        });
      },
    });
  }
  return value;
}

function conflict(lower: readonly Fragment[], higher: Fragment, at: readonly string[]): ProvisioningError {
  const key = at.join('.');
  const below = lower.findLast(
    (fragment) => locateIn(fragment, at)?.key === key || fragment.layer === 'default',
  );
  const location = locateIn(higher, at);
  return new ProvisioningError({
    code: 'CONFIG_TYPE_CONFLICT',
    kind: 'configuration',
    message: `Type conflict for ${key}: ${describe(higher)} sets another kind of value than ${describe(below)}`,
    hint: 'A table cannot replace a single value, nor the other way round.',
    ...(location === undefined ? {} : { location }),
  });
}

function describe(fragment: Fragment | undefined): string {
  if (fragment === undefined) return 'a lower layer';
  return fragment.document?.file ?? fragment.origin ?? `the ${fragment.layer} layer`;
}

/** Every configured provider has the settings that all providers share. */
function fillProviders(value: Data): void {
  if (!isRecord(value['providers'])) return;
  const providers: Data = { ...value['providers'] };
  value['providers'] = providers;
  for (const [name, settings] of Object.entries(providers)) {
    if (!isRecord(settings) || name === 'default' || name === 'active') continue;
    const own: Data = { ...settings };
    applyDefaults(ProviderSettings, own);
    providers[name] = own;
  }
}

/** Name of the workspace's main file stem; formats are tried elsewhere. */
export const mainFileStem = path.join('config', 'provisioning');
