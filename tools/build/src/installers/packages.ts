import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveName } from '../lines/line.ts';
import { makeDebianPackage } from './debian-package.ts';
import { writeFormula } from './homebrew.ts';
import { packRuntime } from './runtime.ts';

/**
 * Packages for package managers (11 §4): one for Debian and its relatives for every Linux platform, and a Homebrew
 * formula.
 * @returns the paths.
 */
export async function createPackages(options: {
  readonly root: string;
  readonly version: string;
  readonly platforms: readonly string[];
  /** Folder with the archive of the core line. */
  readonly distDir: string;
  readonly outputDir: string;
  readonly modified: number;
  readonly releases: string;
}): Promise<readonly string[]> {
  const { root, version, distDir, outputDir, modified, releases } = options;
  const archive = join(distDir, archiveName({ name: 'core', version }));
  if (!existsSync(archive))
    throw new Error(`${archive} is missing: npm run build-core -- --version ${version}`);
  await mkdir(outputDir, { recursive: true });
  const written: string[] = [];
  for (const platform of options.platforms.filter((one) => one.startsWith('linux-'))) {
    const runtime = await packRuntime(root, platform, distDir, modified);
    if (runtime === undefined) throw new Error(`There is no Node.js for ${platform}`);
    const license = join(root, 'LICENSE');
    const architecture = platform.slice('linux-'.length);
    const archives = [archive, runtime];
    written.push(await makeDebianPackage({ version, architecture, archives, license, outputDir, modified }));
  }
  return [...written, await writeFormula({ archive, version, releases, outputDir })];
}
