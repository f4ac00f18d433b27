import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parse } from 'yaml';

export type ExtensionKind = 'provider' | 'taskserv' | 'cluster';
export type ExtensionLayer = 'infrastructure' | 'workspace' | 'installed' | 'core';

/** One extension as discovery finds it (08 §3). */
export interface ExtensionRecord {
  readonly name: string;
  readonly type: ExtensionKind;
  readonly version: string;
  readonly description: string;
  readonly category: string;
  /** Absolute folder that holds the manifest. */
  readonly path: string;
  readonly layer: ExtensionLayer;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** An extension that was found but can't be used, with the reason. */
export interface RejectedExtension {
  readonly path: string;
  readonly layer: ExtensionLayer;
  readonly reason: string;
}

const folders: Readonly<Record<ExtensionKind, readonly string[]>> = {
  provider: ['providers'],
  taskserv: ['taskservs'],
  cluster: ['clusters', 'cluster'],
};
const maximumDepth = 5;

export interface DiscoveryRoots {
  readonly workspacePath?: string;
  readonly infra?: string;
  /** Folder for extensions installed by `extension install`. */
  readonly dataPath?: string;
  /** Modules from which npm packages are looked up: the product's own entry (`import.meta.url`) and the workspace. */
  readonly moduleUrls: readonly string[];
}

/**
 * Extensions by kind and name over the roots of 08 §3; a higher root shadows a lower one. Scans a kind when it is first
 * asked for, so that a command pays only for what it uses.
 */
export class ExtensionCatalogue {
  readonly #roots: DiscoveryRoots;
  readonly #found = new Map<ExtensionKind, Promise<Map<string, ExtensionRecord>>>();
  readonly rejected: RejectedExtension[] = [];

  constructor(roots: DiscoveryRoots) {
    this.#roots = roots;
  }

  async list(kind: ExtensionKind): Promise<readonly ExtensionRecord[]> {
    return [...(await this.#scan(kind)).values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  async find(kind: ExtensionKind, name: string): Promise<ExtensionRecord | undefined> {
    return (await this.#scan(kind)).get(name);
  }

  /** @throws ProvisioningError `PROVIDER_NOT_FOUND`, `TASKSERV_NOT_FOUND` or `CLUSTER_NOT_FOUND`, exit 5. */
  async get(kind: ExtensionKind, name: string): Promise<ExtensionRecord> {
    const record = await this.find(kind, name);
    if (record !== undefined) return record;
    const names = (await this.list(kind)).map((entry) => entry.name);
    const title = kind === 'provider' ? 'Provider' : kind === 'taskserv' ? 'Taskserv' : 'Cluster';
    const bad = this.rejected.find(({ path }) => path.endsWith(`${sep}${name}`));
    throw new ProvisioningError({
      code: `${kind.toUpperCase()}_NOT_FOUND`,
      kind: 'not-found',
      message: `${title} '${name}' not found`,
      hint: bad ? `${bad.path} was left out: ${bad.reason}` : `Available ${kind}s: ${JSON.stringify(names)}`,
    });
  }

  #scan(kind: ExtensionKind): Promise<Map<string, ExtensionRecord>> {
    let found = this.#found.get(kind);
    if (found === undefined) {
      found = this.#scanRoots(kind);
      this.#found.set(kind, found);
    }
    return found;
  }

  async #scanRoots(kind: ExtensionKind): Promise<Map<string, ExtensionRecord>> {
    const result = new Map<string, ExtensionRecord>();
    const { workspacePath, infra, dataPath, moduleUrls } = this.#roots;
    const roots: { path: string; layer: ExtensionLayer }[] = [];
    for (const name of folders[kind]) {
      if (workspacePath !== undefined && infra !== undefined) {
        roots.push({ path: join(workspacePath, 'infra', infra, `.${name}`), layer: 'infrastructure' });
        roots.push({
          path: join(workspacePath, 'infra', infra, 'extensions', name),
          layer: 'infrastructure',
        });
      }
      if (workspacePath !== undefined) {
        roots.push({ path: join(workspacePath, `.${name}`), layer: 'workspace' });
        roots.push({ path: join(workspacePath, 'extensions', name), layer: 'workspace' });
      }
      if (dataPath !== undefined)
        roots.push({ path: join(dataPath, 'extensions', name), layer: 'installed' });
    }
    if (workspacePath !== undefined) {
      for (const path of await packageFolders(join(workspacePath, 'extensions', 'npm')))
        roots.push({ path, layer: 'installed' });
    }
    for (const url of moduleUrls)
      for (const path of await packageRoots(url)) roots.push({ path, layer: 'core' });
    for (const { path, layer } of roots) await this.#scanFolder(kind, path, layer, 0, result);
    return result;
  }

  async #scanFolder(
    kind: ExtensionKind,
    path: string,
    layer: ExtensionLayer,
    depth: number,
    result: Map<string, ExtensionRecord>,
  ): Promise<void> {
    const manifestPath = join(path, 'manifest.yaml');
    const text = await readFile(manifestPath, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const record = this.#record(text, path, layer);
      if (record === undefined || record.type !== kind) return;
      const known = result.get(record.name);
      if (known === undefined) result.set(record.name, record);
      else if (known.layer === layer && known.path !== record.path) {
        this.rejected.push({ path, layer, reason: `${record.name} is also at ${known.path}` });
      }
      return;
    }
    if (depth >= maximumDepth) return;
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules' || entry.name === 'template') continue;
      const child = join(path, entry.name);
      if (entry.isDirectory()) await this.#scanFolder(kind, child, layer, depth + 1, result);
      else if (entry.isSymbolicLink()) {
        const target = await realpath(child).catch(() => undefined);
        if (target !== undefined && (await stat(target)).isDirectory()) {
          await this.#scanFolder(kind, target, layer, depth + 1, result);
        }
      }
    }
  }

  #record(text: string, path: string, layer: ExtensionLayer): ExtensionRecord | undefined {
    let manifest: Record<string, unknown>;
    try {
      manifest = parse(text) as Record<string, unknown>;
    } catch (error) {
      this.rejected.push({
        path,
        layer,
        reason: `manifest.yaml does not parse: ${(error as Error).message}`,
      });
      return undefined;
    }
    const { name, type, version } = manifest ?? {};
    if (typeof name !== 'string' || typeof type !== 'string' || typeof version !== 'string') {
      this.rejected.push({ path, layer, reason: 'manifest.yaml lacks name, type or version' });
      return undefined;
    }
    if (type !== 'provider' && type !== 'taskserv' && type !== 'cluster') {
      this.rejected.push({ path, layer, reason: `unsupported kind ${type}` });
      return undefined;
    }
    return {
      name,
      type,
      version,
      description: typeof manifest.description === 'string' ? manifest.description : '',
      category: typeof manifest.category === 'string' ? manifest.category : 'misc',
      path,
      layer,
      manifest,
    };
  }
}

/** Packages of the product beside a module: `@provisioning/taskservs` and `@provisioning/provider-*` up the tree. */
async function packageRoots(moduleUrl: string): Promise<string[]> {
  const roots: string[] = [];
  let folder = dirname(fileURLToPath(moduleUrl));
  for (;;) {
    roots.push(...(await packageFolders(join(folder, 'node_modules'))));
    const parent = dirname(folder);
    if (parent === folder || relative(parent, folder) === '') break;
    folder = parent;
  }
  return roots;
}

/** Folders of extension packages in one `node_modules`. */
async function packageFolders(modules: string): Promise<string[]> {
  const scoped = await readdir(join(modules, '@provisioning')).catch(() => []);
  const plain = await readdir(modules).catch(() => []);
  const names = [
    ...scoped
      .filter((name) => name === 'taskservs' || name.startsWith('provider-'))
      .map((name) => join('@provisioning', name)),
    ...plain.filter((name) => name.startsWith('provisioning-')),
  ];
  const paths = await Promise.all(names.map((name) => realpath(join(modules, name)).catch(() => undefined)));
  return paths.filter((path) => path !== undefined);
}
