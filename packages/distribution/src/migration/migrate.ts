import { join } from 'node:path';
import { listInfrastructures, readManifest, readModules, writeModules } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { pushExtension } from '../artifacts/push.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import type { Provided } from '../dependencies/candidates.ts';
import { resolveDependencies } from '../dependencies/resolve-workspace.ts';
import { type DependencyBlock, readDependencyBlock } from '../dependencies/workspace-block.ts';
import { kindFolder, packageKinds } from '../extension/kind.ts';
import { createMigrationBackup, restoreMigration } from './backup.ts';
import type { CollectedModules, PlannedMigration, Remark } from './collect.ts';

export interface MigrationPlan {
  readonly modules: readonly PlannedMigration[];
  readonly skipped: readonly Remark[];
  readonly problems: readonly Remark[];
}

const readAnyManifest = async (folder: string) => (await readManifest(folder)).manifest;

/** Compares every local module with the registry; changes nothing. */
export async function planMigration(
  session: ArtifactSession,
  collected: CollectedModules,
  publish: boolean,
): Promise<MigrationPlan> {
  const modules: PlannedMigration[] = [];
  const problems = [...collected.problems];
  for (const module of collected.modules) {
    try {
      const { path } = module;
      const pushed = await pushExtension(session, { path, readManifest: readAnyManifest, check: true });
      const action = pushed.state === 'unchanged' ? 'use' : publish ? 'publish' : 'missing';
      modules.push({ ...module, action, reference: pushed.reference, digest: pushed.digest });
    } catch (error) {
      if (!(error instanceof ProvisioningError)) throw error;
      if (error.code !== 'VERSION_EXISTS' && error.kind !== 'configuration') throw error;
      if (error.code !== 'VERSION_EXISTS') {
        problems.push({ name: module.name, reason: error.message });
        continue;
      }
      const reason = `Version ${module.version} of ${module.name} differs from the registry`;
      modules.push({ ...module, action: 'differs', reference: '', digest: '', reason });
    }
  }
  return { modules, skipped: collected.skipped, problems };
}

export interface MigrateOptions {
  readonly workspacePath: string;
  readonly workspaceName: string;
  readonly core: string;
  /** The `dependencies` block as it is. */
  readonly dependencies: unknown;
  /** Writes keys into the workspace's own file, all or none. */
  readonly write: (keys: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Digest of the rendered definition of an infrastructure. */
  readonly render: (infra: string) => Promise<string>;
  /** What the product ships. */
  readonly provided: Provided;
  readonly now?: () => Date;
}

/**
 * Moves a workspace from modules as files to modules of a registry: backup, push what is missing there, `dependencies`
 * block, lock (09 §13). A failure puts everything back; what was published stays.
 * @throws ProvisioningError `MIGRATION_BLOCKED`, exit 1, before anything was changed.
 */
export async function migrateWorkspace(
  session: ArtifactSession,
  plan: MigrationPlan,
  options: MigrateOptions,
): Promise<{ readonly backup: string }> {
  refuseBlocked(plan);
  const { workspacePath, workspaceName } = options;
  const infras = await listInfrastructures(workspacePath);
  const rendered = Object.fromEntries(
    await Promise.all(infras.map(async (infra) => [infra, await options.render(infra)] as const)),
  );
  const published: PlannedMigration[] = [];
  for (const module of plan.modules) {
    if (module.action !== 'publish') published.push(module);
    else {
      const { path } = module;
      const { reference, digest } = await pushExtension(session, { path, readManifest: readAnyManifest });
      published.push({ ...module, reference, digest });
    }
  }
  const changed = [
    ...infras.map((infra) => join('infra', infra, '.manifest')),
    ...plan.modules.map(({ kind, name }) => join('extensions', kindFolder(kind), name)),
  ];
  const record = {
    workspace: workspaceName,
    modules: published,
    skipped: plan.skipped,
    warnings: [],
    rendered,
  };
  const now = (options.now ?? (() => new Date()))();
  const backup = await createMigrationBackup(workspacePath, changed, record, now);
  try {
    const { block, keys } = migratedBlock(session, options.dependencies, published);
    await options.write(keys);
    await markAsRegistry(workspacePath, infras, published, now.getTime());
    await resolveDependencies(session, {
      workspacePath,
      block,
      core: options.core,
      provided: { local: () => Promise.resolve(undefined), core: options.provided.core },
    });
  } catch (error) {
    await restoreMigration(workspacePath, backup);
    throw error;
  }
  return { backup };
}

function refuseBlocked({ modules, problems }: MigrationPlan): void {
  const differing = modules.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  const missing = modules.filter(({ action }) => action === 'missing').map(({ name }) => name);
  const lines = [
    ...problems.map(({ name, reason }) => `${name}: ${reason}`),
    ...differing,
    ...(missing.length === 0 ? [] : [`Not in the registry: ${missing.join(', ')}`]),
  ];
  if (lines.length === 0) return;
  throw new ProvisioningError({
    code: 'MIGRATION_BLOCKED',
    message: lines.join('\n'),
    hint:
      missing.length === 0 ? 'nothing was changed' : 'nothing was changed; --publish pushes what is missing',
  });
}

/** The block with the migrated modules beside those it had, and the keys to write for it. */
function migratedBlock(
  session: ArtifactSession,
  before: unknown,
  modules: readonly PlannedMigration[],
): { readonly block: DependencyBlock; readonly keys: Readonly<Record<string, unknown>> } {
  const { settings } = session;
  const known = readDependencyBlock(before, { mode: settings.mode }).modules;
  const keys: Record<string, unknown> = {
    'dependencies.extensions.source_type': 'oci',
    'dependencies.extensions.oci.registry': settings.registry,
    'dependencies.extensions.oci.namespace': settings.namespaces.extensions,
  };
  const lists: Record<string, readonly string[]> = {};
  for (const kind of packageKinds) {
    const kept = known.filter(
      (one) => one.kind === kind && !modules.some(({ kind: own, name }) => own === kind && name === one.name),
    );
    const own = modules
      .filter((one) => one.kind === kind)
      .map(({ name, version }) => `${name}:${version.replaceAll('+', '_')}`);
    const list = [...kept.map(({ text }) => text), ...own];
    if (list.length === 0) continue;
    lists[kindFolder(kind)] = list;
    keys[`dependencies.extensions.modules.${kindFolder(kind)}`] = list;
  }
  const { extensions = {}, ...rest } = (before ?? {}) as { readonly extensions?: object };
  const block = readDependencyBlock(
    { ...rest, extensions: { ...extensions, source_type: 'oci', modules: lists } },
    { mode: settings.mode },
  );
  return { block, keys };
}

/** A loaded copy that came from files counts from now on as one of the registry. */
async function markAsRegistry(
  workspacePath: string,
  infras: readonly string[],
  migrated: readonly PlannedMigration[],
  now: number,
): Promise<void> {
  for (const base of [workspacePath, ...infras.map((infra) => join(workspacePath, 'infra', infra))]) {
    for (const kind of packageKinds) {
      const { modules } = await readModules(base, kind);
      const isMigrated = (name: string): boolean =>
        migrated.some((one) => one.kind === kind && one.name === name);
      if (!modules.some(({ name, source }) => source === 'local' && isMigrated(name))) continue;
      const marked = modules.map((one) => (isMigrated(one.name) ? { ...one, source: 'oci' as const } : one));
      await writeModules(base, kind, marked, now);
    }
  }
}
