import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import semver from 'semver';
import { type CompatibilityMatrix, entryFor } from './matrix.ts';

/**
 * `compatibility.toml` that a program came with: the nearest one up the tree from its file, empty when there is none.
 * @param moduleUrl `import.meta.url` of the program.
 */
export async function ownMatrix(moduleUrl: string): Promise<CompatibilityMatrix> {
  let folder = dirname(fileURLToPath(moduleUrl));
  for (;;) {
    const file = join(folder, 'compatibility.toml');
    if (existsSync(file)) {
      const { parse } = await import('smol-toml');
      return parse(await readFile(file, 'utf8')) as unknown as CompatibilityMatrix;
    }
    if (dirname(folder) === folder) return {};
    folder = dirname(folder);
  }
}

/**
 * What a version of the platform goes with, for `GET /api/versions` (13 §2): the packages tested with its minor, and the
 * core that its entry names.
 * @returns line or package → range.
 */
export function rangesOf(matrix: CompatibilityMatrix, platform: string): Readonly<Record<string, string>> {
  const version = semver.parse(platform);
  const tested = matrix.releases?.find((release) => {
    const known = semver.coerce(release.platform);
    return known?.major === version?.major && known?.minor === version?.minor;
  });
  const entry = entryFor(matrix.compatibility?.platform ?? {}, platform);
  const ranges = Object.entries(tested ?? {}).filter(
    (pair): pair is [string, string] =>
      ['core', 'cli', 'client'].includes(pair[0]) && typeof pair[1] === 'string',
  );
  return { ...Object.fromEntries(ranges), ...(entry === undefined ? {} : { core: entry.core }) };
}
