import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemdUnit, unitName } from './services.ts';

const run = promisify(execFile);

/** What goes into a package of a system's package manager. */
export interface SystemPackage {
  readonly version: string;
  /** `amd64`, `arm64`. */
  readonly architecture: string;
  /** Archives whose prefix becomes `/usr`: Node.js, the core line, the taskservs and clusters, and
   * the platform line where services are wanted. */
  readonly archives: readonly string[];
  readonly license: string;
  /** Who answers for the package. */
  readonly maintainer: string;
  readonly homepage?: string;
  /** Services in the archives, which the package describes to the init system. */
  readonly services: readonly string[];
  readonly outputDir: string;
  /** Seconds since the epoch for every file. */
  readonly modified: number;
}

/**
 * Runs `work` with a folder that holds the very files of the archives below a folder of it, as the package manager will
 * lay them down, and removes it.
 * @param upgrade command that `provisioning upgrade` points to.
 * @param below `usr`, `usr/local`.
 */
export async function withSystemTree<T>(
  { archives, license }: SystemPackage,
  upgrade: string,
  work: (root: string) => Promise<T>,
  below = 'usr',
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'provisioning-package-'));
  try {
    await chmod(root, 0o755);
    const prefix = join(root, below);
    await mkdir(prefix, { recursive: true, mode: 0o755 });
    for (const archive of archives) await run('tar', ['-xzf', archive, '-C', prefix, '--no-same-owner']);
    await mkdir(join(prefix, 'share/doc/provisioning'), { recursive: true });
    await copyFile(license, join(prefix, 'share/doc/provisioning/copyright'));
    await writeFile(join(prefix, 'share/provisioning/package-manager'), `${upgrade}\n`);
    return await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Describes the services of a package to systemd. @returns the files, from the package's root. */
export async function writeUnits(root: string, services: readonly string[]): Promise<readonly string[]> {
  const folder = 'usr/lib/systemd/system';
  const files = services.map((name) => `${folder}/${unitName(name)}.service`);
  if (files.length > 0) await mkdir(join(root, folder), { recursive: true });
  for (const [index, name] of services.entries())
    await writeFile(join(root, files[index]!), systemdUnit({ name, program: `/usr/bin/${unitName(name)}` }));
  return files;
}

/** A pre-release sorts before its release only behind a tilde, with Debian and with RPM. */
export function systemVersion(version: string): string {
  return version.replace('-', '~');
}

/** What the product is, in the words of package managers. */
export const summary = 'Infrastructure automation for people who run servers';
