import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launchdPlist, unitName } from './services.ts';
import { type SystemPackage, withSystemTree } from './system-tree.ts';

const run = promisify(execFile);

/**
 * `provisioning-<version>-macos-<architecture>.pkg` with the very files of the archives below `/usr/local` (11 §4), by the
 * program that macOS has for it.
 * @returns its path.
 */
export function makeMacosPackage(options: SystemPackage): Promise<string> {
  const { version, architecture, outputDir, services } = options;
  const upgrade = 'install the package of the newer version';
  return withSystemTree(
    options,
    upgrade,
    async (root) => {
      const daemons = join(root, 'Library/LaunchDaemons');
      if (services.length > 0) await mkdir(daemons, { recursive: true });
      for (const name of services)
        await writeFile(
          join(daemons, `com.provisioning.${unitName(name)}.plist`),
          launchdPlist({ name, program: `/usr/local/bin/${unitName(name)}` }),
        );
      const file = join(outputDir, `provisioning-${version}-macos-${architecture}.pkg`);
      const words = ['--root', root, '--identifier', 'com.provisioning.core', '--version', version];
      await run('pkgbuild', [...words, '--install-location', '/', file]);
      return file;
    },
    'usr/local',
  );
}
