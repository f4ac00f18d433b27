import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { isRecord } from '../config/merge.ts';
import { writeFileAtomic } from '../files/atomic.ts';

export interface MigrationRecord {
  readonly from_version: string;
  readonly to_version: string;
  readonly migration_type: 'metadata_initialization' | 'version_update' | 'config_migration';
  readonly timestamp: string;
  readonly success: boolean;
  readonly notes: string;
}

/** `.provisioning/metadata.yaml` (03 §8). */
export interface WorkspaceMetadata {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly version: {
    readonly provisioning: string;
    readonly schema: string;
    readonly workspace_format: string;
  };
  readonly created: string;
  readonly last_updated: string;
  readonly migration_history: readonly MigrationRecord[];
  readonly compatibility: { readonly min_provisioning_version: string; readonly min_schema_version: string };
}

export const currentSchema = '1.0.0';
export const currentFormat = '2.0.0';

export function metadataFile(workspace: string): string {
  return path.join(workspace, '.provisioning', 'metadata.yaml');
}

/** The metadata; `undefined` when there is none or it cannot be read. The path of a moved workspace is corrected. */
export async function readMetadata(workspace: string): Promise<WorkspaceMetadata | undefined> {
  let value: unknown;
  try {
    value = parse(await readFile(metadataFile(workspace), 'utf8'));
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !isRecord(value['version'])) return undefined;
  const { provisioning, schema, workspace_format: format } = value['version'];
  if (typeof provisioning !== 'string' || versionParts(provisioning) === undefined) return undefined;
  const metadata = value as unknown as WorkspaceMetadata;
  return {
    ...metadata,
    workspace: { ...metadata.workspace, path: workspace },
    version: {
      provisioning,
      schema: typeof schema === 'string' ? schema : currentSchema,
      workspace_format: typeof format === 'string' ? format : '1.0.0',
    },
    migration_history: Array.isArray(metadata.migration_history) ? metadata.migration_history : [],
  };
}

export async function writeMetadata(workspace: string, metadata: WorkspaceMetadata): Promise<void> {
  await writeFileAtomic(metadataFile(workspace), stringify(metadata), 0o600);
}

/** Metadata of a workspace made by this version. */
export function freshMetadata(
  name: string,
  workspace: string,
  version: string,
  now: string,
): WorkspaceMetadata {
  return {
    workspace: { name, path: workspace },
    version: { provisioning: version, schema: currentSchema, workspace_format: currentFormat },
    created: now,
    last_updated: now,
    migration_history: [],
    compatibility: { min_provisioning_version: '0.1.0', min_schema_version: '1.0.0' },
  };
}

type Version = readonly [major: number, minor: number, patch: number];

export function versionParts(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** Negative when `a` is older than `b`. Pre-releases count as their release. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionParts(a) ?? [0, 0, 0], versionParts(b) ?? [0, 0, 0]];
  for (let index = 0; index < 3; index++) {
    const difference = left[index]! - right[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
