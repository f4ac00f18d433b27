import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { builtinsAsObjects } from './builtin-modules.ts';
import { type BundleSpec, commonJsNames } from './bundle.ts';
import { commandTable } from './command-table.ts';
import { commonChunk } from './common-chunk.ts';
import { directImports } from './direct-imports.ts';
import { evaluatedSchemas } from './evaluated-schemas.ts';
import { lazySemver } from './lazy-semver.ts';
import { leanOclif } from './lean-oclif.ts';

/** The bundle of `@provisioning/cli`: one small entry, one chunk a command, what they share beside them. */
export function cliBundle(root: string): BundleSpec {
  const folder = join(root, 'packages/core-cli');
  return {
    name: 'cli',
    outdir: join(folder, 'dist'),
    copies: {
      [join(root, 'docs')]: 'docs',
      [join(root, 'compatibility.toml')]: 'compatibility.toml',
    },
    watched: () => [
      ...tree(join(root, 'docs')),
      ...tree(join(folder, 'src')),
      ...tree(join(root, 'tools/build/src')),
      join(folder, 'package.json'),
      join(root, 'compatibility.toml'),
    ],
    options: () => Promise.resolve(options(root)),
  };
}

function options(root: string): BuildOptions {
  const shared: BuildOptions = {
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'warning',
    absWorkingDir: root,
    banner: { js: commonJsNames },
    define: { 'process.env.NODE_ENV': '"production"' },
    // The same library without 60 CommonJS wrappers; only the browser build of yaml is ESM.
    alias: { yaml: esmYaml(root) },
    external: ['typescript', 'cpu-features', './crypto/build/Release/sshcrypto.node', '*.node'],
    plugins: [
      leanOclif(),
      evaluatedSchemas(),
      directImports(root, indexes),
      builtinsAsObjects(),
      lazySemver(root),
    ],
  };
  return {
    ...shared,
    entryPoints: { main: 'provisioning:entry' },
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [commandTable(root, shared), commonChunk(commonFiles(root)), ...shared.plugins!],
  };
}

/** What nearly every command loads, with all that these files import. */
function commonFiles(root: string): string[] {
  const source = join(root, 'packages/core-cli/src');
  return ['main.ts', 'frame/command.ts', 'session/workspace.ts'].map((file) => join(source, file));
}

/** Packages whose index would pull all of them into every command. */
export const indexes = [
  '@provisioning/core',
  '@provisioning/client',
  '@provisioning/distribution',
  '@provisioning/extensions-sdk',
];

function esmYaml(root: string): string {
  const from = createRequire(join(root, 'packages/core-cli/package.json'));
  return join(dirname(from.resolve('yaml/package.json')), 'browser/index.js');
}

function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
