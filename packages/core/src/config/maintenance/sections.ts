import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Configuration } from '../configuration.ts';
import { isRecord } from '../merge.ts';

/** A row of `config providers list` and `config services list` (S:32132-32139). */
export interface ConfiguredSection {
  readonly name: string;
  readonly enabled: boolean;
  /** File of the workspace that sets it; `null` when it comes from somewhere else. */
  readonly file: string | null;
}

/** Settings of the provider section that are no provider. */
const general = new Set(['active', 'default', 'allowed', 'certified_only', 'enabled']);

/** Providers (`providers.*`) or services (`platform.*`) that the configuration names. */
export function configuredSections(
  configuration: Configuration,
  kind: 'providers' | 'platform',
): ConfiguredSection[] {
  const records = configuration.get(kind);
  const active = configuration.get('providers.active');
  const names = new Set(
    Object.entries(isRecord(records) ? records : {})
      .filter(([name, value]) => isRecord(value) && !general.has(name))
      .map(([name]) => name),
  );
  if (kind === 'providers' && Array.isArray(active)) for (const name of active) names.add(String(name));
  return [...names].sort().map((name) => {
    const set = configuration.get(`${kind}.${name}.enabled`);
    const listed = kind !== 'providers' || !Array.isArray(active) || active.includes(name);
    return {
      name,
      enabled: typeof set === 'boolean' ? set : listed,
      file: fileOf(configuration, kind, name),
    };
  });
}

function fileOf(configuration: Configuration, kind: string, name: string): string | null {
  const { workspace } = configuration;
  if (workspace === undefined) return null;
  const file = path.join(workspace.path, 'config', kind, `${name.replaceAll('_', '-')}.toml`);
  return existsSync(file) ? file : null;
}
