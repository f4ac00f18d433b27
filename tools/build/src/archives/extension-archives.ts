import { globSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packExtension } from '@provisioning/distribution';

export interface ExtensionArchivesOptions {
  readonly root: string;
  readonly outputDir: string;
  /** Only these, as `redis`, `taskserv-redis` or `cluster-web`; all of them when empty. */
  readonly names: readonly string[];
  readonly modified: number;
}

/**
 * `provisioning-ext-<kind>-<name>-<version>.tar.gz` of the shipped taskservs and clusters, each with the version of its own
 * manifest (11 §1). Equal content gives equal bytes: it is the archive that an OCI artifact of it has.
 * @returns the files.
 * @throws Error for a name that nothing has.
 */
export async function packExtensions(options: ExtensionArchivesOptions): Promise<readonly string[]> {
  const { root, outputDir, names, modified } = options;
  const catalogue = join(root, 'packages/taskservs');
  const folders = globSync('*/*/manifest.yaml', { cwd: catalogue }).map(dirname).sort();
  const left = new Set(names);
  const files: string[] = [];
  await mkdir(outputDir, { recursive: true });
  for (const folder of folders) {
    if (folder.startsWith('templates/')) continue;
    const kind = folder.startsWith('clusters/') ? 'cluster' : 'taskserv';
    const name = folder.split('/').at(-1)!;
    const wanted = [name, `${kind}-${name}`].filter((one) => names.includes(one));
    if (names.length > 0 && wanted.length === 0) continue;
    wanted.forEach((one) => left.delete(one));
    const packed = await packExtension(join(catalogue, folder), { modified });
    const file = join(outputDir, `provisioning-ext-${kind}-${name}-${packed.manifest.version}.tar.gz`);
    await writeFile(file, packed.archive);
    files.push(file);
  }
  if (left.size === 0) return files;
  throw new Error(`No such extension: ${[...left].join(', ')}`);
}
