import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { manifestAmong } from './manifest.ts';
import type { Root } from './roots.ts';

/** Whether a link may lead to a folder (given as its real path). */
export type LinkRule = (target: string) => Promise<boolean>;

/** A folder that holds a manifest. */
export interface Leaf {
  /** Where it was found, below the root. */
  readonly folder: string;
  readonly manifestFile: string;
  /** Older manifests of the same folder that are ignored. */
  readonly ignored: readonly string[];
}

export interface ScanResult {
  readonly leaves: Leaf[];
  /** Folders left out, with the reason. */
  readonly rejected: { path: string; reason: string }[];
  readonly warnings: string[];
}

/** Levels below a root that are searched (08 §3). */
const maximumDepth = 5;
const skipped = new Set(['node_modules', 'template']);
/** Files of the former Nushell implementation (06 §1). */
const legacyMarks = ['provider.nu', 'nulib', 'nu'];

/**
 * Finds the manifests below a root; a folder with a manifest is a leaf. Symbolic links are followed only to a folder
 * that `isAllowed` knows. A root that isn't there is empty; one that can't be read is a warning.
 */
export async function scanRoot(root: Root, isAllowed: LinkRule): Promise<ScanResult> {
  const result: ScanResult = { leaves: [], rejected: [], warnings: [] };
  await scanFolder(root.path, root, 0, isAllowed, result);
  return result;
}

async function scanFolder(
  folder: string,
  root: Root,
  depth: number,
  isAllowed: LinkRule,
  result: ScanResult,
): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') result.warnings.push(`${folder} can't be read (${code})`);
    return;
  }
  const names = entries.map(({ name }) => name);
  const manifest = manifestAmong(names);
  if (manifest !== undefined) {
    const ignored = manifest.ignored.map((name) => join(folder, name));
    result.leaves.push({ folder, manifestFile: join(folder, manifest.name), ignored });
    return;
  }
  if (depth > 0 && legacyMarks.some((mark) => names.includes(mark))) {
    result.rejected.push({ path: folder, reason: 'legacy implementation' });
    return;
  }
  if (depth >= maximumDepth) return;
  for (const entry of entries) {
    if (entry.name.startsWith('.') || skipped.has(entry.name)) continue;
    if (depth === 0 && root.skip?.includes(entry.name)) continue;
    if (depth === 0 && root.suffix !== undefined && !entry.name.endsWith(root.suffix)) continue;
    const child = join(folder, entry.name);
    if (entry.isDirectory()) await scanFolder(child, root, depth + 1, isAllowed, result);
    else if (entry.isSymbolicLink()) await followLink(child, root, depth + 1, isAllowed, result);
  }
}

async function followLink(
  link: string,
  root: Root,
  depth: number,
  isAllowed: LinkRule,
  result: ScanResult,
): Promise<void> {
  const target = await realpath(link).catch(() => undefined);
  if (target === undefined) {
    result.rejected.push({ path: link, reason: 'the link leads nowhere' });
    return;
  }
  if (!(await stat(target)).isDirectory()) return;
  if (!(await isAllowed(target))) {
    result.rejected.push({
      path: link,
      reason: `the link leads outside the allowed directories, to ${target}`,
    });
    return;
  }
  const before = result.leaves.length;
  await scanFolder(target, root, depth, isAllowed, result);
  // What lies behind the link is shown where the link is, when the link itself is the extension.
  const leaf = result.leaves[before];
  if (leaf?.folder === target) result.leaves[before] = { ...leaf, folder: link };
}

/** Whether a path lies in a folder, or is it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
