import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { commonJsNames } from '../bundle.ts';
import { indexes } from '../cli.ts';
import { directImports } from '../direct-imports.ts';

/** `provisioning-setup-3.2.1.mjs`, which `install.sh` starts. */
export function setupName(version: string): string {
  return `provisioning-setup-${version}.mjs`;
}

/** Bundles the setup program into one file that needs nothing but Node.js. @returns its path. */
export async function buildSetup(root: string, version: string, outputDir: string): Promise<string> {
  const file = join(outputDir, setupName(version));
  const partial = join(outputDir, `.${setupName(version)}.${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, 'tools/build/installer/setup.ts')],
    outfile: partial,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    absWorkingDir: root,
    banner: { js: commonJsNames },
    external: ['typescript', 'cpu-features', '*.node'],
    plugins: [directImports(root, indexes)],
  });
  await rename(partial, file);
  return file;
}
