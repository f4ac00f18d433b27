import { lstat, readFile, readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type ExtensionKind, kindFolder } from '../extensions/kinds.ts';
import { readManifest } from '../extensions/manifest.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { treeIntegrity } from '../extensions/tree.ts';

export type ModuleSource = 'core' | 'local' | 'installed' | 'registry' | 'oci';

/** One loaded module as `.manifest/<kind>s.yaml` records it (08 §5.3, S:57986-57991). */
export interface LoadedModule {
  readonly name: string;
  readonly version: string;
  readonly source: ModuleSource;
  /** Below the target: `.taskservs/kubernetes`. */
  readonly path: string;
  readonly mode: 'copy' | 'link';
  /** Relative target of a link. */
  readonly target?: string;
  readonly integrity?: string;
  /** False for a module that only another one needs. */
  readonly requested: boolean;
  readonly dependencies: readonly string[];
  readonly loaded_at: string;
}

export interface ModuleList {
  readonly modules: readonly LoadedModule[];
  /** Why the list was made from the folders instead of read. */
  readonly warning?: string;
}

export function manifestPath(base: string, kind: ExtensionKind): string {
  return join(base, '.manifest', `${kindFolder(kind)}.yaml`);
}

/** Folder of a loaded module, relative to the target. */
export function modulePath(kind: ExtensionKind, name: string): string {
  return `.${kindFolder(kind)}/${name}`;
}

/** What is loaded; a manifest that is gone or broken is made anew from the folders, all counted as requested. */
export async function readModules(base: string, kind: ExtensionKind): Promise<ModuleList> {
  const file = manifestPath(base, kind);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) {
    try {
      const list = (parse(text) as Record<string, unknown> | null)?.[`loaded_${kindFolder(kind)}`] ?? [];
      if (Array.isArray(list) && list.every(isModule)) return { modules: list };
    } catch {
      // A file that does not parse is treated like one that says nothing useful.
    }
  }
  const modules = await modulesInFolder(base, kind);
  if (modules.length === 0 && text === undefined) return { modules };
  const state = text === undefined ? 'is missing' : 'is corrupt';
  return { modules, warning: `${file} ${state}; it was rebuilt from the folders` };
}

function isModule(value: unknown): value is LoadedModule {
  const { name, version, path } = (value ?? {}) as Partial<LoadedModule>;
  return typeof name === 'string' && typeof version === 'string' && typeof path === 'string';
}

export async function writeModules(
  base: string,
  kind: ExtensionKind,
  modules: readonly LoadedModule[],
  now: number,
): Promise<void> {
  const sorted = [...modules].sort((a, b) => a.name.localeCompare(b.name));
  const data = {
    [`loaded_${kindFolder(kind)}`]: sorted,
    last_updated: new Date(now).toISOString().slice(0, 19).replace('T', ' '),
  };
  await writeFileAtomic(manifestPath(base, kind), stringify(data, { lineWidth: 0 }), 0o644);
}

async function modulesInFolder(base: string, kind: ExtensionKind): Promise<LoadedModule[]> {
  const names = await readdir(join(base, `.${kindFolder(kind)}`)).catch((): string[] => []);
  const modules: LoadedModule[] = [];
  for (const name of names.sort()) {
    if (name.startsWith('.') || /\.bak-\d+$/.test(name)) continue;
    const path = join(base, modulePath(kind, name));
    const manifest = (await readManifest(path).catch(() => undefined))?.manifest;
    if (manifest === undefined) continue;
    const isLink = (await lstat(path)).isSymbolicLink();
    modules.push({
      name,
      version: manifest.version,
      source: 'local',
      path: modulePath(kind, name),
      ...(isLink
        ? { mode: 'link' as const, target: await readlink(path) }
        : { mode: 'copy' as const, integrity: await treeIntegrity(await realpath(path)) }),
      requested: true,
      dependencies: Object.keys((manifest.dependencies ?? {}) as object),
      loaded_at: (await lstat(path)).mtime.toISOString(),
    });
  }
  return modules;
}
