import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { collectDist, compile } from './compile.ts';
import { externalOf } from '../../build/src/provider.ts';
import { type PackageJson, publishedPackages, root, type WorkspacePackage } from './packages.ts';

/** Development leaves no trace in what is published (11 §1). */
const forbidden = /(?:^|\/)(?:tests?|node_modules|\.env[^/]*|[^/]*\.test\.[jt]s)(?:\/|$)/;

/** `./src/x.ts` as the compiled file and its types. */
function publishedExport(target: string): { readonly types: string; readonly default: string } {
  const path = target.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '');
  return { types: `${path}.d.ts`, default: `${path}.js` };
}

function publishedExports(exports: PackageJson['exports'] = {}): Record<string, unknown> {
  const entries = Object.entries(exports);
  return Object.fromEntries(
    entries.map(([key, target]) => [key, target.endsWith('.ts') ? publishedExport(target) : target]),
  );
}

/**
 * The `package.json` that is published. A bundle carries the libraries it was made of, so only packages that are loaded
 * by name at run time stay its dependencies: extensions, the SDK that definitions in TypeScript import, and the cloud
 * libraries of a provider.
 */
export function publishedManifest(
  one: WorkspacePackage,
  all: readonly WorkspacePackage[],
): Record<string, unknown> {
  const { json, bundled } = one;
  const { nx: _nx, ...rest } = json as PackageJson & { readonly nx?: unknown };
  const manifest: Record<string, unknown> = { ...rest, repository: undefined };
  if (bundled) {
    const versions = new Map(
      all.map(({ json: other, layer }) => [other.name, { layer, version: other.version }]),
    );
    // What an app does not ask for, such as a provider with a large library, is installed by those who use it.
    const wanted = new Set(
      all
        .filter(({ layer }) => layer === 'app')
        .flatMap(({ json: app }) => Object.keys(app.dependencies ?? {})),
    );
    const extensions = [...versions].filter(([name, { layer }]) => layer === 'extension' && wanted.has(name));
    const needed = [
      ...extensions,
      ['@provisioning/extensions-sdk', versions.get('@provisioning/extensions-sdk')!] as const,
    ];
    manifest['dependencies'] = Object.fromEntries(
      needed.map(([name, { version }]) => [name, `^${version}`]).sort(),
    );
    manifest['exports'] = { '.': './dist/main.js' };
  } else if (one.provider) {
    const kept = ['@provisioning/extensions-sdk', ...externalOf(json.dependencies)];
    manifest['dependencies'] = Object.fromEntries(kept.map((name) => [name, json.dependencies?.[name]]));
    manifest['exports'] = publishedExports(json.exports);
  } else if (json.exports !== undefined) {
    manifest['exports'] = publishedExports(json.exports);
  }
  if (one.layer === 'extension')
    manifest['keywords'] = [...new Set([...(json.keywords ?? []), 'provisioning-extension'])];
  if (one.layer === 'service')
    manifest['provisioning'] = { 'core-version': `^${json.version.split('.').slice(0, 2).join('.')}` };
  manifest['files'] = [...new Set([...(json.files ?? ['dist']), 'LICENSE'])];
  return JSON.parse(JSON.stringify(manifest)) as Record<string, unknown>;
}

export interface StagedPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/** Builds every package into a folder that can be published as it is. */
export async function stageAll(
  out: string,
  say: (message: string) => void,
  packages: readonly WorkspacePackage[] = publishedPackages(),
): Promise<readonly StagedPackage[]> {
  const compiled = await mkdtemp(join(tmpdir(), 'provisioning-compile-'));
  try {
    say('Compiling the libraries');
    compile(
      packages.filter(({ bundled }) => !bundled),
      compiled,
    );
    if (packages.some(({ bundled, provider }) => bundled || provider)) {
      say('Bundling the programs and providers');
      const { buildAll } = (await import(join(root, 'tools/build/src/all.ts'))) as {
        buildAll(options: { readonly only?: readonly string[] }): Promise<unknown>;
      };
      await buildAll({});
    }
    const staged: StagedPackage[] = [];
    for (const one of packages) staged.push(await stage(one, packages, compiled, out));
    return staged;
  } finally {
    await rm(compiled, { recursive: true, force: true });
  }
}

async function stage(
  one: WorkspacePackage,
  all: readonly WorkspacePackage[],
  compiled: string,
  out: string,
): Promise<StagedPackage> {
  const { name, version, description } = one.json;
  const folder = join(out, name.replace('/', '+'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // What scaffolds say is text of extensions to come: their tests are no tests of ours.
  const scaffolds = join(one.folder, 'scaffolds');
  const filter = (path: string): boolean =>
    path.startsWith(`${scaffolds}/`) || !forbidden.test(path.slice(one.folder.length));
  for (const entry of new Set([...(one.json.files ?? []), 'README.md', 'CHANGELOG.md', 'manifest.yaml'])) {
    const from = join(one.folder, entry);
    if (!existsSync(from) || (basename(entry) === 'dist' && !one.bundled)) continue;
    await cp(from, join(folder, entry), { recursive: true, filter });
  }
  if (!one.bundled) await collectDist(one, compiled, join(folder, 'dist'));
  if (one.provider) await cp(join(one.folder, 'dist'), join(folder, 'dist'), { recursive: true });
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  if (!existsSync(join(folder, 'README.md')))
    await writeFile(join(folder, 'README.md'), `# ${name}\n\n${description ?? ''}.\n`);
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(publishedManifest(one, all), null, 2)}\n`);
  await compileEntryPoints(folder);
  return { name, version, folder };
}

/** An extension's manifest names its sources; what is published has them compiled. */
async function compileEntryPoints(folder: string): Promise<void> {
  const file = join(folder, 'manifest.yaml');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  await writeFile(file, text.replace(/(:\s*)(?:\.\/)?src\/([\w/-]+)\.ts\b/g, '$1dist/$2.js'));
}
