import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { isRecord } from '../config/merge.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { workspaceNotFound } from './errors.ts';
import { mainFile } from '../config/definition-formats.ts';
import { listInfrastructures } from './layout.ts';
import { WorkspaceRegistry } from './registry.ts';

/** What `workspace info` shows (03 §7). */
export interface WorkspaceInfo {
  readonly name: string;
  readonly path: string;
  readonly active: boolean;
  readonly configuration?: string;
  readonly default_infra?: string;
  readonly environment?: string;
  readonly infrastructures: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** @throws ProvisioningError `WORKSPACE_NOT_FOUND` (exit 5) */
export async function workspaceInfo(surroundings: Surroundings, name: string): Promise<WorkspaceInfo> {
  const registry = await new WorkspaceRegistry(surroundings).read();
  const workspace = registry.workspaces.find((known) => known.name === name);
  if (workspace === undefined)
    throw workspaceNotFound(
      name,
      registry.workspaces.map((known) => known.name),
    );
  const configuration = mainFile(workspace.path);
  const metadata = await readFile(path.join(workspace.path, '.provisioning', 'metadata.yaml'), 'utf8').then(
    (text) => parse(text) as unknown,
    () => undefined,
  );
  return {
    name,
    path: workspace.path,
    active: registry.active_workspace === name,
    ...(configuration === undefined ? {} : { configuration }),
    ...(workspace.default_infra === undefined ? {} : { default_infra: workspace.default_infra }),
    ...(workspace.environment === undefined ? {} : { environment: workspace.environment }),
    infrastructures: await listInfrastructures(workspace.path),
    ...(isRecord(metadata) ? { metadata } : {}),
  };
}
