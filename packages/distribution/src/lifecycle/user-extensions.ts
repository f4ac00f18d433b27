import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { type Origin, readOrigin } from '../extension/origin.ts';
import type { InstalledPackage } from '../dependencies/installed.ts';
import { kindFolder, type PackageKind, packageKinds } from '../extension/kind.ts';
import { readPackageManifest } from '../extension/package-manifest.ts';

/** One version of an extension that is installed for the user (09 §1, S:6510). */
export interface UserExtension extends InstalledPackage {
  readonly origin?: Origin;
}

/** `<data>/extensions`: where versions lie side by side. */
export function userRoot(dataFolder: string): string {
  return join(dataFolder, 'extensions');
}

/** `<data>/extensions/<kinds>/<name>/<version>`. */
export function userFolder(dataFolder: string, kind: PackageKind, name: string, version: string): string {
  return join(userRoot(dataFolder), kindFolder(kind), name, version);
}

/** Every installed version, newest first for each name. */
export async function readUserExtensions(dataFolder: string): Promise<readonly UserExtension[]> {
  const { parse } = await import('yaml');
  const found: UserExtension[] = [];
  for (const kind of packageKinds) {
    const parent = join(userRoot(dataFolder), kindFolder(kind));
    for (const name of await folders(parent)) {
      for (const version of await folders(join(parent, name))) {
        const folder = join(parent, name, version);
        const manifest = await readFile(join(folder, 'manifest.yaml'), 'utf8')
          .then((text) => readPackageManifest(parse(text)))
          .catch(() => undefined);
        if (manifest === undefined || manifest.name !== name) continue;
        const origin = await readOrigin(folder);
        found.push({
          kind,
          name,
          folder,
          manifest,
          ...(origin === undefined ? {} : { origin, digest: origin.digest, reference: origin.reference }),
        });
      }
    }
  }
  return found.sort((a, b) =>
    a.name === b.name ? semver.rcompare(a.manifest.version, b.manifest.version) : a.name < b.name ? -1 : 1,
  );
}

/** The newest version of each, by `kind/name`. */
export function newestOf(extensions: readonly UserExtension[]): ReadonlyMap<string, UserExtension> {
  const newest = new Map<string, UserExtension>();
  for (const one of extensions) {
    const key = `${one.kind}/${one.name}`;
    if (!newest.has(key)) newest.set(key, one);
  }
  return newest;
}

async function folders(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}
