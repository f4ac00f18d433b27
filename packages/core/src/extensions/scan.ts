import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { manifestAmong } from './manifest.ts';
import type { Root } from './roots.ts';

/** The folder to read where a link leads to one (given as its real path); none where it may not lead. */
export type LinkRule = (target: string) => Promise<string | undefined>;

/** A folder that holds a manifest. */
export interface Leaf {
  /** Where it was found, below the root. */
  readonly folder: string;
  readonly manifestFile: string;
  /** Older manifests of the same folder that are ignored. */
  readonly ignored: readonly string[];
}

export interface ScanResult {
  readonly leaves: readonly Leaf[];
  /** Folders left out, with the reason. */
  readonly rejected: readonly { readonly path: string; readonly reason: string }[];
  readonly warnings: readonly string[];
}

const nothing: ScanResult = { leaves: [], rejected: [], warnings: [] };

/** Levels below a root that are searched (08 §3). */
const maximumDepth = 5;
const skipped = new Set(['node_modules', 'template']);
/** Files of the former Nushell implementation (06 §1). */
const legacyMarks = ['provider.nu', 'nulib', 'nu'];

/**
 * Finds the manifests below a root; a folder with a manifest is a leaf. Symbolic links are followed only where
 * `allowed` says. A root that isn't there is empty; one that can't be read is a warning.
 */
export async function scanRoot(root: Root, allowed: LinkRule): Promise<ScanResult> {
  return scanFolder(root.path, root, 0, allowed);
}

/** Folders are read side by side: what takes time is the way to the file system and back. */
async function scanFolder(folder: string, root: Root, depth: number, allowed: LinkRule): Promise<ScanResult> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return nothing;
    return { ...nothing, warnings: [`${folder} can't be read (${code})`] };
  }
  const names = entries.map(({ name }) => name);
  const manifest = manifestAmong(names);
  if (manifest !== undefined) {
    const ignored = manifest.ignored.map((name) => join(folder, name));
    return { ...nothing, leaves: [{ folder, manifestFile: join(folder, manifest.name), ignored }] };
  }
  if (depth > 0 && legacyMarks.some((mark) => names.includes(mark))) {
    return { ...nothing, rejected: [{ path: folder, reason: 'legacy implementation' }] };
  }
  if (depth >= maximumDepth) return nothing;
  const parts = await Promise.all(
    entries.map((entry) => {
      if (entry.name.startsWith('.') || skipped.has(entry.name)) return nothing;
      if (depth === 0 && root.skip?.includes(entry.name)) return nothing;
      if (depth === 0 && root.suffix !== undefined && !entry.name.endsWith(root.suffix)) return nothing;
      const child = join(folder, entry.name);
      if (entry.isDirectory()) return scanFolder(child, root, depth + 1, allowed);
      return entry.isSymbolicLink() ? followLink(child, root, depth + 1, allowed) : nothing;
    }),
  );
  return {
    leaves: parts.flatMap(({ leaves }) => leaves),
    rejected: parts.flatMap(({ rejected }) => rejected),
    warnings: parts.flatMap(({ warnings }) => warnings),
  };
}

async function followLink(link: string, root: Root, depth: number, allowed: LinkRule): Promise<ScanResult> {
  const target = await realpath(link).catch(() => undefined);
  if (target === undefined)
    return { ...nothing, rejected: [{ path: link, reason: 'the link leads nowhere' }] };
  if (!(await stat(target)).isDirectory()) return nothing;
  const read = await allowed(target);
  if (read === undefined) {
    const reason = `the link leads outside the allowed directories, to ${target}`;
    return { ...nothing, rejected: [{ path: link, reason }] };
  }
  const result = await scanFolder(read, root, depth, allowed);
  // What lies behind the link is shown where the link is, when the link itself is the extension.
  const leaves = result.leaves.map((leaf) => (leaf.folder === target ? { ...leaf, folder: link } : leaf));
  return { ...result, leaves };
}

/** Whether a path lies in a folder, or is it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
