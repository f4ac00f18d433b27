import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Packable } from './packing.ts';

/**
 * The package this program runs from, as `pack core` packs it.
 * @throws ProvisioningError `PROGRAM_NOT_BUILT` where there is nothing but sources.
 */
export async function programPackage(from = import.meta.url): Promise<Packable> {
  for (let path = dirname(fileURLToPath(from)); ; path = dirname(path)) {
    const text = await readFile(join(path, 'package.json'), 'utf8').catch(() => '{}');
    const manifest = JSON.parse(text) as Packable['manifest'] & { readonly bin?: { provisioning?: string } };
    if (manifest.bin?.provisioning !== undefined) {
      const built = await readFile(join(path, 'dist', 'main.js')).then(
        () => true,
        () => false,
      );
      if (built) return { path, manifest, type: 'core' };
    }
    if (manifest.bin?.provisioning === undefined && path !== dirname(path)) continue;
    throw new ProvisioningError({
      code: 'PROGRAM_NOT_BUILT',
      message: 'There is no built program to pack beside this one',
      location: { file: path },
      hint: 'Run the command from an installation made by npm, or build the sources first.',
    });
  }
}
