import {
  ConfigurationSchema,
  ProviderSettings,
  applyDefaults,
  defaultsOf,
} from '@provisioning/extensions-sdk';
import type { Data } from './document.ts';
import type { Fragment } from './fragment.ts';
import { deepFreeze, isRecord, mergeData } from './merge.ts';

let schemaDefaults: Data | undefined;

/** The lowest layer: defaults of the schema, and what only this installation and workspace know. */
export function builtInFragment(
  installation: string,
  workspace: { readonly name: string; readonly path: string } | undefined,
): Fragment {
  schemaDefaults ??= deepFreeze({
    ...defaultsOf(ConfigurationSchema),
    profiles: {
      production: { providers: { certified_only: true } },
      development: { providers: { certified_only: false } },
    },
  });
  const value = mergeData(schemaDefaults, {
    paths: {
      base: installation,
      ...(workspace === undefined ? {} : { infra: '{{workspace.path}}/infra' }),
    },
    ...(workspace === undefined ? {} : { workspace: { name: workspace.name, path: workspace.path } }),
  });
  return { layer: 'default', value, mount: [], within: [] };
}

/** Gives every configured provider the settings that all providers share, where it has none of its own. */
export function fillProviders(value: Data): void {
  if (!isRecord(value['providers'])) return;
  const providers: Data = { ...value['providers'] };
  for (const [name, settings] of Object.entries(providers)) {
    if (!isRecord(settings)) continue;
    const own: Data = { ...settings };
    applyDefaults(ProviderSettings, own);
    providers[name] = own;
  }
  value['providers'] = providers;
}
