import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Puts what nearly every command needs into two chunks: what the entry has loaded already, and the rest. By itself
 * esbuild makes a chunk for each set of commands that share a file; a command then reads some eighty of them, many no
 * larger than the line that imports them. So everything that is loaded lazily imports the common files, whatever it needs
 * of them, and all of these are shared by the same set.
 */
export function commonChunk(files: readonly string[]): Plugin {
  return {
    name: 'common-chunk',
    setup(build) {
      build.onResolve({ filter: /^common:files$/ }, ({ path }) => ({ path, namespace: 'common' }));
      build.onLoad({ filter: /.*/, namespace: 'common' }, () => ({
        contents: keeping(files),
        loader: 'js',
        resolveDir: resolve('.'),
      }));
      build.onResolve(
        { filter: /^([./].*\.ts|@provisioning\/.*|lazy:.*)$/ },
        ({ kind, path, resolveDir, importer }) =>
          // What the first of them loads itself stands for no command: help, and advice after an error.
          kind === 'dynamic-import' && importer !== files[0]
            ? {
                path: path.startsWith('.') ? resolve(resolveDir, path) : path,
                namespace: 'lazily',
                pluginData: resolveDir,
              }
            : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'lazily' }, ({ path, pluginData }) => ({
        contents: [
          `import 'common:files';`,
          `export * from ${JSON.stringify(path)};`,
          ...(hasDefault(path) ? [`export { default } from ${JSON.stringify(path)};`] : []),
        ].join('\n'),
        loader: 'js',
        resolveDir: pluginData as string,
      }));
    },
  };
}

/** Modules of Node that most commands name; to name one costs nothing until it is used (see `builtinsAsObjects`). */
const builtins = [
  ...[
    'child_process',
    'crypto',
    'fs',
    'fs/promises',
    'http',
    'https',
    'net',
    'os',
    'path',
    'readline',
    'tls',
  ],
  ...['stream/promises', 'timers/promises', 'url', 'util', 'zlib'],
];

/** Imports files so that they stay although nothing of them is used here. */
function keeping(files: readonly string[]): string {
  const named = builtins.map((name) => `import 'node:${name}';`);
  const names = files.map((_, index) => `file${index}`);
  const imports = files.map((file, index) => `import * as ${names[index]} from ${JSON.stringify(file)};`);
  return `${[...named, ...imports].join('\n')}\nObject.freeze([${names.join(', ')}]);`;
}

function hasDefault(path: string): boolean {
  return path.startsWith('/') && /^export (?:default\b|\{[^}]*\bdefault\b)/m.test(readFileSync(path, 'utf8'));
}
