import { readFile, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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
  /** A package of somebody else that npm put there: it never takes a name of the product. */
  readonly foreign?: boolean;
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
    ...(await besideProduct(kind, from)),
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
    const npm = join(workspacePath, 'extensions', 'npm');
    for (const modules of [join(npm, 'node_modules'), npm])
      for (const found of await extensionPackages(kind, modules))
        roots.push({ ...found, layer: 'workspace' });
    for (const found of await extensionPackages(kind, join(workspacePath, 'node_modules')))
      roots.push({ ...found, layer });
  }
  if (dataPath !== undefined) {
    for (const name of kindFolders[kind])
      roots.push({ path: join(dataPath, 'extensions', name), layer, versioned: true });
    for (const found of await extensionPackages(kind, join(dataPath, 'npm', 'node_modules')))
      roots.push({ ...found, layer });
  }
  return roots;
}

/** Packages of the product beside a module: `@provisioning/taskservs` and `@provisioning/provider-*` up the tree. */
async function coreRoots(kind: ExtensionKind, { moduleUrls }: DiscoveryRoots): Promise<Root[]> {
  const found = await Promise.all(moduleFolders(moduleUrls).map((modules) => ownPackages(kind, modules)));
  return [...new Set(found.flat())].map((path) => ({
    path,
    layer: 'core',
    skip: ['templates', 'src', 'dist', ...(kind === 'taskserv' ? kindFolders.cluster : [])],
  }));
}

/**
 * Packages of others that npm installed beside the product (09 §12 "npm"): they rank with installed ones and run isolated,
 * for whoever installs a package can't make it part of the product.
 */
async function besideProduct(kind: ExtensionKind, { moduleUrls }: DiscoveryRoots): Promise<Root[]> {
  const found = await Promise.all(moduleFolders(moduleUrls).map((modules) => foreignPackages(kind, modules)));
  return [...new Set(found.flat())].map((path) => ({ path, layer: 'installed', foreign: true }));
}

/** Every `node_modules` in which the modules look packages up, nearest first. */
function moduleFolders(moduleUrls: readonly string[]): string[] {
  const folders: string[] = [];
  for (const url of moduleUrls) {
    for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
      if (basename(folder) !== 'node_modules') folders.push(join(folder, 'node_modules'));
      if (dirname(folder) === folder) break;
    }
  }
  return [...new Set(folders)];
}

/** Folders of extension packages in one `node_modules` that can hold a kind, whoever made them. */
async function extensionPackages(
  kind: ExtensionKind,
  modules: string,
): Promise<Pick<Root, 'path' | 'foreign'>[]> {
  return [
    ...(await ownPackages(kind, modules)).map((path) => ({ path })),
    ...(await foreignPackages(kind, modules)).map((path) => ({ path, foreign: true })),
  ];
}

/** `@provisioning/<kind>-<name>`, and the catalogue; the scope is the product's, nobody else can publish in it. */
async function ownPackages(kind: ExtensionKind, modules: string): Promise<string[]> {
  const candidates: string[] = [];
  for (const name of await namesIn(join(modules, '@provisioning'))) {
    if (name.startsWith(`${kind}-`)) candidates.push(name);
    else if (name === 'taskservs' && kind === 'taskserv') candidates.push(name);
    else if (name === 'taskservs' && kind === 'cluster') candidates.push(join(name, 'clusters'));
  }
  return realFolders(candidates.map((name) => join(modules, '@provisioning', name)));
}

/** `provisioning-<kind>-<name>` and `@scope/provisioning-<kind>-<name>` of others. */
async function foreignPackages(kind: ExtensionKind, modules: string): Promise<string[]> {
  const plain = await namesIn(modules);
  const candidates = plain.filter((name) => name.startsWith('provisioning-'));
  for (const scope of plain.filter((name) => name.startsWith('@') && name !== '@provisioning')) {
    const held = (await namesIn(join(modules, scope))).filter((name) =>
      name.startsWith(`provisioning-${kind}-`),
    );
    candidates.push(...held.map((name) => join(scope, name)));
  }
  return realFolders(candidates.map((name) => join(modules, name)));
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Links resolved; what is gone meanwhile is left out. */
async function realFolders(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)));
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
