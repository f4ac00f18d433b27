import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ScriptOptions {
  /** Armored public key that releases are signed with; the scripts insist on it then. */
  readonly releaseKey?: string;
  /** Where they look for releases unless `PROVISIONING_RELEASES_URL` says otherwise. */
  readonly releases?: string;
}

/**
 * The scripts people start with (11 §4): `install.sh` and `install.ps1` for the latest release, one pinned to this
 * version, and the uninstaller.
 * @returns the paths.
 */
export async function writeScripts(
  root: string,
  version: string,
  outputDir: string,
  options: ScriptOptions = {},
): Promise<readonly string[]> {
  const { releaseKey = '', releases = '' } = options;
  if (releases.includes("'")) throw new Error(`Not an address of releases: ${releases}`);
  const folder = join(root, 'tools/build/installer');
  const fill = (text: string, pinned: string): string =>
    text
      .replace('@VERSION@', pinned)
      .replace('@RELEASES_URL@', () => releases)
      .replace('@RELEASE_KEY@', () => releaseKey.trim());
  const shell = await readFile(join(folder, 'install.sh'), 'utf8');
  const powershell = await readFile(join(folder, 'install.ps1'), 'utf8');
  await mkdir(outputDir, { recursive: true });
  const files = {
    'install.sh': fill(shell, 'latest'),
    // As Windows ends lines.
    'install.ps1': fill(powershell, 'latest').replaceAll('\n', '\r\n'),
    [`install-provisioning-${version}.sh`]: fill(shell, version),
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(outputDir, name), content, { mode: 0o755 });
  const uninstaller = join(outputDir, 'uninstall-provisioning.sh');
  await copyFile(join(folder, 'uninstall-provisioning.sh'), uninstaller);
  return [...Object.keys(files).map((name) => join(outputDir, name)), uninstaller];
}
