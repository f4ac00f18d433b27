import { writeFileAtomic } from '@provisioning/core';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collectFiles } from '../archive/collect.ts';
import { writeTar } from '../archive/tar-writer.ts';
import { digestOf } from '../oci/digest.ts';

/** File in an installed folder that says where it came from; it is no part of the extension's content. */
export const originFile = '.origin.json';

export interface Origin {
  readonly reference: string;
  readonly digest: string;
  readonly content: string;
  /** Digest of the files as they were unpacked (`treeDigest`); a folder that has another was edited. */
  readonly tree?: string;
  /** Asked for by a person, not only by another extension; of what is installed for the user. */
  readonly requested?: boolean;
}

/** Where an installed folder came from, `undefined` when nothing says so. */
export async function readOrigin(folder: string): Promise<Origin | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, originFile), 'utf8')) as Origin;
  } catch {
    return undefined;
  }
}

export async function writeOrigin(folder: string, origin: Origin): Promise<void> {
  await writeFileAtomic(join(folder, originFile), `${JSON.stringify(origin)}\n`, 0o644);
}

/** Whether somebody changed the files of an installed folder. Folders that do not say how they were count as unchanged. */
export async function isEdited(folder: string, { tree }: Origin): Promise<boolean> {
  return tree !== undefined && (await treeDigest(folder)) !== tree;
}

/** Digest of the files of a folder; changes when any of them does. */
export async function treeDigest(folder: string): Promise<string> {
  const files = collectFiles(folder, { everything: true, exclude: [originFile] });
  return digestOf(writeTar(files));
}
