import { createHash } from 'node:crypto';
import { chmod, copyFile, lstat, mkdir, readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Folders of an extension that a loaded copy does not need (08 §5.1.4). */
const leftOut = new Set(['tests', '.git', 'node_modules']);
/** Packages of the extension itself, as `extension build` puts them beside compiled code. */
const ownPackage = /^dist\/[^/]+\.tar\.gz$/;

/** Files of a module by relative path in byte order, without tests, repository and packages. */
export function treeFiles(root: string): Promise<string[]> {
  return filesBelow(root, '', leftOut);
}

/** All files of a folder by relative path in byte order. */
export function treeFilesWithTests(root: string): Promise<string[]> {
  return filesBelow(root, '', new Set());
}

async function filesBelow(root: string, folder: string, without: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!without.has(entry.name)) files.push(...(await filesBelow(root, path, without)));
    } else if (without.size === 0 || !ownPackage.test(path)) files.push(path);
  }
  return files.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** One hash over the names, executable bits and contents of a module: `sha256-<base64>`. */
export async function treeIntegrity(root: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await treeFiles(root)) {
    const path = join(root, file);
    const found = await lstat(path);
    if (found.isSymbolicLink()) {
      hash.update(`l ${file} ${await readlink(path)}\n`);
      continue;
    }
    const content = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    hash.update(`${(found.mode & 0o100) === 0 ? 'f' : 'x'} ${file} ${content}\n`);
  }
  return `sha256-${hash.digest('base64')}`;
}

/**
 * Copies a module without its tests and repository. Symbolic links are refused: what they lead to is not part of it.
 * @throws ProvisioningError `MODULE_LINK`.
 */
export async function copyTree(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const file of await treeFiles(source)) {
    const from = join(source, file);
    const found = await lstat(from);
    if (!found.isFile()) {
      throw new ProvisioningError({
        code: 'MODULE_LINK',
        message: `${from} is no plain file; a module holds plain files only`,
        hint: 'Replace the link by the file it leads to, or load with --link.',
      });
    }
    const to = join(target, file);
    await mkdir(join(to, '..'), { recursive: true });
    await copyFile(from, to);
    await chmod(to, found.mode & 0o777);
  }
}
