import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { type ExtensionKind, kindFolder, kinds } from '../extensions/kinds.ts';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { writeImports } from './imports.ts';
import { type LoadedEntry, loadModules, moduleLock, moduleState } from './load.ts';
import { readModules, writeModules } from './manifest-file.ts';
import { type ModuleTarget, targetOfFolder } from './target.ts';
import { finishPending, stageLink } from './transaction.ts';

export interface SyncResult {
  /** Loads that had been cut off and are finished now. */
  readonly finished: readonly string[];
  readonly relinked: readonly string[];
  /** Manifests made anew from the folders. */
  readonly rebuilt: readonly string[];
  /** Folders that no manifest names and that were removed. */
  readonly removed: readonly string[];
  /** Copies that are gone; loading them again brings them back. */
  readonly missing: readonly string[];
}

/** Rebuilds links, manifests and import files of a target (`module sync`, `sync-kcl`). */
export async function syncModules(target: ModuleTarget, now: () => number = Date.now): Promise<SyncResult> {
  const { base } = target;
  return withFileLock(moduleLock(base), async () => {
    const finished = await finishPending(base, now());
    const relinked: string[] = [];
    const rebuilt: string[] = [];
    const removed: string[] = [];
    const missing: string[] = [];
    for (const kind of kinds) {
      const { modules, warning } = await readModules(base, kind);
      if (warning !== undefined) {
        rebuilt.push(`${kindFolder(kind)}.yaml`);
        await writeModules(base, kind, modules, now());
      }
      for (const module of modules) {
        const path = join(base, module.path);
        const state = await moduleState(base, module);
        if (module.mode === 'copy') {
          if (state === 'missing') missing.push(module.name);
        } else if (state !== 'ok' && module.target !== undefined) {
          await rm(path, { recursive: true, force: true });
          await mkdir(dirname(path), { recursive: true });
          await stageLink(path, relative(dirname(path), join(base, module.target)));
          relinked.push(module.name);
        }
      }
      removed.push(...(await removeUnrecorded(base, kind, new Set(modules.map(({ name }) => name)))));
    }
    await writeImports(base);
    return { finished, relinked, rebuilt, removed, missing };
  });
}

/** A folder that is no module any more: an unload was cut off. Folders kept as `.bak-` stay. */
async function removeUnrecorded(
  base: string,
  kind: ExtensionKind,
  known: ReadonlySet<string>,
): Promise<string[]> {
  const folder = join(base, `.${kindFolder(kind)}`);
  const removed: string[] = [];
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (name.startsWith('.') || /\.bak-\d+$/.test(name) || known.has(name)) continue;
    const path = join(folder, name);
    if (!(await lstat(path)).isDirectory() && !(await lstat(path)).isSymbolicLink()) continue;
    await rm(path, { recursive: true });
    removed.push(`.${kindFolder(kind)}/${name}`);
  }
  return removed;
}

export interface InitModulesOptions {
  readonly folder: string;
  readonly infraName?: string;
  readonly catalogue: ExtensionCatalogue;
  readonly modules: Readonly<Partial<Record<ExtensionKind, readonly string[]>>>;
}

/** Makes the folders of an infrastructure (05 §2) and loads modules into it (`module init`). */
export async function initModules(options: InitModulesOptions): Promise<readonly LoadedEntry[]> {
  const { folder, catalogue, modules, infraName } = options;
  const base = infraName === undefined ? folder : join(folder, infraName);
  if ((await readdir(base).catch((): string[] => [])).includes('.manifest')) {
    throw new ProvisioningError({
      code: 'MODULES_INITIALISED',
      kind: 'conflict',
      message: `${base} has modules already`,
      hint: "Use 'provisioning module load' to add more.",
    });
  }
  for (const name of ['taskservs', 'clusters', 'defs', 'data', 'overrides']) {
    await mkdir(join(base, name), { recursive: true });
  }
  const target = await targetOfFolder(base);
  if (!(await readdir(base)).some((name) => name.startsWith('settings.'))) {
    await writeFileAtomic(join(base, 'settings.toml'), `main_name = ${JSON.stringify(target.name)}\n`, 0o644);
  }
  const loaded: LoadedEntry[] = [];
  for (const kind of kinds) {
    const names = modules[kind] ?? [];
    if (names.length > 0) loaded.push(...(await loadModules({ catalogue, kind, target, names })));
  }
  return loaded;
}
