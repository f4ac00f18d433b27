import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A package of somebody else that goes along. */
export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  /** Where its files are now. */
  readonly source: string;
  /** Where they belong: `node_modules/<name>` of the line, or below the package that wants another version. */
  readonly place: string;
}

/**
 * The production dependencies of packages as Node.js finds them from `from`, laid out as a package manager does it: each
 * name once at the top, other versions of it below what needs them. Read from what is installed, so the network has no
 * part in a build.
 * @param wanted name → folder from which it is looked up.
 * @throws Error naming the package that is not installed.
 */
export function collectThirdParty(
  wanted: readonly { readonly name: string; readonly from: string }[],
  own: ReadonlySet<string>,
): readonly ThirdParty[] {
  const placed = new Map<string, ThirdParty>();
  const put = (name: string, from: string, parents: readonly string[]): void => {
    const source = locate(name, from);
    const { version, dependencies } = readManifest(source);
    // The nearest place upwards that has the name decides what Node.js would load.
    const visible = [...parents, '']
      .map((parent) => placed.get(join(parent, 'node_modules', name)))
      .find((found) => found !== undefined);
    if (visible?.source === source) return;
    const place =
      visible === undefined ? join('node_modules', name) : join(parents[0] ?? '', 'node_modules', name);
    placed.set(place, { name, version, source, place });
    const next = [place, ...(visible === undefined ? [] : parents)];
    for (const dependency of Object.keys(dependencies ?? {}).sort())
      if (!own.has(dependency)) put(dependency, source, next);
  };
  for (const { name, from } of wanted) if (!own.has(name)) put(name, from, []);
  return [...placed.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
}

function locate(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return realpathSync(path);
    if (dirname(folder) === folder) throw new Error(`${name} is not installed; ${from} needs it: run npm ci`);
  }
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Files of other people's packages that nobody needs to run them: tests, sources, source maps, types. */
const superfluous =
  /(?:^|\/)(?:__tests__|tests?|benchmarks?|prebuilds|\.github|\.vscode)\/|\.(?:map|[cm]?ts|tsbuildinfo|flow)$|(?:^|\/)(?:\.[^/]*|tsconfig[^/]*\.json)$/;

/** Whether a file of another's package goes along. */
export function isNeeded(path: string): boolean {
  return !superfluous.test(path);
}
