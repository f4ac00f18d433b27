import { type Data, flag, invalid, number, optional, table, text, texts } from './values.ts';
import type { Mode } from '@provisioning/distribution';

interface BackendSettings {
  readonly id: string;
  readonly enabled: boolean;
  readonly timeout_seconds: number;
  readonly verify_ssl: boolean;
  readonly channel: string;
}
export interface GitSettings extends BackendSettings {
  readonly url: string;
  readonly organization: string;
  readonly token_path?: string;
  readonly allowed_asset_hosts: readonly string[];
  readonly monorepos: readonly string[];
}
export interface OciSettings extends BackendSettings {
  readonly registry: string;
  readonly namespace: string;
  readonly auth_token_path?: string;
  readonly username: string;
  readonly repositories: readonly string[];
}
/** A single `[gitea]` or `[oci]` of older files becomes element 0 (10 §5 "Legacy"). */
export function withLegacy(
  list: readonly Data[],
  old: unknown,
  name: string,
  key: string,
  migrated: string[],
): readonly Data[] {
  if (old === undefined) return list;
  if (list.length > 0) {
    migrated.push(`Legacy [${name}] ignored: ${key} is configured`);
    return list;
  }
  migrated.push(`Migrated legacy [${name}] to ${key}[0]`);
  return [table(old, name)];
}

/** Environment variables change element 0, creating it when there is none. */
export function override(
  list: readonly Data[],
  values: Readonly<Record<string, string | undefined>>,
): readonly Data[] {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length === 0) return list;
  const [first = {}, ...rest] = list;
  return [{ ...first, ...given }, ...rest];
}

function common(data: Data, id: string, place: string): BackendSettings {
  return {
    id: text(data, 'id', place, id),
    enabled: flag(data, 'enabled', place, true),
    timeout_seconds: number(data, 'timeout_seconds', place, 30, [1, 3600]),
    verify_ssl: flag(data, 'verify_ssl', place, true),
    channel: text(data, 'channel', place, 'community'),
  };
}

export function git(kind: string, data: Data, index: number): GitSettings {
  const place = `sources.${kind}[${index}]`;
  const url = text(data, 'url', place);
  if (!/^https?:\/\//.test(url)) throw invalid(`${place}.url`, 'expected an http or https address');
  return {
    ...common(data, `${kind}-${index}`, place),
    url,
    organization: text({ organization: data['organization'] ?? data['org'] }, 'organization', place),
    ...optional(data, 'token_path', place),
    allowed_asset_hosts: texts(data, 'allowed_asset_hosts', place),
    monorepos: texts(data, 'monorepos', place),
  };
}

export function ociBackend(data: Data, index: number): OciSettings {
  const place = `distributions.oci[${index}]`;
  return {
    ...common(data, `oci-${index}`, place),
    registry: text(data, 'registry', place),
    namespace: text(data, 'namespace', place),
    username: text(data, 'username', place, '_token'),
    ...optional(data, 'auth_token_path', place),
    repositories: texts(data, 'repositories', place),
  };
}

export function checkBackends(backends: readonly BackendSettings[], mode: Mode): void {
  const seen = new Set<string>();
  for (const backend of backends) {
    if (seen.has(backend.id)) throw invalid('id', `Duplicate backend id: ${backend.id}`);
    seen.add(backend.id);
    if (mode === 'enterprise' && !backend.verify_ssl)
      throw invalid(backend.id, 'verify_ssl = false is refused in enterprise mode');
  }
}
