import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What goes into a package of a Linux system's package manager. */
export interface SystemPackage {
  readonly version: string;
  /** `amd64`, `arm64`. */
  readonly architecture: string;
  /** Archives whose prefix becomes `/usr`: the core line and Node.js. */
  readonly archives: readonly string[];
  readonly license: string;
  readonly outputDir: string;
  /** Seconds since the epoch for every file. */
  readonly modified: number;
}

/**
 * Runs `work` with a folder that holds the very files of the archives below `usr`, as the package manager will lay them
 * down, and removes it.
 * @param upgrade command that `provisioning upgrade` points to.
 */
export async function withSystemTree<T>(
  { archives, license }: SystemPackage,
  upgrade: string,
  work: (root: string) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'provisioning-package-'));
  try {
    await chmod(root, 0o755);
    const usr = join(root, 'usr');
    await mkdir(usr, { mode: 0o755 });
    for (const archive of archives) await run('tar', ['-xzf', archive, '-C', usr, '--no-same-owner']);
    await mkdir(join(usr, 'share/doc/provisioning'), { recursive: true });
    await copyFile(license, join(usr, 'share/doc/provisioning/copyright'));
    await writeFile(join(usr, 'share/provisioning/package-manager'), `${upgrade}\n`);
    return await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A pre-release sorts before its release only behind a tilde, with Debian and with RPM. */
export function systemVersion(version: string): string {
  return version.replace('-', '~');
}

/** What the product is, in the words of package managers. */
export const summary = 'Infrastructure automation for people who run servers';
