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

/** `orchestrator.endpoint` and `orchestrator.timeout` are read as keys of `execution` (02 §4). */
export function shareExecution(value: Data): void {
  const { execution, orchestrator } = value;
  if (!isRecord(execution) || !isRecord(orchestrator)) return;
  const own: Data = { ...execution };
  for (const key of Object.keys(execution)) if (orchestrator[key] !== undefined) own[key] = orchestrator[key];
  if (orchestrator['timeout'] !== undefined && orchestrator['timeout_seconds'] === undefined)
    own['timeout_seconds'] = orchestrator['timeout'];
  value['execution'] = own;
}
