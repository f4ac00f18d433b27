import { readFile, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExtensionKind, type ExtensionLayer, kindFolders } from './kinds.ts';

/** Where extensions are looked for (08 §3). */
export interface DiscoveryRoots {
  readonly workspacePath?: string;
  readonly infra?: string;
  /** Folder for extensions installed by `extension install`, and `npm/` beside it. */
  readonly dataPath?: string;
  /** Modules from which npm packages are looked up: the product's own entry (`import.meta.url`) and the workspace. */
  readonly moduleUrls: readonly string[];
  /** Name of the person whose own extensions of the workspace come first. */
  readonly user?: string;
  /** The user's configuration folder; `extensions.yaml` there lists registered folders (08 §4.1). */
  readonly userConfigPath?: string;
  /** Folder of a frozen version: extensions come from there and nowhere else (03 §11). */
  readonly only?: string;
}

/** A folder registered by `extension register`; it ranks as workspace level. */
export interface Registered {
  readonly path: string;
  readonly type: ExtensionKind;
}

export interface Root {
  readonly path: string;
  readonly layer: ExtensionLayer;
  /** Below `<name>/<version>`: of several versions the highest compatible is taken. */
  readonly versioned?: boolean;
  /** Folder names of the root that belong to another one. */
  readonly skip?: readonly string[];
  /** Folder names of the root that end so only: `_prov`. */
  readonly suffix?: string;
}

/** The roots of one kind, highest first. Folders that aren't there cost one failed `readdir`. */
export async function rootsOf(
  kind: ExtensionKind,
  from: DiscoveryRoots,
  registered: readonly Registered[] = [],
): Promise<Root[]> {
  if (from.only !== undefined) return frozenRoots(kind, from.only);
  return [
    ...levelRoots(kind, from, registered),
    ...(await installedRoots(kind, from)),
    ...(await coreRoots(kind, from)),
  ];
}

/** A snapshot keeps the product's own extensions apart from all others: they load without isolation. */
function frozenRoots(kind: ExtensionKind, folder: string): Root[] {
  return kindFolders[kind].flatMap((name): Root[] => [
    { path: join(folder, name), layer: 'workspace' },
    { path: join(folder, 'core', name), layer: 'core' },
  ]);
}

function levelRoots(
  kind: ExtensionKind,
  { workspacePath, infra, user }: DiscoveryRoots,
  registered: readonly Registered[],
): Root[] {
  const roots: Root[] = [];
  if (workspacePath !== undefined && infra !== undefined) {
    const base = join(workspacePath, 'infra', infra);
    const layer = 'infrastructure';
    for (const name of kindFolders[kind]) roots.push({ path: join(base, `.${name}`), layer });
    if (kind === 'provider') roots.push({ path: join(base, 'vendor'), layer, suffix: '_prov' });
    for (const name of kindFolders[kind]) roots.push({ path: join(base, 'extensions', name), layer });
  }
  if (workspacePath !== undefined) {
    const layer = 'workspace';
    for (const name of kindFolders[kind]) roots.push({ path: join(workspacePath, `.${name}`), layer });
    for (const { path, type } of registered) if (type === kind) roots.push({ path, layer });
    for (const name of kindFolders[kind]) {
      const path = join(workspacePath, 'extensions', name);
      if (user !== undefined && user !== '') roots.push({ path: join(path, user), layer });
      roots.push({ path, layer, skip: user === undefined ? [] : [user] });
    }
  } else {
    for (const { path, type } of registered) if (type === kind) roots.push({ path, layer: 'workspace' });
  }
  return roots;
}

async function installedRoots(
  kind: ExtensionKind,
  { workspacePath, dataPath }: DiscoveryRoots,
): Promise<Root[]> {
  const roots: Root[] = [];
  const layer = 'installed';
  if (workspacePath !== undefined) {
    // Packages of the workspace are its own: they rank with it (08 §3.2).
    for (const path of await extensionPackages(
      kind,
      join(workspacePath, 'extensions', 'npm', 'node_modules'),
    ))
      roots.push({ path, layer: 'workspace' });
    for (const path of await extensionPackages(kind, join(workspacePath, 'extensions', 'npm')))
      roots.push({ path, layer: 'workspace' });
    for (const path of await extensionPackages(kind, join(workspacePath, 'node_modules'), true))
      roots.push({ path, layer });
  }
  if (dataPath !== undefined) {
    for (const name of kindFolders[kind])
      roots.push({ path: join(dataPath, 'extensions', name), layer, versioned: true });
    for (const path of await extensionPackages(kind, join(dataPath, 'npm', 'node_modules'), true))
      roots.push({ path, layer });
  }
  return roots;
}

/** Packages of the product beside a module: `@provisioning/taskservs` and `@provisioning/provider-*` up the tree. */
async function coreRoots(kind: ExtensionKind, { moduleUrls }: DiscoveryRoots): Promise<Root[]> {
  const paths: string[] = [];
  for (const url of moduleUrls) {
    let folder = dirname(fileURLToPath(url));
    for (;;) {
      if (basename(folder) !== 'node_modules') {
        paths.push(...(await extensionPackages(kind, join(folder, 'node_modules'))));
      }
      const parent = dirname(folder);
      if (parent === folder || relative(parent, folder) === '') break;
      folder = parent;
    }
  }
  return [...new Set(paths)].map((path) => ({
    path,
    layer: 'core',
    skip: ['templates', 'src', 'dist', ...(kind === 'taskserv' ? kindFolders.cluster : [])],
  }));
}

/**
 * Folders of extension packages in one `node_modules` that can hold a kind; links are resolved (09 §12 "npm").
 * @param anyScope also `@scope/provisioning-<kind>-<name>` of others, which never are part of the product.
 */
async function extensionPackages(kind: ExtensionKind, modules: string, anyScope = false): Promise<string[]> {
  const [own, plain] = await Promise.all([
    readdir(join(modules, '@provisioning')).catch((): string[] => []),
    readdir(modules).catch((): string[] => []),
  ]);
  const candidates: string[] = [];
  for (const name of own) {
    if (name.startsWith(`${kind}-`)) candidates.push(join('@provisioning', name));
    else if (name === 'taskservs' && kind === 'taskserv') candidates.push(join('@provisioning', name));
    else if (name === 'taskservs' && kind === 'cluster')
      candidates.push(join('@provisioning', name, 'clusters'));
  }
  for (const name of plain) if (name.startsWith('provisioning-')) candidates.push(name);
  const scopes = plain.filter((name) => anyScope && name.startsWith('@') && name !== '@provisioning');
  for (const scope of scopes) {
    const names = await readdir(join(modules, scope)).catch((): string[] => []);
    const held = names.filter((name) => name.startsWith(`provisioning-${kind}-`));
    candidates.push(...held.map((name) => join(scope, name)));
  }
  const found = await Promise.all(
    candidates.map((name) => realpath(join(modules, name)).catch(() => undefined)),
  );
  return found.filter((path) => path !== undefined);
}

/** Folder of the catalogue package (`@provisioning/taskservs`) of the product: taskservs, clusters and templates. */
export async function cataloguePackage(moduleUrls: readonly string[]): Promise<string | undefined> {
  for (const url of moduleUrls) {
    for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
      const path = join(folder, 'node_modules', '@provisioning', 'taskservs');
      if ((await readFile(join(path, 'package.json'), 'utf8').catch(() => '')) !== '') return realpath(path);
      if (dirname(folder) === folder) break;
    }
  }
  return undefined;
}
