import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { summary, type SystemPackage, systemVersion, withSystemTree, writeUnits } from './system-tree.ts';

const run = promisify(execFile);

const upgrade = 'sudo apt-get update && sudo apt-get install --only-upgrade provisioning';

/**
 * `provisioning_<version>_<architecture>.deb` with the very files of the archives (11 §4). Equal inputs give equal bytes.
 * @returns its path.
 */
export function makeDebianPackage(options: SystemPackage): Promise<string> {
  const { version, architecture, outputDir, modified } = options;
  return withSystemTree(options, upgrade, async (root) => {
    await writeUnits(root, options.services);
    await mkdir(join(root, 'DEBIAN'));
    const { stdout } = await run('du', ['--apparent-size', '-sk', join(root, 'usr')]);
    await writeFile(join(root, 'DEBIAN/control'), control(options, Number.parseInt(stdout, 10)));
    const file = join(outputDir, `provisioning_${systemVersion(version)}_${architecture}.deb`);
    await run('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', root, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(modified) },
    });
    return file;
  });
}

function control({ version, architecture, maintainer, homepage }: SystemPackage, kilobytes: number): string {
  return [
    'Package: provisioning',
    `Version: ${systemVersion(version)}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${maintainer}`,
    ...(homepage === undefined ? [] : [`Homepage: ${homepage}`]),
    `Installed-Size: ${kilobytes}`,
    'Section: admin',
    'Priority: optional',
    // What the Node.js in it is linked with.
    'Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6',
    'Recommends: podman | docker.io, openssh-client, git',
    `Description: ${summary}`,
    '',
  ].join('\n');
}
