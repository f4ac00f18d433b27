import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { componentFolders, type Prefix } from './prefix.ts';

/** One file or folder that changes its place, by its path from the prefix. */
interface Piece {
  readonly path: string;
  /** Whether something was there before. */
  readonly had: boolean;
  /** Whether something comes there. */
  readonly comes: boolean;
}

interface Journal {
  readonly backup: string;
  readonly pieces: readonly Piece[];
}

const wholes = new Set<string>(Object.values(componentFolders));

/** The pieces of a staged tree: whole components, and of shared folders the files that come. */
async function piecesOf(prefix: Prefix, tree: string, folder = ''): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const entry of await readdir(join(tree, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const had = existsSync(prefix.path(path));
    if (entry.isDirectory() && had && !wholes.has(path)) pieces.push(...(await piecesOf(prefix, tree, path)));
    else pieces.push({ path, had, comes: true });
  }
  return pieces;
}

/**
 * Puts a staged tree into its place and what was there before into the backup folder. A journal says how to take it back,
 * so a swap that is cut off anywhere, by a kill too, is undone by `undoSwap`.
 * @param gone paths that the new tree does not have any more.
 */
export async function swapTree(
  prefix: Prefix,
  tree: string,
  backup: string,
  gone: readonly string[] = [],
): Promise<void> {
  const pieces = [
    ...(await piecesOf(prefix, tree)),
    ...gone
      .filter((path) => existsSync(prefix.path(path)))
      .map((path) => ({ path, had: true, comes: false })),
  ];
  await rm(backup, { recursive: true, force: true });
  await mkdir(backup, { recursive: true });
  await writeFile(prefix.journal, JSON.stringify({ backup, pieces } satisfies Journal), { mode: 0o600 });
  for (const { path, had, comes } of pieces) {
    if (had) await move(prefix.path(path), join(backup, path));
    if (comes) await move(join(tree, path), prefix.path(path));
  }
}

/** Makes the last swap final; its backup stays until the next one. */
export async function confirmSwap(prefix: Prefix): Promise<void> {
  await rm(prefix.journal, { force: true });
}

/** Takes an unconfirmed swap back. @returns whether there was one. */
export async function undoSwap(prefix: Prefix): Promise<boolean> {
  const text = await readFile(prefix.journal, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const { backup, pieces } = JSON.parse(text) as Journal;
  for (const { path, had } of [...pieces].reverse()) {
    const saved = join(backup, path);
    if (had && !existsSync(saved)) continue;
    await rm(prefix.path(path), { recursive: true, force: true });
    if (had) await move(saved, prefix.path(path));
    else await removeEmpty(prefix, dirname(path));
  }
  await rm(prefix.journal, { force: true });
  await rm(backup, { recursive: true, force: true });
  return true;
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

/** Removes folders that became empty, upwards to the prefix. */
export async function removeEmpty(prefix: Prefix, folder: string): Promise<void> {
  for (let path = folder; path !== '.' && path !== '' && path !== '/'; path = dirname(path)) {
    const removed = await rmdir(prefix.path(path)).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** Backups of earlier versions, without the folder's prefix. */
export async function backupsOf(prefix: Prefix): Promise<readonly string[]> {
  const mark = 'provisioning.backup-';
  const names = await readdir(prefix.path('lib')).catch(() => []);
  return names.filter((name) => name.startsWith(mark)).map((name) => name.slice(mark.length));
}
