import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@provisioning/core';

/**
 * Does work that begins with changing the modules in the workspace's own file. When it fails, the file is as it was: what
 * cannot be resolved must not stand in the way of the next command.
 */
export async function orRestoreModules<T>(workspacePath: string, work: () => Promise<T>): Promise<T> {
  const folder = join(workspacePath, 'config');
  const names = (await readdir(folder)).filter((name) => /^provisioning\.(?:toml|ya?ml)$/.test(name));
  const before = await Promise.all(
    names.map(async (name) => ({ file: join(folder, name), bytes: await readFile(join(folder, name)) })),
  );
  try {
    return await work();
  } catch (error) {
    for (const { file, bytes } of before)
      if (!(await readFile(file)).equals(bytes)) await writeFileAtomic(file, bytes, 0o644);
    throw error;
  }
}
