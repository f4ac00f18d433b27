import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtinsAsObjects } from './builtin-modules.ts';
import type { BundleSpec } from './bundle.ts';
import { directImports } from './direct-imports.ts';
import { evaluatedSchemas } from './evaluated-schemas.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Libraries too large to go into a bundle; providers import them when they first call the cloud. */
const cloudLibraries = /^@aws-sdk\//;

/** What stays a dependency of a provider's package when the rest of its libraries is in its bundle. */
export function externalOf(dependencies: Readonly<Record<string, string>> = {}): readonly string[] {
  return Object.keys(dependencies).filter((name) => cloudLibraries.test(name));
}

/**
 * The bundles of the product's own providers, `packages/providers/<name>/src/<door>.ts` to `dist/<door>.js`: one file
 * instead of the hundred that a provider, the SDK and the schema library are, for a command that uses a provider spends
 * more time on opening them than on its work. What a provider imports lazily stands beside it.
 */
export function providerBundles(root: string): readonly BundleSpec[] {
  return globSync('packages/providers/*/package.json', { cwd: root })
    .sort()
    .map((file) => providerBundle(join(root, dirname(file)), root));
}

function providerBundle(folder: string, root: string): BundleSpec {
  const file = join(folder, 'package.json');
  const { exports, dependencies } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const doors = Object.values(exports).map((door) => door.replace(/^\.\/src\/(.*)\.ts$/, '$1'));
  const external = externalOf(dependencies);
  return {
    name: `provider-${folder.split('/').at(-1)}`,
    outdir: join(folder, 'dist'),
    watched: () => [file, ...globSync('tools/build/src/*.ts', { cwd: root }).map((path) => join(root, path))],
    options: () =>
      Promise.resolve({
        entryPoints: Object.fromEntries(doors.map((door) => [door, join(folder, `src/${door}.ts`)])),
        minifySyntax: true,
        minifyWhitespace: true,
        keepNames: true,
        external: [...external],
        plugins: [evaluatedSchemas(), directImports(root, [], external), builtinsAsObjects()],
      }),
  };
}
