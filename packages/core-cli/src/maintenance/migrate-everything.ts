import {
  listWorkspaces,
  migrateConfiguration,
  migrateWorkspace,
  type Surroundings,
} from '@provisioning/core';

/** What is due in one workspace. */
export interface PendingMigration {
  readonly workspace: string;
  readonly path: string;
  /** Version it has; empty without metadata. */
  readonly from: string;
  readonly to: string;
  /** Steps that bring the workspace to this version. */
  readonly steps: readonly string[];
  /** Old configuration files in it that are to be taken over. */
  readonly files: readonly string[];
  /** Copies that were made before anything changed. */
  readonly backups: readonly string[];
}

export interface MigrationContext {
  readonly surroundings: Surroundings;
  /** Version of this program. */
  readonly version: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Every registered workspace that an older version made, with what is to be done to it (11 §5.6). */
export async function pendingMigrations(context: MigrationContext): Promise<readonly PendingMigration[]> {
  const found: PendingMigration[] = [];
  for (const { name, path, exists } of await listWorkspaces(context.surroundings)) {
    if (!exists) continue;
    const { plan } = await migrateWorkspace({ ...context, workspace: { name, path }, check: true });
    const configuration = await migrateConfiguration({ ...inPlace(context, name, path), check: true });
    const files = [...new Set(configuration.plan.entries.map(({ from }) => from))];
    const { from, to, steps } = plan;
    if (steps.length + files.length > 0)
      found.push({ workspace: name, path, from, to, steps, files, backups: [] });
  }
  return found;
}

/**
 * Does it, workspace by workspace: the configuration first, because the workspace's own migration ends with loading it.
 * Each step makes a backup first; one that fails restores it.
 */
export async function runMigrations(
  context: MigrationContext,
  pending: readonly PendingMigration[],
): Promise<readonly PendingMigration[]> {
  const done: PendingMigration[] = [];
  for (const one of pending) {
    const { workspace: name, path } = one;
    context.say(`Migrating ${name}`);
    const configuration = await migrateConfiguration({ ...inPlace(context, name, path), backup: true });
    const result = await migrateWorkspace({ ...context, workspace: { name, path }, report: context.say });
    const backups = [configuration.backup, result.backup].filter((backup) => backup !== undefined);
    done.push({ ...one, backups });
  }
  return done;
}

/** Old files of a workspace go into the same workspace; what its newer ones say wins. */
function inPlace({ surroundings }: MigrationContext, name: string, path: string) {
  return { surroundings, source: path, workspaceName: name, workspacePath: path, merge: true };
}
