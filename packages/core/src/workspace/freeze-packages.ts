import { cp, mkdir, readFile, realpath, symlink } from 'node:fs/promises';
import path from 'node:path';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Packages of a snapshot: a frozen provider loads without the installation. */
export function freezePackages(snapshot: string, folders: readonly string[]): Promise<void> {
  return copyPackages(
    folders,
    path.join(snapshot, 'provisioning', 'packages'),
    path.join(snapshot, 'node_modules'),
  );
}

/**
 * Copies the npm packages that the code in some folders imports, with all they need, and links them where modules look
 * for packages. Of two versions of one package the one nearest to the folders wins.
 */
export async function copyPackages(
  folders: readonly string[],
  packages: string,
  links: string,
): Promise<void> {
  const taken = new Map<string, string>();
  let level = [...folders];
  while (level.length > 0) {
    const next: string[] = [];
    for (const folder of level) {
      for (const name of await dependenciesOf(folder)) {
        if (taken.has(name)) continue;
        const found = await resolvePackage(folder, name);
        if (found === undefined) continue;
        taken.set(name, found);
        next.push(found);
      }
    }
    level = next;
  }
  for (const [name, folder] of taken) {
    const target = path.join(packages, name);
    await cp(folder, target, {
      recursive: true,
      dereference: true,
      filter: (source) =>
        !path.relative(folder, source).split(path.sep).includes('node_modules') &&
        !/\.test\.ts$/.test(source),
    });
    const link = path.join(links, name);
    await mkdir(path.dirname(link), { recursive: true, mode: 0o700 });
    await symlink(path.relative(path.dirname(link), target), link);
  }
}

async function dependenciesOf(folder: string): Promise<string[]> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => '{}');
  const { dependencies, optionalDependencies } = JSON.parse(text) as Manifest;
  return Object.keys({ ...dependencies, ...optionalDependencies }).sort();
}

/** The folder of a package as a module in `from` would find it; optional ones may be missing. */
async function resolvePackage(from: string, name: string): Promise<string | undefined> {
  for (let folder = await realpath(from); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', name);
    const found = await readFile(path.join(candidate, 'package.json')).then(
      () => realpath(candidate),
      () => undefined,
    );
    if (found !== undefined) return found;
    if (path.dirname(folder) === folder) return undefined;
  }
}
