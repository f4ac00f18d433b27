import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LineVersions {
  readonly platform: string;
  readonly core: string;
}

/**
 * Versions of the lines that are installed together with this program: images have them as tags (11 §5). From an npm
 * package, which stands alone, its own version counts for both.
 * @param folder the package's folder.
 */
export function lineVersions(folder: string): LineVersions {
  const own = versionIn(join(folder, 'package.json')) ?? '0.0.0';
  // lib/provisioning/platform/node_modules/@provisioning/installer
  const platform = join(folder, '../../..');
  const version = versionIn(join(platform, 'line.json')) ?? own;
  return { platform: version, core: versionIn(join(platform, '../core/line.json')) ?? version };
}

function versionIn(file: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: string }).version;
  } catch {
    return undefined;
  }
}
