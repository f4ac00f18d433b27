import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stagingFolder, unpack } from '../archive/unpack.ts';
import type { CallOptions, Source } from '../oci/target.ts';
import type { StoredExtension } from './read.ts';

/** A folder that was replaced and can be put back. */
export interface Replacement {
  readonly folder: string;
  /** Where the old folder was set aside; absent when there was none. */
  readonly aside?: string;
}

/**
 * Unpacks an extension into a staging folder beside its place. Nothing at the place changes.
 * @returns the staging folder.
 */
export async function stageExtension(
  source: Source,
  extension: Pick<StoredExtension, 'content'>,
  folder: string,
  options: CallOptions = {},
): Promise<string> {
  await mkdir(dirname(folder), { recursive: true });
  const staging = stagingFolder(folder);
  await unpack(await source.fetch(extension.content, options), staging, options);
  return staging;
}

/** Puts a staged folder in its place by renaming; the old one is set aside. */
export async function swapIn(staging: string, folder: string): Promise<Replacement> {
  const present = await lstat(folder).then(
    () => true,
    () => false,
  );
  if (!present) {
    await rename(staging, folder);
    return { folder };
  }
  const aside = stagingFolder(folder).replace('.staging-', '.aside-');
  await rename(folder, aside);
  try {
    await rename(staging, folder);
  } catch (error) {
    await rename(aside, folder);
    throw error;
  }
  return { folder, aside };
}

/** Undoes `swapIn`. */
export async function swapBack(replacement: Replacement): Promise<void> {
  await rm(replacement.folder, { recursive: true, force: true });
  if (replacement.aside !== undefined) await rename(replacement.aside, replacement.folder);
}

/** Ends a replacement that succeeded. */
export async function discardAside(replacement: Replacement): Promise<void> {
  if (replacement.aside !== undefined) await rm(replacement.aside, { recursive: true, force: true });
}
