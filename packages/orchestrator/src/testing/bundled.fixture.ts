import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

const manifest = createRequire(import.meta.url).resolve('esbuild/package.json');
const esbuild = join(dirname(manifest), 'bin', 'esbuild');
const require = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/**
 * A program of a test as one file: processes that are started many times begin several times sooner.
 * @param folder for the file; the caller removes it
 */
export function bundled(program: string, folder: string): string {
  const out = join(folder, basename(program).replace(/\.ts$/, '.mjs'));
  const external = ['surrealdb', '@surrealdb/node', '*.node'].map((name) => `--external:${name}`);
  const flags = [
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--log-level=error',
    `--banner:js=${require}`,
  ];
  execFileSync(esbuild, [program, ...flags, ...external, `--outfile=${out}`]);
  return out;
}
