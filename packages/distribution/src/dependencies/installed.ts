import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kindFolder, type PackageKind, packageKinds } from '../extension/kind.ts';
import { readOrigin } from '../extension/origin.ts';
import { type PackageManifest, readPackageManifest } from '../extension/package-manifest.ts';

/** An extension below `<ws>/extensions`. */
export interface InstalledPackage {
  readonly kind: PackageKind;
  readonly name: string;
  readonly folder: string;
  readonly manifest: PackageManifest;
  /** Digest of the artifact it came from; absent for what was put there by hand. */
  readonly digest?: string;
  readonly reference?: string;
}

/** Folder of an extension in a workspace (09 §1). */
export function installFolder(workspacePath: string, kind: PackageKind, name: string): string {
  return join(workspacePath, 'extensions', kindFolder(kind), name);
}

/** Everything that is installed in a workspace, by `kind/name`. */
export async function readInstalled(workspacePath: string): Promise<ReadonlyMap<string, InstalledPackage>> {
  const { parse } = await import('yaml');
  const found = new Map<string, InstalledPackage>();
  for (const kind of packageKinds) {
    const parent = join(workspacePath, 'extensions', kindFolder(kind));
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      const folder = join(parent, entry.name);
      const manifest = await readFile(join(folder, 'manifest.yaml'), 'utf8')
        .then((text) => readPackageManifest(parse(text)))
        .catch(() => undefined);
      if (manifest === undefined || manifest.name !== entry.name) continue;
      const origin = await readOrigin(folder);
      found.set(`${kind}/${entry.name}`, {
        kind,
        name: entry.name,
        folder,
        manifest,
        ...(origin === undefined ? {} : { digest: origin.digest, reference: origin.reference }),
      });
    }
  }
  return found;
}
