import { realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { type ExtensionKind, kinds } from '../extensions/kinds.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import { readManifest } from '../extensions/manifest.ts';
import { isInside } from '../extensions/scan.ts';
import { anySatisfies, versionsOf } from '../extensions/version.ts';
import { withFileLock } from '../files/atomic.ts';
import { type Wanted, moduleClosure } from './closure.ts';
import { type LoadedModule, type ModuleSource, modulePath, readModules } from './manifest-file.ts';
import type { ModuleTarget } from './target.ts';
import { type Placement, commitPlacements, finishPending, stageFolder, stageLink } from './transaction.ts';
import { copyTree, treeIntegrity } from '../extensions/tree.ts';

export interface LoadModulesOptions {
  readonly catalogue: ExtensionCatalogue;
  readonly kind: ExtensionKind;
  readonly target: ModuleTarget;
  readonly names: readonly string[];
  /** `local` = the workspace's and registered folders only, `core` = the product's only. */
  readonly source?: ModuleSource;
  /** Place whose modules go before those of others; dependencies may come from anywhere. */
  readonly preferred?: ModuleSource;
  /** What the manifest says of installed ones that were fetched for this: `registry` or `oci`. */
  readonly fetchedFrom?: 'registry' | 'oci';
  readonly version?: string;
  /** Default: links for providers, copies for the rest. */
  readonly mode?: 'copy' | 'link';
  readonly dependencies?: boolean;
  readonly force?: boolean;
  /** Only says what would be done. */
  readonly check?: boolean;
  readonly now?: () => number;
}

/** One line of the outcome. */
export interface LoadedEntry {
  readonly kind: ExtensionKind;
  readonly name: string;
  readonly version: string;
  readonly source: ModuleSource;
  readonly path: string;
  readonly status: 'loaded' | 'already-loaded';
  readonly requiredBy?: string;
  /** Where the folder that was there before is kept. */
  readonly backup?: string;
}

/** The lock that one writer of a target holds. */
export function moduleLock(base: string): string {
  return join(base, '.manifest', 'modules');
}

/**
 * Puts a fixed copy (or a link) of extensions into a workspace or infrastructure, with what they require (08 §5.1).
 * All or nothing.
 * @throws ProvisioningError `MODULE_NOT_FOUND` (exit 5), `MODULE_LOADED`, `MODULE_MODIFIED`, `MODULE_CONFLICT`.
 */
export async function loadModules(options: LoadModulesOptions): Promise<readonly LoadedEntry[]> {
  if (options.check === true) return (await prepare(options)).entries;
  const { base } = options.target;
  const now = (options.now ?? Date.now)();
  return withFileLock(moduleLock(base), async () => {
    await finishPending(base, now);
    const { wanted, entries } = await prepare(options);
    const placements: Placement[] = [];
    for (const item of wanted) {
      const entry = entries.find(({ kind, name }) => kind === item.kind && name === item.record.name)!;
      if (entry.status === 'loaded') placements.push(await stage(options, item, entry, now));
    }
    if (placements.length > 0) await commitPlacements(base, placements, now);
    return entries;
  });
}

async function prepare(options: LoadModulesOptions): Promise<{ wanted: Wanted[]; entries: LoadedEntry[] }> {
  const { catalogue, kind, target, names, version } = options;
  const loaded = new Map<string, LoadedModule>();
  for (const one of kinds) {
    for (const module of (await readModules(target.base, one)).modules)
      loaded.set(`${one}/${module.name}`, module);
  }
  const available = new Map<string, readonly string[]>();
  for (const [key, module] of loaded) available.set(key, await loadedVersions(target.base, module));
  const wanted = await moduleClosure({
    catalogue,
    kind,
    names: [...new Set(names)],
    version,
    available,
    withDependencies: options.dependencies !== false,
    pick: (one, name, range) => pick(options, one, name, range),
  });
  const entries: LoadedEntry[] = [];
  for (const item of wanted) {
    const present = loaded.get(`${item.kind}/${item.record.name}`);
    entries.push(await entryOf(options, item, present));
  }
  return { wanted, entries };
}

/** What ranges may mean of a loaded module: what its folder says, else what is on record. */
export async function loadedVersions(
  base: string,
  { path, version }: LoadedModule,
): Promise<readonly string[]> {
  const found = await readManifest(join(base, path)).catch(() => undefined);
  return versionsOf({ version, manifest: found?.manifest ?? {} });
}

/** The highest place below the target that has a fitting version (08 §5.1.1). */
async function pick(
  { catalogue, target, source, preferred }: LoadModulesOptions,
  kind: ExtensionKind,
  name: string,
  range?: string,
): Promise<ExtensionRecord | undefined> {
  const below = (await catalogue.versions(kind, name)).filter((record) => isBelow(record, kind, target));
  const ordered =
    preferred === undefined
      ? below
      : [
          ...below.filter((record) => sourceOf(record) === preferred),
          ...below.filter((record) => sourceOf(record) !== preferred),
        ];
  return ordered.find(
    (record) =>
      (source === undefined || sourceOf(record) === source) &&
      (range === undefined || anySatisfies(versionsOf(record), range)),
  );
}

/** What lies in the target's own folders is no source for it. */
function isBelow(record: ExtensionRecord, kind: ExtensionKind, target: ModuleTarget): boolean {
  if (target.layer === 'infrastructure') return record.layer !== 'infrastructure';
  return (
    record.layer !== 'infrastructure' &&
    !isInside(record.path, join(target.base, dirname(modulePath(kind, 'x'))))
  );
}

function sourceOf(record: ExtensionRecord): ModuleSource {
  return record.layer === 'core' ? 'core' : record.layer === 'installed' ? 'installed' : 'local';
}

/** Whether an extension that is written here has changed since it was copied: those of a product or package have versions. */
async function sourceChanged(record: ExtensionRecord, { mode, integrity }: LoadedModule): Promise<boolean> {
  if (mode !== 'copy' || integrity === undefined || sourceOf(record) !== 'local') return false;
  return (await treeIntegrity(await realpath(record.path))) !== integrity;
}

async function entryOf(
  options: LoadModulesOptions,
  item: Wanted,
  present: LoadedModule | undefined,
): Promise<LoadedEntry> {
  const { record, kind, requiredBy } = item;
  const { base } = options.target;
  const path = modulePath(kind, record.name);
  const entry: LoadedEntry = {
    kind,
    name: record.name,
    version: record.version,
    source: record.layer === 'installed' ? (options.fetchedFrom ?? 'installed') : sourceOf(record),
    path,
    status: 'loaded',
    ...(requiredBy === undefined ? {} : { requiredBy }),
  };
  if (present === undefined) return entry;
  const state = await moduleState(base, present);
  const isSameVersion = present.version === record.version && present.mode === modeOf(options, kind);
  const isSame = isSameVersion && !(await sourceChanged(record, present));
  if (state === 'ok' && isSame) return { ...entry, status: 'already-loaded' };
  if (state === 'missing') return entry;
  if (options.force !== true) {
    const modified = state === 'modified';
    throw new ProvisioningError({
      code: modified ? 'MODULE_MODIFIED' : 'MODULE_LOADED',
      kind: 'conflict',
      message: modified
        ? `Module '${record.name}' was changed in ${path}`
        : isSameVersion
          ? `Module '${record.name}' ${present.version} is loaded already, and ${record.path} has changed since`
          : `Module '${record.name}' ${present.version} is loaded already (wanted ${record.version}, ${modeOf(options, kind)})`,
      hint: 'Use --force to replace it; a changed folder is kept beside it.',
    });
  }
  const backup = state === 'modified' ? `${path}.bak-${(options.now ?? Date.now)()}` : undefined;
  return { ...entry, ...(backup === undefined ? {} : { backup }) };
}

function modeOf(options: LoadModulesOptions, kind: ExtensionKind): 'copy' | 'link' {
  return options.mode ?? (kind === 'provider' ? 'link' : 'copy');
}

async function stage(
  options: LoadModulesOptions,
  item: Wanted,
  entry: LoadedEntry,
  now: number,
): Promise<Placement> {
  const { base } = options.target;
  const { record, kind } = item;
  const folder = join(stageFolder(base), `${kind}-${record.name}`);
  const mode = modeOf(options, kind);
  const source = await realpath(record.path);
  const target = relative(join(base, dirname(entry.path)), source);
  if (mode === 'link') await stageLink(folder, target);
  else await copyTree(source, folder);
  return {
    kind,
    stage: relative(base, folder),
    ...(entry.backup === undefined ? {} : { backup: entry.backup }),
    module: {
      name: record.name,
      version: record.version,
      source: entry.source,
      path: entry.path,
      mode,
      ...(mode === 'link' ? { target: relative(base, source) } : { integrity: await treeIntegrity(folder) }),
      requested: item.requiredBy === undefined,
      dependencies: [...item.dependencies],
      loaded_at: new Date(now).toISOString(),
    },
  };
}

/** Whether a loaded module is as it was loaded (08 §5, `module list`). */
export async function moduleState(
  base: string,
  module: LoadedModule,
): Promise<'ok' | 'modified' | 'missing'> {
  const real = await realpath(join(base, module.path)).catch(() => undefined);
  if (real === undefined) return 'missing';
  if (module.mode === 'link') {
    const wanted = module.target === undefined ? real : join(base, module.target);
    return real === (await realpath(wanted).catch(() => '')) ? 'ok' : 'modified';
  }
  if (module.integrity === undefined) return 'ok';
  return (await treeIntegrity(real)) === module.integrity ? 'ok' : 'modified';
}
