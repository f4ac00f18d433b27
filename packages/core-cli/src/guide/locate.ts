import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** The folder of the documentation: beside the bundle in an installed program, at the root of a source checkout. */
export function docsFolder(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, 'docs', 'guides', 'from-scratch.md'))) return join(folder, 'docs');
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

/**
 * Text of a guide: the workspace's own, the user's, or the one that came with the program (24 §1).
 * @throws ProvisioningError `GUIDES_MISSING`.
 */
export async function readGuide(file: string, places: readonly string[]): Promise<string> {
  const shipped = docsFolder();
  const folders = [...places, ...(shipped === undefined ? [] : [join(shipped, 'guides')])];
  for (const folder of folders) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new ProvisioningError({
    code: 'GUIDES_MISSING',
    message: 'Guide files not found (reinstall @provisioning/cli)',
    hint: `'provisioning sc' always works`,
  });
}
