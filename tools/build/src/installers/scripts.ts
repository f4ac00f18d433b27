import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The scripts people start with (11 §4): `install.sh` for the latest release, one pinned to this version, and the
 * uninstaller.
 * @param releaseKey armored public key that releases are signed with; the scripts insist on it then.
 * @returns the paths.
 */
export async function writeScripts(
  root: string,
  version: string,
  outputDir: string,
  releaseKey?: string,
): Promise<readonly string[]> {
  const folder = join(root, 'tools/build/installer');
  const text = await readFile(join(folder, 'install.sh'), 'utf8');
  const script = (pinned: string): string =>
    text.replace('@VERSION@', pinned).replace('@RELEASE_KEY@', () => releaseKey?.trim() ?? '');
  await mkdir(outputDir, { recursive: true });
  const files = {
    'install.sh': script('latest'),
    [`install-provisioning-${version}.sh`]: script(version),
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(outputDir, name), content, { mode: 0o755 });
  const uninstaller = join(outputDir, 'uninstall-provisioning.sh');
  await copyFile(join(folder, 'uninstall-provisioning.sh'), uninstaller);
  return [...Object.keys(files).map((name) => join(outputDir, name)), uninstaller];
}
