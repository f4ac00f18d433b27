import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface DebianPackage {
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
 * `provisioning_<version>_<architecture>.deb` with the very files of the archives (11 §4). Equal inputs give equal bytes.
 * @returns its path.
 */
export async function makeDebianPackage(options: DebianPackage): Promise<string> {
  const { archives, architecture, outputDir } = options;
  const root = await mkdtemp(join(tmpdir(), 'provisioning-deb-'));
  try {
    await chmod(root, 0o755);
    const usr = join(root, 'usr');
    await mkdir(usr, { mode: 0o755 });
    for (const archive of archives) await run('tar', ['-xzf', archive, '-C', usr, '--no-same-owner']);
    await mkdir(join(usr, 'share/doc/provisioning'), { recursive: true });
    await copyFile(options.license, join(usr, 'share/doc/provisioning/copyright'));
    await writeFile(
      join(usr, 'share/provisioning/package-manager'),
      'sudo apt-get update && sudo apt-get install --only-upgrade provisioning\n',
    );
    await mkdir(join(root, 'DEBIAN'));
    const { stdout } = await run('du', ['--apparent-size', '-sk', usr]);
    await writeFile(join(root, 'DEBIAN/control'), control(options, Number.parseInt(stdout, 10)));
    await mkdir(outputDir, { recursive: true });
    const file = join(outputDir, `provisioning_${debianVersion(options.version)}_${architecture}.deb`);
    await run('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', root, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(options.modified) },
    });
    return file;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A pre-release sorts before its release in Debian only behind a tilde. */
function debianVersion(version: string): string {
  return version.replace('-', '~');
}

function control({ version, architecture }: DebianPackage, kilobytes: number): string {
  return [
    'Package: provisioning',
    `Version: ${debianVersion(version)}`,
    `Architecture: ${architecture}`,
    'Maintainer: Provisioning maintainers <maintainers@provisioning.io>',
    `Installed-Size: ${kilobytes}`,
    'Section: admin',
    'Priority: optional',
    // What the Node.js in it is linked with.
    'Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6',
    'Recommends: podman | docker.io, openssh-client, git',
    'Description: Infrastructure automation for people who run servers',
    '',
  ].join('\n');
}
