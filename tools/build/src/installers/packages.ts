import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveName } from '../lines/line.ts';
import { makeDebianPackage } from './debian-package.ts';
import { writeFormula } from './homebrew.ts';
import { makeRpmPackage } from './rpm-package.ts';
import { packRuntime } from './runtime.ts';
import type { SystemPackage } from './system-tree.ts';

/** Programs that make packages, and what each makes. */
const makers: readonly {
  readonly program: string;
  readonly form: string;
  readonly make: (options: SystemPackage) => Promise<string>;
}[] = [
  { program: 'dpkg-deb', form: 'Debian', make: makeDebianPackage },
  { program: 'rpmbuild', form: 'RPM', make: makeRpmPackage },
];

/**
 * Packages for package managers (11 §4): for Debian, Fedora and their relatives on every Linux platform, and a Homebrew
 * formula. What there is no program for on this machine is said and left out.
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
  readonly say: (line: string) => void;
}): Promise<readonly string[]> {
  const { root, version, distDir, outputDir, modified, releases } = options;
  const archive = join(distDir, archiveName({ name: 'core', version }));
  if (!existsSync(archive))
    throw new Error(`${archive} is missing: npm run build-core -- --version ${version}`);
  await mkdir(outputDir, { recursive: true });
  const written: string[] = [];
  const usable = makers.filter(({ program, form }) => {
    const found = spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
    if (!found) options.say(`skipped: ${form} packages (${program} is not installed)`);
    return found;
  });
  options.say('skipped: MSI and PKG packages (they are made on Windows and macOS)');
  for (const platform of options.platforms.filter((one) => one.startsWith('linux-'))) {
    const runtime = await packRuntime(root, platform, distDir, modified);
    if (runtime === undefined) throw new Error(`There is no Node.js for ${platform}`);
    const license = join(root, 'LICENSE');
    const architecture = platform.slice('linux-'.length);
    const archives = [archive, runtime];
    for (const { make } of usable)
      written.push(await make({ version, architecture, archives, license, outputDir, modified }));
  }
  return [...written, await writeFormula({ archive, version, releases, outputDir })];
}
