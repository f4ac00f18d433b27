import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import type * as Scan from '../../../packages/core-cli/src/catalogue/scan.ts';
import type { BundleSpec } from './bundle.ts';
import { directImports } from './direct-imports.ts';
import { leanOclif } from './lean-oclif.ts';

/** The bundle of `@provisioning/cli`: one small entry, one chunk a command, what they share beside them. */
export function cliBundle(root: string): BundleSpec {
  const folder = join(root, 'packages/core-cli');
  return {
    name: 'cli',
    outdir: join(folder, 'dist'),
    watched: () => [
      ...tree(join(folder, 'src')),
      ...tree(join(root, 'tools/build/src')),
      join(folder, 'package.json'),
    ],
    options: () => Promise.resolve(options(root)),
  };
}

function options(root: string): BuildOptions {
  return {
    entryPoints: { main: 'provisioning:entry' },
    minifySyntax: true,
    minifyWhitespace: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    // The same library without 60 CommonJS wrappers; only the browser build of yaml is ESM.
    alias: { yaml: esmYaml(root) },
    external: ['typescript', 'cpu-features', './crypto/build/Release/sshcrypto.node', '*.node'],
    plugins: [
      commandTable(root),
      leanOclif(),
      directImports(root, [
        '@provisioning/core',
        '@provisioning/client',
        '@provisioning/distribution',
        '@provisioning/extensions-sdk',
      ]),
    ],
  };
}

function esmYaml(root: string): string {
  const from = createRequire(join(root, 'packages/core-cli/package.json'));
  return join(dirname(from.resolve('yaml/package.json')), 'browser/index.js');
}

/**
 * Two generated modules: the entry, and the table of all commands with a lazy import for each. So that the program scans
 * no folder and reads no manifest when it starts.
 */
function commandTable(root: string): Plugin {
  const source = join(root, 'packages/core-cli/src');
  return {
    name: 'command-table',
    setup(build) {
      build.onResolve({ filter: /^provisioning:/ }, ({ path }) => ({ path, namespace: 'generated' }));
      build.onLoad({ filter: /:entry$/, namespace: 'generated' }, async () => {
        const { commandFiles, packageVersion, scanCatalogue } = await scanner(source);
        const catalogue = await scanCatalogue();
        const rows = [...commandFiles()].map(([id, file]) => {
          const { summary, hidden } = catalogue.commands.get(id)!;
          const entry = JSON.stringify({ id, summary, ...(hidden ? { hidden } : {}) });
          return `add(${entry}, () => import(${JSON.stringify(file)}));`;
        });
        const contents = `
          import { runProcess } from ${JSON.stringify(join(source, 'entry.ts'))};
          const commands = new Map();
          const add = (entry, load) => commands.set(entry.id, { ...entry, load: async () => (await load()).default });
          ${rows.join('\n')}
          export const catalogue = {
            version: ${JSON.stringify(packageVersion())},
            commands,
            details: async (id) => (await import('provisioning:details')).default[id],
          };
          export const run = (argv) => runProcess(argv, catalogue);`;
        return { contents, loader: 'ts', resolveDir: source };
      });
      build.onLoad({ filter: /:details$/, namespace: 'generated' }, async () => {
        const { scanCatalogue } = await scanner(source);
        const catalogue = await scanCatalogue();
        const all: Record<string, unknown> = {};
        for (const id of catalogue.commands.keys()) all[id] = await catalogue.details(id);
        return {
          contents: `export default JSON.parse(${JSON.stringify(JSON.stringify(all))});`,
          loader: 'js',
        };
      });
    },
  };
}

/** The scanner of the source folder; imported when needed, so that a fresh bundle costs nothing. */
async function scanner(source: string): Promise<typeof Scan> {
  return (await import(join(source, 'catalogue/scan.ts'))) as typeof Scan;
}

function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
