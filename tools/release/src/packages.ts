import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A `package.json` as far as publishing reads it. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly keywords?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: Readonly<Record<string, string>>;
  readonly nx?: { readonly tags?: readonly string[] };
}

/** One package of the monorepo that is published. */
export interface WorkspacePackage {
  readonly folder: string;
  readonly json: PackageJson;
  readonly layer: string;
  /** Shipped as one bundle instead of compiled files: the CLI and the services' programs. */
  readonly bundled: boolean;
  /** Shipped as a bundle with the declarations of its sources beside it: the product's own providers. */
  readonly provider: boolean;
}

export const root = join(import.meta.dirname, '../../..');

/** Every package to publish, those that others need first. */
export function publishedPackages(from: string = root): readonly WorkspacePackage[] {
  const found = globSync(['packages/*/package.json', 'packages/providers/*/package.json'], { cwd: from }).map(
    (file) => {
      const folder = dirname(join(from, file));
      const json = JSON.parse(readFileSync(join(from, file), 'utf8')) as PackageJson;
      const layer = json.nx?.tags?.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length) ?? '';
      const programs = ['service', 'deployment'];
      const bundled =
        layer === 'app' || (programs.includes(layer) && existsSync(join(folder, 'src/main.ts')));
      const provider = json.name.startsWith('@provisioning/provider-');
      return { folder, json, layer, bundled, provider };
    },
  );
  const byName = new Map(
    found.filter(({ json }) => json.private !== true).map((one) => [one.json.name, one]),
  );
  const ordered = new Set<WorkspacePackage>();
  const visit = (one: WorkspacePackage, path: readonly string[]): void => {
    if (ordered.has(one)) return;
    if (path.includes(one.json.name))
      throw new Error(`Packages depend on each other: ${[...path, one.json.name].join(' -> ')}`);
    for (const name of Object.keys(one.json.dependencies ?? {}).sort()) {
      const needed = byName.get(name);
      if (needed !== undefined) visit(needed, [...path, one.json.name]);
    }
    ordered.add(one);
  };
  for (const name of [...byName.keys()].sort()) visit(byName.get(name)!, []);
  return [...ordered];
}
