import { ProvisioningError } from '@provisioning/extensions-sdk';
import { loadConfiguration } from '../config/load.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { backupDirectory, restoreDirectory } from './backup-directory.ts';
import { usage } from './errors.ts';
import { listInfrastructures } from './layout.ts';
import { withWorkspaceLock } from './locks/lock.ts';
import {
  type MigrationRecord,
  compareVersions,
  currentFormat,
  currentSchema,
  freshMetadata,
  readMetadata,
  versionParts,
  writeMetadata,
} from './metadata.ts';
import { type MigrationStep, migrationSteps } from './migration-steps.ts';

export interface MigrateOptions {
  readonly surroundings: Surroundings;
  readonly workspace: { readonly name: string; readonly path: string };
  /** Version of the installed system. */
  readonly version: string;
  readonly targetVersion?: string;
  /** Must equal the recorded version. */
  readonly fromVersion?: string;
  readonly skipBackup?: boolean;
  readonly check?: boolean;
  /** Asked once the plan is known; `false` cancels. Absent: go on. */
  readonly confirm?: (plan: MigrationPlan) => Promise<boolean>;
  readonly report?: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly steps?: readonly MigrationStep[];
}

export interface MigrationPlan {
  /** Recorded version; empty without metadata. */
  readonly from: string;
  readonly to: string;
  readonly type: MigrationRecord['migration_type'];
  readonly steps: readonly string[];
}

export interface MigrationResult {
  readonly status: 'up-to-date' | 'planned' | 'cancelled' | 'migrated';
  readonly plan: MigrationPlan;
  readonly backup?: string;
}

/**
 * Brings a workspace to a version of the system (03 §9). A failing step or verification restores the backup, byte for
 * byte.
 * @throws ProvisioningError `MIGRATION_FAILED` (1), `MIGRATION_DOWNGRADE`, `USAGE` (2)
 */
export async function migrateWorkspace(options: MigrateOptions): Promise<MigrationResult> {
  const { workspace, surroundings } = options;
  const metadata = await readMetadata(workspace.path);
  const steps = options.steps ?? migrationSteps;
  const plan = planOf(
    options,
    metadata?.version.provisioning ?? '',
    metadata?.version.workspace_format,
    steps,
  );
  if (plan.steps.length === 0) return { status: 'up-to-date', plan };
  if (options.check === true) return { status: 'planned', plan };
  if (options.confirm !== undefined && !(await options.confirm(plan))) return { status: 'cancelled', plan };
  return withWorkspaceLock({ ...options, operation: 'Migrating the workspace', type: 'write' }, async () => {
    const backup =
      options.skipBackup === true
        ? undefined
        : await backupDirectory(workspace, {
            reason: 'pre_migration',
            now: surroundings.now(),
            version: options.version,
          });
    if (backup !== undefined) options.report?.(`Backup created: ${backup}`);
    try {
      await applySteps(options, plan, steps);
    } catch (cause) {
      throw await failed(options, plan, backup, cause);
    }
    return { status: 'migrated', plan, ...(backup === undefined ? {} : { backup }) };
  });
}

function planOf(
  options: MigrateOptions,
  from: string,
  format: string | undefined,
  steps: readonly MigrationStep[],
): MigrationPlan {
  const to = options.targetVersion ?? options.version;
  if (versionParts(to) === undefined) throw usage(`Invalid version: ${to}`, 'INVALID_VERSION');
  if (options.fromVersion !== undefined && options.fromVersion !== from) {
    throw usage(
      `The workspace has version ${from === '' ? 'none' : from}, not ${options.fromVersion}`,
      'VERSION_MISMATCH',
    );
  }
  if (compareVersions(to, options.version) > 0) {
    throw usage(
      `No migration leads to ${to}; this version of the system is ${options.version}`,
      'MIGRATION_UNKNOWN',
    );
  }
  if (from !== '' && compareVersions(to, from) < 0) {
    throw usage(
      `A workspace is not taken back from ${from} to ${to}`,
      'MIGRATION_DOWNGRADE',
      'Restore a backup instead: provisioning workspace list-backups',
    );
  }
  const oldFormat = format === undefined || compareVersions(format, currentFormat) < 0;
  const due = steps.filter(
    (step) =>
      compareVersions(step.to, to) <= 0 && (oldFormat || from === '' || compareVersions(step.to, from) > 0),
  );
  const behind = from === '' || oldFormat || compareVersions(from, to) < 0;
  const type = from === '' ? 'metadata_initialization' : 'version_update';
  return { from, to, type, steps: behind ? [...due.map(({ name }) => name), 'metadata'] : [] };
}

async function applySteps(
  options: MigrateOptions,
  plan: MigrationPlan,
  steps: readonly MigrationStep[],
): Promise<void> {
  const { workspace } = options;
  for (const name of plan.steps) {
    if (options.signal?.aborted === true) {
      throw new ProvisioningError({
        code: 'INTERRUPTED',
        kind: 'interrupted',
        message: 'Operation interrupted',
      });
    }
    const step = steps.find((candidate) => candidate.name === name);
    try {
      if (step !== undefined) await step.apply(workspace);
    } catch (cause) {
      throw stepFailed(name, cause);
    }
    if (step !== undefined) options.report?.(`${name} completed`);
  }
  try {
    await loadConfiguration({
      surroundings: { ...options.surroundings, env: { PATH: options.surroundings.env['PATH'] } },
      workspace,
    });
    await listInfrastructures(workspace.path);
  } catch (cause) {
    throw stepFailed('verification', cause);
  }
  await record(options, plan, true, `Steps: ${plan.steps.join(', ')}`);
  options.report?.('metadata completed');
}

function stepFailed(step: string, cause: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'MIGRATION_FAILED',
    message: `Migration failed: ${step}: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  });
}

/** Appends to the history and, on success, sets the versions. */
async function record(
  options: MigrateOptions,
  plan: MigrationPlan,
  success: boolean,
  notes: string,
): Promise<void> {
  const { workspace, surroundings } = options;
  const now = surroundings.now().toISOString();
  const before =
    (await readMetadata(workspace.path)) ?? freshMetadata(workspace.name, workspace.path, plan.to, now);
  const entry = {
    from_version: plan.from,
    to_version: plan.to,
    migration_type: plan.type,
    timestamp: now,
    success,
    notes,
  };
  await writeMetadata(workspace.path, {
    ...before,
    ...(success
      ? {
          version: { provisioning: plan.to, schema: currentSchema, workspace_format: currentFormat },
          last_updated: now,
        }
      : {}),
    migration_history: [...before.migration_history, entry],
  });
}

/** Restores the backup where there is one; the history says what happened as far as it can still be written. */
async function failed(
  options: MigrateOptions,
  plan: MigrationPlan,
  backup: string | undefined,
  cause: unknown,
): Promise<ProvisioningError> {
  const error = ProvisioningError.from(cause);
  if (backup === undefined) {
    if (plan.from !== '') await record(options, plan, false, error.message);
    return new ProvisioningError({
      code: error.code,
      kind: error.kind === 'bug' ? 'failure' : error.kind,
      message: error.message,
      hint: 'No backup was made. Restore one by hand: provisioning workspace list-backups',
      cause,
    });
  }
  await restoreDirectory(backup, options.workspace.path);
  return new ProvisioningError({
    code: error.code,
    kind: error.kind === 'bug' ? 'failure' : error.kind,
    message: error.message,
    hint: `The workspace was restored from ${backup}`,
    cause,
  });
}
