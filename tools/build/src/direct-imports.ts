import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Loader, Plugin } from 'esbuild';

/**
 * Imports from a package's index become imports from the files that define the names. With code splitting, esbuild
 * decides file by file what a chunk needs; through an index every command would need all of core. Lazy imports of what
 * stays `external` are left as they are: Node.js finds the names itself.
 */
export function directImports(
  root: string,
  packages: readonly string[],
  external: readonly string[] = [],
): Plugin {
  const indexes = new Map(packages.map((name) => [name, join(root, folderOf(name), 'src/index.ts')]));
  const definitions = new Map<string, ReadonlyMap<string, string>>();
  const define = (index: string): ReadonlyMap<string, string> => {
    const known = definitions.get(index) ?? exportsOf(index);
    definitions.set(index, known);
    return known;
  };
  return {
    name: 'direct-imports',
    setup(build) {
      build.onStart(() => definitions.clear());
      build.onLoad({ filter: /\/packages\/.*\.ts$/, namespace: 'file' }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        const contents = source.replace(importPattern, (whole, names: string, module: string) => {
          const index = indexes.get(module);
          return index === undefined ? whole : rewrite(names, define(index), index);
        });
        const named = contents.replace(lazyPattern, (whole, names: string, module: string) =>
          external.includes(module) ? whole : nameLazyImport(whole, names, module),
        );
        const errors = unnamedImports(named, external).map(({ text, line }) => ({
          text,
          location: { file: path, line, lineText: named.split('\n')[line - 1]! },
        }));
        return { contents: named, loader: 'ts' satisfies Loader, errors };
      });
      build.onResolve({ filter: /^lazy:/ }, ({ path, resolveDir }) => ({
        path,
        namespace: 'lazy',
        pluginData: resolveDir,
      }));
      build.onLoad({ filter: /^lazy:/, namespace: 'lazy' }, ({ path, pluginData }) => {
        const [module = '', names = ''] = path.slice('lazy:'.length).split('?');
        return {
          contents: `export { ${names} } from '${module}';`,
          loader: 'js',
          resolveDir: pluginData as string,
        };
      });
    },
  };
}

const importPattern = /^import \{([^}]*)\} from '(@provisioning\/[\w-]+)';$/gm;

/** A package that is loaded when it is needed. */
const lazyPattern = /const \{ ([\w, ]+) \} = await import\('((?!node:|@provisioning\/)[@\w][^'?]*)'\)/g;

/**
 * In a bundle the dynamic import of a CommonJS package has no named exports. So each goes through a module that names
 * what is wanted.
 */
function nameLazyImport(whole: string, names: string, module: string): string {
  return whole.replace(`'${module}'`, `'lazy:${module}?${names.replaceAll(' ', '')}'`);
}

/** Lazily loaded packages whose names the bundle would lose: they work unbundled and fail in the hands of users. */
export function unnamedImports(
  source: string,
  external: readonly string[] = [],
): { readonly text: string; readonly line: number }[] {
  return source.split('\n').flatMap((line, index) => {
    const found = /(?<!typeof )import\('((?!node:|lazy:|@provisioning\/)[@\w][^']*)'\)(?!\.[A-Z])/.exec(line);
    if (found === null || external.includes(found[1]!) || /\bdefault\b/.test(line)) return [];
    const text = `In a bundle import('${found[1]}') has no named exports: write const { name } = await import('${found[1]}')`;
    return [{ text, line: index + 1 }];
  });
}

function folderOf(name: string): string {
  return `packages/${name.replace('@provisioning/', '')}`;
}

function rewrite(names: string, defined: ReadonlyMap<string, string>, index: string): string {
  const statements = names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .map((name) => {
      const imported = name.split(/\s+as\s+/)[0]!;
      return `import { ${name} } from ${JSON.stringify(defined.get(imported) ?? index)};`;
    });
  return statements.join(' ');
}

/** Name → defining file, for everything that an index exports, through further indexes. */
function exportsOf(file: string): Map<string, string> {
  const source = readFileSync(file, 'utf8');
  const result = new Map<string, string>();
  const declared =
    /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|enum) (\w+)/gm;
  for (const [, name] of source.matchAll(declared)) result.set(name!, file);
  for (const [, names, from] of source.matchAll(/^export (?:type )?\{([^}]*)\} from '(\.[^']+)';/gm)) {
    const inner = exportsOf(resolve(dirname(file), from!));
    for (const entry of names!.split(',').map((name) => name.trim().replace(/^type /, ''))) {
      const [original = '', alias = original] = entry.split(/\s+as\s+/);
      if (original !== '' && alias === original)
        result.set(alias, inner.get(original) ?? resolve(dirname(file), from!));
    }
  }
  for (const [, from] of source.matchAll(/^export \* from '(\.[^']+)';/gm)) {
    const inner = resolve(dirname(file), from!);
    if (existsSync(inner)) for (const [name, where] of exportsOf(inner)) result.set(name, where);
  }
  return result;
}
