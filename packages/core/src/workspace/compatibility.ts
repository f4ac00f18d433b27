import { ProvisioningError } from '@provisioning/extensions-sdk';
import {
  type WorkspaceMetadata,
  compareVersions,
  currentFormat,
  readMetadata,
  versionParts,
} from './metadata.ts';
import { type MigrationStep, migrationSteps } from './migration-steps.ts';

export type CompatibilityReason =
  | 'version_match'
  | 'migration_available'
  | 'migration_required'
  | 'no_metadata'
  | 'workspace_too_new'
  | 'patch_newer';

export interface Compatibility {
  /** Whether commands that change something run. */
  readonly compatible: boolean;
  readonly reason: CompatibilityReason;
  readonly message: string;
  readonly system: string;
  readonly workspace: string;
  /** To be printed when the command runs all the same. */
  readonly notice?: string;
}

/** How a workspace's version stands to the system's (03 §8). */
export function compatibilityOf(
  metadata: WorkspaceMetadata | undefined,
  system: string,
  name: string,
  steps: readonly MigrationStep[] = migrationSteps,
): Compatibility {
  if (metadata === undefined) {
    return {
      compatible: false,
      reason: 'no_metadata',
      message: 'Workspace metadata not found or corrupted',
      system,
      workspace: '',
    };
  }
  const workspace = metadata.version.provisioning;
  const base = { system, workspace };
  const minimum = metadata.compatibility?.min_provisioning_version;
  const belowMinimum =
    typeof minimum === 'string' &&
    versionParts(minimum) !== undefined &&
    compareVersions(system, minimum) < 0;
  const [theirs, ours] = [versionParts(workspace)!, versionParts(system) ?? [0, 0, 0]];
  const newer = compareVersions(workspace, system) > 0;
  if (belowMinimum || (newer && (theirs[0] !== ours[0] || theirs[1] !== ours[1]))) {
    return {
      ...base,
      compatible: false,
      reason: 'workspace_too_new',
      message: `Workspace version (${belowMinimum ? `needs ${minimum}` : workspace}) is newer than system (${system})`,
    };
  }
  if (newer) {
    const message = `Workspace version (${workspace}) is a newer patch than system (${system})`;
    return { ...base, compatible: true, reason: 'patch_newer', message, notice: message };
  }
  const due = steps.filter(
    (step) => compareVersions(step.to, workspace) > 0 && compareVersions(step.to, system) <= 0,
  );
  if (
    compareVersions(metadata.version.workspace_format, currentFormat) < 0 ||
    due.some((step) => step.breaking)
  ) {
    return {
      ...base,
      compatible: false,
      reason: 'migration_required',
      message: 'Workspace version is incompatible',
    };
  }
  if (compareVersions(workspace, system) < 0) {
    const message = `Migration available: Workspace can be updated from ${workspace} to ${system}`;
    return {
      ...base,
      compatible: true,
      reason: 'migration_available',
      message,
      notice: `${message}\nRun: provisioning workspace migrate ${name}`,
    };
  }
  return {
    ...base,
    compatible: true,
    reason: 'version_match',
    message: 'Workspace and system versions match',
  };
}

/**
 * Refuses a workspace that this version may not change.
 * @returns a notice to print, when there is one
 * @throws ProvisioningError `WORKSPACE_INCOMPATIBLE` (exit 3)
 */
export async function requireCompatible(
  workspace: { readonly name: string; readonly path: string },
  system: string,
): Promise<string | undefined> {
  const found = compatibilityOf(await readMetadata(workspace.path), system, workspace.name);
  if (found.compatible) return found.notice;
  const command = `provisioning workspace migrate ${workspace.name}`;
  throw new ProvisioningError({
    code: 'WORKSPACE_INCOMPATIBLE',
    kind: 'configuration',
    message:
      found.reason === 'workspace_too_new'
        ? `${found.message}.`
        : `${found.message}: ${workspace.name} (${workspace.path})`,
    hint:
      found.reason === 'workspace_too_new'
        ? 'Upgrade the provisioning system to use this workspace.'
        : `This workspace needs migration:\n  ${command}`,
    details: found,
  });
}

/** What `workspace version` prints. */
export interface VersionReport {
  readonly system: { readonly version: string };
  readonly workspace: {
    readonly name: string;
    readonly path: string;
    readonly version: string;
    readonly schema_version: string;
    readonly format_version: string;
    readonly created: string;
    readonly last_updated: string;
  };
  readonly compatibility: {
    readonly compatible: boolean;
    readonly reason: CompatibilityReason;
    readonly message: string;
  };
  readonly migrations: { readonly total: number; readonly history: WorkspaceMetadata['migration_history'] };
}

export async function versionReport(
  workspace: { readonly name: string; readonly path: string },
  system: string,
): Promise<VersionReport> {
  const metadata = await readMetadata(workspace.path);
  const { compatible, reason, message } = compatibilityOf(metadata, system, workspace.name);
  return {
    system: { version: system },
    workspace: {
      name: workspace.name,
      path: workspace.path,
      version: metadata?.version.provisioning ?? '',
      schema_version: metadata?.version.schema ?? '',
      format_version: metadata?.version.workspace_format ?? '',
      created: metadata?.created ?? '',
      last_updated: metadata?.last_updated ?? '',
    },
    compatibility: { compatible, reason, message },
    migrations: {
      total: metadata?.migration_history.length ?? 0,
      history: metadata?.migration_history ?? [],
    },
  };
}
