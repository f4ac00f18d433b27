import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { servicesOf } from '../lines/archive-services.ts';
import { archiveName } from '../lines/line.ts';
import { makeDebianPackage } from './debian-package.ts';
import { writeFormula } from './homebrew.ts';
import { makeMacosPackage } from './macos-package.ts';
import { makeRpmPackage } from './rpm-package.ts';
import { packRuntime } from './runtime.ts';
import type { SystemPackage } from './system-tree.ts';
import { makeWindowsPackage } from './windows-package.ts';

/** A form of packages, and the program that makes them. */
interface Maker {
  /** First part of the names of its platforms. */
  readonly system: string;
  readonly program: string;
  readonly form: string;
  /** Where the program comes from. */
  readonly source: string;
  readonly make: (options: SystemPackage) => Promise<string>;
}

const makers: readonly Maker[] = [
  {
    system: 'linux',
    program: 'dpkg-deb',
    form: 'Debian',
    source: 'apt-get install dpkg',
    make: makeDebianPackage,
  },
  { system: 'linux', program: 'rpmbuild', form: 'RPM', source: 'apt-get install rpm', make: makeRpmPackage },
  {
    system: 'windows',
    program: 'wixl',
    form: 'MSI',
    source: 'apt-get install wixl',
    make: makeWindowsPackage,
  },
  {
    system: 'macos',
    program: 'pkgbuild',
    form: 'PKG',
    source: 'it comes with macOS',
    make: makeMacosPackage,
  },
];

export interface PackagesOptions {
  readonly root: string;
  readonly version: string;
  readonly platforms: readonly string[];
  /** Folder with the archives of the lines. */
  readonly distDir: string;
  readonly outputDir: string;
  readonly modified: number;
  /** Address of the releases, for the formula. */
  readonly releases?: string;
  readonly maintainer?: string;
  readonly homepage?: string;
  /** Also the services of the platform line, described to the init system. */
  readonly services: boolean;
  readonly say: (line: string) => void;
}

/**
 * Packages for package managers (11 §4): Debian, RPM, MSI and PKG for the platforms that are wanted, and a Homebrew
 * formula. What there is no program for on this machine is said and left out.
 * @returns the paths.
 */
export async function createPackages(options: PackagesOptions): Promise<readonly string[]> {
  const { root, version, distDir, outputDir, modified, releases, homepage, say } = options;
  const archives = [lineArchive(options, 'core')];
  if (options.services) archives.push(lineArchive(options, 'platform'));
  const extensions = [join(distDir, archiveName({ name: 'extensions', version }))].filter((file) =>
    existsSync(file),
  );
  const services = options.services ? await servicesOf(lineArchive(options, 'platform')) : [];
  await mkdir(outputDir, { recursive: true });
  const written: string[] = [];
  for (const platform of options.platforms) {
    const runtime = await packRuntime(root, platform, distDir, modified);
    if (runtime === undefined) throw new Error(`There is no Node.js for ${platform}`);
    const [system = '', architecture = ''] = platform.split('-');
    for (const { form, program, source, make } of makers.filter((maker) => maker.system === system)) {
      if (isThere(program)) {
        const product = {
          maintainer: options.maintainer ?? 'Provisioning maintainers',
          ...(homepage === undefined ? {} : { homepage }),
        };
        const license = join(root, 'LICENSE');
        // Windows gives links only to those who may make them.
        const all = [...archives, ...(system === 'windows' ? [] : extensions), runtime];
        written.push(
          await make({
            version,
            architecture,
            archives: all,
            license,
            services,
            outputDir,
            modified,
            ...product,
          }),
        );
      } else say(`skipped: ${form} package for ${platform} (${program} is not installed: ${source})`);
    }
  }
  if (releases === undefined) {
    say('skipped: Homebrew formula (nobody has said where releases are: PROVISIONING_RELEASES_URL)');
    return written;
  }
  const place = { archive: archives[0]!, version, releases, outputDir };
  return [...written, await writeFormula({ ...place, ...(homepage === undefined ? {} : { homepage }) })];
}

function lineArchive({ distDir, version }: PackagesOptions, line: 'core' | 'platform'): string {
  const archive = join(distDir, archiveName({ name: line, version }));
  if (existsSync(archive)) return archive;
  throw new Error(`${archive} is missing: npm run build-${line} -- --version ${version}`);
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}
