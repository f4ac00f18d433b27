import { cp, mkdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ExtensionKind, kinds } from '../extensions/kinds.ts';
import { fileError, writeFileAtomic } from '../files/atomic.ts';
import { writeImports } from './imports.ts';
import { type LoadedModule, readModules, writeModules } from './manifest-file.ts';

/** One module that a load puts in place. */
export interface Placement {
  readonly kind: ExtensionKind;
  readonly module: LoadedModule;
  /** Complete copy or link below `.manifest/tmp`. */
  readonly stage: string;
  /** Where a modified folder is kept, relative to the target. */
  readonly backup?: string;
}

interface Journal {
  readonly placements: readonly Placement[];
}

/** Where copies are made before they are put in place. */
export function stageFolder(base: string): string {
  return join(base, '.manifest', 'tmp');
}

function journalFile(base: string): string {
  return join(base, '.manifest', 'pending.json');
}

/** Whether a load was cut off after its copies were complete. */
export async function isPending(base: string): Promise<boolean> {
  return stat(journalFile(base)).then(
    () => true,
    () => false,
  );
}

/**
 * Puts staged modules in place, all or none (08 §5.1.6): a failure restores the previous state; a process that dies
 * leaves a journal that `finishPending` completes.
 */
export async function commitPlacements(
  base: string,
  placements: readonly Placement[],
  now: number,
): Promise<void> {
  await writeFileAtomic(journalFile(base), JSON.stringify({ placements } satisfies Journal));
  const previous = await snapshot(base);
  const moved: { target: string; saved?: string; stage: string }[] = [];
  try {
    for (const { module, stage, backup } of placements) {
      const target = join(base, module.path);
      const saved = join(base, backup ?? join('.manifest', 'tmp', `old-${moved.length}`));
      await mkdir(dirname(target), { recursive: true });
      const hadOne = await moveIfPresent(target, saved);
      moved.push({ target, stage: join(base, stage), ...(hadOne ? { saved } : {}) });
      await rename(join(base, stage), target);
    }
    await record(base, placements, now);
  } catch (error) {
    for (const { target, saved } of moved.reverse()) {
      await rm(target, { recursive: true, force: true });
      if (saved !== undefined) await rename(saved, target);
    }
    await restore(base, previous);
    await clear(base);
    throw fileError(base, error);
  }
  await clear(base);
}

/** Completes a load that died while putting its copies in place. Returns the names it finished. */
export async function finishPending(base: string, now: number): Promise<string[]> {
  const text = await readFile(journalFile(base), 'utf8').catch(() => undefined);
  if (text === undefined) {
    await rm(stageFolder(base), { recursive: true, force: true });
    return [];
  }
  let journal: Journal;
  try {
    journal = JSON.parse(text) as Journal;
  } catch {
    journal = { placements: [] };
  }
  const finished: Placement[] = [];
  for (const placement of journal.placements) {
    const stage = join(base, placement.stage);
    const target = join(base, placement.module.path);
    if (await isThere(stage)) {
      if (placement.backup === undefined) await rm(target, { recursive: true, force: true });
      else await moveIfPresent(target, join(base, placement.backup));
      await mkdir(dirname(target), { recursive: true });
      await rename(stage, target);
    }
    if (await isThere(target)) finished.push(placement);
  }
  await record(base, finished, now);
  await clear(base);
  return finished.map(({ module }) => module.name);
}

async function record(base: string, placements: readonly Placement[], now: number): Promise<void> {
  for (const kind of kinds) {
    const added = placements.filter((placement) => placement.kind === kind).map(({ module }) => module);
    if (added.length === 0) continue;
    const names = new Set(added.map(({ name }) => name));
    const { modules } = await readModules(base, kind);
    await writeModules(base, kind, [...modules.filter(({ name }) => !names.has(name)), ...added], now);
  }
  await writeImports(base);
}

type Snapshot = ReadonlyMap<ExtensionKind, readonly LoadedModule[]>;

async function snapshot(base: string): Promise<Snapshot> {
  const lists = new Map<ExtensionKind, readonly LoadedModule[]>();
  for (const kind of kinds) lists.set(kind, (await readModules(base, kind)).modules);
  return lists;
}

async function restore(base: string, lists: Snapshot): Promise<void> {
  for (const [kind, modules] of lists) {
    const now = (await readModules(base, kind)).modules;
    if (JSON.stringify(now) !== JSON.stringify(modules)) await writeModules(base, kind, modules, Date.now());
  }
  await writeImports(base);
}

async function clear(base: string): Promise<void> {
  await rm(stageFolder(base), { recursive: true, force: true });
  await rm(journalFile(base), { force: true });
}

async function isThere(path: string): Promise<boolean> {
  return (
    (await readlink(path).catch(() => undefined)) !== undefined ||
    stat(path).then(
      () => true,
      () => false,
    )
  );
}

async function moveIfPresent(from: string, to: string): Promise<boolean> {
  if (!(await isThere(from))) return false;
  await mkdir(dirname(to), { recursive: true });
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await cp(from, to, { recursive: true, verbatimSymlinks: true });
    await rm(from, { recursive: true });
  }
  return true;
}

/** Makes a relative link in the staging folder that is right once it is moved to its place. */
export async function stageLink(stage: string, target: string): Promise<void> {
  await mkdir(dirname(stage), { recursive: true });
  await symlink(target, stage, process.platform === 'win32' ? 'junction' : 'dir');
}
