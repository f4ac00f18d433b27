import { join, relative } from 'node:path';
import semver from 'semver';
import { coreTaskservs } from '../../build/src/lines/catalogue-split.ts';
import { git } from './git.ts';
import { publishedPackages } from './packages.ts';

/** Lines of the product that are released together (11 §2); every extension has releases of its own. */
const productLines = ['core', 'platform', 'workspace'] as const;
type ProductLine = (typeof productLines)[number];

const catalogue = 'packages/taskservs';

/** What decides about the content of every line. */
const shared = ['package-lock.json'];

/** A tag of a release, with the version that it names. */
export interface ReleaseTag {
  readonly tag: string;
  readonly version: string;
}

/** `v3.2.1` for the whole product, `core/v3.2.1` for one line (11 §2). */
export function tagOf(line: string, version: string): string {
  return line === 'all' ? `v${version}` : `${line}/v${version}`;
}

/** Releases of a line, the newest first; one of the whole product is one of every line, and the other way round. */
export async function releasesOf(root: string, line: string): Promise<readonly ReleaseTag[]> {
  const isProduct = (productLines as readonly string[]).includes(line);
  const named = line === 'all' ? ['all', ...productLines] : isProduct ? [line, 'all'] : [line];
  const found = await Promise.all(
    named.map(async (name) => {
      const tags = (await git(root, 'tag', '--list', tagOf(name, '*'))).split('\n');
      return tags.map((tag) => ({ tag, version: tag.slice(tagOf(name, '').length) }));
    }),
  );
  return found
    .flat()
    .filter(({ version }) => semver.valid(version) === version)
    .sort((a, b) => semver.rcompare(a.version, b.version));
}

/**
 * What `--line` is when nobody names one (11 §6): the line that changed since its last tag, the whole product when
 * several did.
 * @throws Error when nothing changed.
 */
export async function changedLine(root: string): Promise<string> {
  const sources = sourcesOf(root);
  const changed: ProductLine[] = [];
  for (const line of productLines) {
    const [last] = await releasesOf(root, line);
    if (
      last === undefined ||
      (await git(root, 'diff', '--name-only', last.tag, 'HEAD', '--', ...sources[line]))
    )
      changed.push(line);
  }
  if (changed.length === 0)
    throw new Error(`No line changed since its last tag; name one with --line ${productLines.join('|')}|all`);
  return changed.length === 1 ? changed[0]! : 'all';
}

/** Folders that each line is made of (11 §1). */
function sourcesOf(root: string): Readonly<Record<ProductLine, readonly string[]>> {
  const isService = (layer: string): boolean => layer === 'service' || layer === 'deployment';
  const packages = publishedPackages(root).map(({ folder, layer }) => ({
    path: relative(root, folder).replaceAll('\\', '/'),
    layer,
  }));
  const of = (wanted: (layer: string) => boolean): string[] =>
    packages.flatMap(({ path, layer }) => (path !== catalogue && wanted(layer) ? [path] : []));
  const taskservs = packages.some(({ path }) => path === catalogue)
    ? [...coreTaskservs(join(root, catalogue))].map((folder) => `${catalogue}/${folder}`)
    : [];
  return {
    core: [...shared, ...of((layer) => !isService(layer)), ...taskservs],
    platform: [...shared, ...of(isService)],
    workspace: [`${catalogue}/templates`, 'examples'],
  };
}
