import { realpath } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { installHint } from './optional-providers.ts';
import { closestNames } from './closest.ts';
import { incompatibility, productVersion } from './compatibility.ts';
import { DiscoveryCache } from './discovery-cache.ts';
import { foreignEntryPoint } from './entry-points.ts';
import { type ExtensionKind, kindFolder } from './kinds.ts';
import { linkRule } from './links.ts';
import { outrankedWarning, reservedNames } from './outranked.ts';
import type { ExtensionRecord, RejectedExtension } from './record.ts';
import { readRegistrations } from './registrations.ts';
import { type DiscoveryRoots, type Root, rootsOf } from './roots.ts';
import { type Leaf, type LinkRule, isInside, scanRoot } from './scan.ts';
import { readExtensionStates, stateKey } from './states.ts';
import { compareVersions } from './version.ts';

export interface DiscoveryOptions {
  /** The user's cache folder; without it nothing is remembered between commands. */
  readonly cachePath?: string;
  /** Reads every manifest again (`--refresh`). */
  readonly refresh?: boolean;
  /** Version that compatibility is judged by; default that of this product. */
  readonly productVersion?: string;
  readonly now?: () => number;
  /** The folder to read instead of one that a link leads to, given as its real path; default itself. */
  readonly inUse?: (folder: string) => Promise<string>;
}

interface Found {
  /** Usable records of one name, highest first. */
  readonly records: Map<string, ExtensionRecord[]>;
  readonly aliases: Map<string, string>;
  /** Lower versions of installed extensions, beside the one that is used. */
  readonly older: ExtensionRecord[];
}

/**
 * Extensions by kind and name over the roots of 08 §3; a higher root shadows a lower one. Scans a kind when it is first
 * asked for, so that a command pays only for what it uses.
 */
export class ExtensionCatalogue {
  readonly roots: DiscoveryRoots;
  readonly rejected: RejectedExtension[] = [];
  /** Roots and manifests worth a word: unreadable folders, ignored files. */
  readonly warnings: string[] = [];
  /** Packages of others that npm put there under a name of the product: only a module of the workspace makes one count. */
  readonly outranked: ExtensionRecord[] = [];
  readonly #product: string;
  readonly #cache: DiscoveryCache;
  readonly #inUse: DiscoveryOptions['inUse'];
  readonly #found = new Map<ExtensionKind, Promise<Found>>();

  constructor(roots: DiscoveryRoots, options: DiscoveryOptions = {}) {
    this.roots = roots;
    this.#product = options.productVersion ?? productVersion();
    this.#cache = new DiscoveryCache(options.cachePath, options.now);
    this.#inUse = options.inUse;
    if (options.refresh === true) this.#cache.clear();
  }

  /** How many manifests this catalogue had to read; the others came from the cache. */
  get manifestsRead(): number {
    return this.#cache.read;
  }

  async list(kind: ExtensionKind): Promise<readonly ExtensionRecord[]> {
    const { records } = await this.#scan(kind);
    return [...records.values()].map(([first]) => first!).sort((a, b) => a.name.localeCompare(b.name));
  }

  /** All usable records of one name, the one that is used first. */
  async layers(kind: ExtensionKind, name: string): Promise<readonly ExtensionRecord[]> {
    const { records, aliases } = await this.#scan(kind);
    return records.get(name) ?? records.get(aliases.get(name) ?? '') ?? [];
  }

  /** Every usable record of one name, lower installed and outranked ones included; highest root first. */
  async versions(kind: ExtensionKind, name: string): Promise<readonly ExtensionRecord[]> {
    const used = await this.layers(kind, name);
    const { older } = await this.#scan(kind);
    const canonical = used[0]?.name ?? name;
    const others = older.filter((record) => record.name === canonical);
    const core = used.findIndex(({ layer }) => layer === 'core');
    const known = core < 0 ? [...used, ...others] : [...used.slice(0, core), ...others, ...used.slice(core)];
    const strangers = this.outranked.filter((record) => record.type === kind && record.name === canonical);
    return [...known, ...strangers];
  }

  /** The record by name or alias (`k8s`), `undefined` when there is none. Disabled ones count. */
  async find(kind: ExtensionKind, name: string): Promise<ExtensionRecord | undefined> {
    return (await this.layers(kind, name))[0];
  }

  /**
   * @throws ProvisioningError `PROVIDER_NOT_FOUND`, `TASKSERV_NOT_FOUND`, `CLUSTER_NOT_FOUND` (exit 5),
   * `EXTENSION_AMBIGUOUS`, `EXTENSION_DISABLED`, `PATH_OUTSIDE`.
   */
  async get(kind: ExtensionKind, name: string): Promise<ExtensionRecord> {
    refusePath(name);
    const record = await this.find(kind, name);
    if (record?.enabled === true) return record;
    if (record !== undefined) {
      throw new ProvisioningError({
        code: 'EXTENSION_DISABLED',
        message: `Extension '${name}' is disabled in this workspace`,
        hint: `Run 'provisioning extension enable ${name}'.`,
      });
    }
    throw await this.#missing(kind, name);
  }

  /** Extensions whose name, description or tags contain a text. */
  async search(kind: ExtensionKind, text: string): Promise<readonly ExtensionRecord[]> {
    const wanted = text.toLowerCase();
    return (await this.list(kind)).filter((record) => {
      const tags = record.manifest.tags;
      const parts = [record.name, record.description, ...(Array.isArray(tags) ? tags.map(String) : [])];
      return parts.some((part) => part.toLowerCase().includes(wanted));
    });
  }

  async #missing(kind: ExtensionKind, name: string): Promise<ProvisioningError> {
    const names = (await this.list(kind)).map((entry) => entry.name);
    const title = kind === 'provider' ? 'Provider' : kind === 'taskserv' ? 'Taskserv' : 'Cluster';
    const bad = this.rejected.find((entry) => (entry.name ?? basename(entry.path)) === name);
    if (bad?.status === 'ambiguous') {
      return new ProvisioningError({
        code: 'EXTENSION_AMBIGUOUS',
        kind: 'configuration',
        message: bad.reason,
      });
    }
    const install = kind === 'provider' && bad === undefined ? installHint(name) : undefined;
    if (install !== undefined) {
      return new ProvisioningError({
        code: 'PROVIDER_NOT_INSTALLED',
        kind: 'not-found',
        message: `Provider '${name}' is not installed`,
        hint: install,
        details: { available: names },
      });
    }
    return new ProvisioningError({
      code: `${kind.toUpperCase()}_NOT_FOUND`,
      kind: 'not-found',
      message: `${title} '${name}' not found`,
      hint: bad ? `${bad.path} was left out: ${bad.reason}` : availableNames(name, kindFolder(kind), names),
      details: { available: names },
    });
  }

  #scan(kind: ExtensionKind): Promise<Found> {
    let found = this.#found.get(kind);
    if (found === undefined) {
      found = this.#scanRoots(kind);
      this.#found.set(kind, found);
    }
    return found;
  }

  async #scanRoots(kind: ExtensionKind): Promise<Found> {
    const { userConfigPath, workspacePath } = this.roots;
    const [registered, states] = await Promise.all([
      userConfigPath === undefined ? [] : readRegistrations(userConfigPath),
      workspacePath === undefined ? new Map<string, never>() : readExtensionStates(workspacePath),
    ]);
    const roots = await rootsOf(kind, this.roots, registered);
    const allowed = linkRule(this.roots, registered, this.#inUse);
    const records = new Map<string, ExtensionRecord[]>();
    const older: ExtensionRecord[] = [];
    const seen = new Set<string>();
    const core = roots.filter(({ layer }) => layer === 'core').map(({ path }) => path);
    const found = await Promise.all(
      roots.map(async (root) =>
        (await this.#scanOne(kind, root, allowed, older)).map((record) => ({ record, root })),
      ),
    );
    const all = await Promise.all(
      found.flat().map(async ({ record, root }) => {
        const real = await realpath(record.path);
        const builtIn = record.layer === 'core' || core.some((path) => isInside(real, path));
        return { record, real, builtIn, foreign: root.foreign === true };
      }),
    );
    const own = new Set([
      ...reservedNames(kind),
      ...all.filter(({ builtIn }) => builtIn).map(({ record }) => record.name),
    ]);
    for (const { record, real, builtIn, foreign } of all) {
      if (seen.has(real) && record.layer !== 'infrastructure' && (foreign || record.layer !== 'workspace')) {
        continue;
      }
      seen.add(real);
      if (foreign && own.has(record.name)) {
        this.outranked.push(record);
        this.warnings.push(outrankedWarning(record));
        continue;
      }
      const enabled = states.get(stateKey(kind, record.name))?.enabled ?? true;
      records.set(record.name, [...(records.get(record.name) ?? []), { ...record, enabled, builtIn }]);
    }
    await this.#cache.save();
    return { records, aliases: aliasesOf(records), older };
  }

  /** The usable extensions of one root, one record a name. */
  async #scanOne(
    kind: ExtensionKind,
    root: Root,
    allowed: LinkRule,
    older: ExtensionRecord[],
  ): Promise<ExtensionRecord[]> {
    const scan = await scanRoot(root, allowed);
    this.warnings.push(...scan.warnings);
    for (const { path, reason } of scan.rejected)
      this.#reject({ path, layer: root.layer, reason, status: 'invalid' });
    const byName = new Map<string, ExtensionRecord>();
    const ambiguous = new Set<string>();
    const found = await Promise.all(scan.leaves.map((leaf) => this.#record(leaf, kind, root)));
    for (const record of found) {
      if (record === undefined) continue;
      const known = byName.get(record.name);
      if (known === undefined) byName.set(record.name, record);
      else if (root.versioned === true) {
        const isNewer = compareVersions(known.version, record.version) < 0;
        older.push(isNewer ? known : record);
        if (isNewer) byName.set(record.name, record);
      } else {
        ambiguous.add(record.name);
        const reason = `Extension '${record.name}' is in two folders: ${known.path} and ${record.path}`;
        this.#reject({
          path: record.path,
          layer: root.layer,
          reason,
          status: 'ambiguous',
          name: record.name,
          type: kind,
        });
      }
    }
    for (const name of ambiguous) byName.delete(name);
    return [...byName.values()];
  }

  async #record(leaf: Leaf, kind: ExtensionKind, { layer }: Root): Promise<ExtensionRecord | undefined> {
    const { manifest = {}, problem } = await this.#cache.manifest(leaf.manifestFile);
    const { name, type, version, description, category } = manifest as Record<string, string | undefined>;
    const file = basename(leaf.manifestFile);
    if (problem !== undefined) {
      this.#reject({
        path: leaf.folder,
        layer,
        reason: `${file}: ${problem}`,
        status: 'invalid',
        name,
        version,
      });
      return undefined;
    }
    if (type !== kind) return undefined;
    for (const ignored of leaf.ignored) this.warnings.push(`${ignored} is ignored: ${file} wins`);
    const foreign = foreignEntryPoint(manifest);
    const reason = foreign ?? incompatibility(manifest, { version: this.#product });
    if (reason !== undefined) {
      const status = foreign === undefined ? 'incompatible' : 'invalid';
      this.#reject({ path: leaf.folder, layer, reason, status, name, type: kind, version });
      return undefined;
    }
    return {
      name: name!,
      type: kind,
      version: version!,
      description: description ?? '',
      category: category ?? 'misc',
      path: leaf.folder,
      layer,
      manifest,
      manifestFile: leaf.manifestFile,
      enabled: true,
      builtIn: layer === 'core',
      ignored: leaf.ignored,
    };
  }

  #reject(entry: RejectedExtension): void {
    if (!this.rejected.some(({ path, reason }) => path === entry.path && reason === entry.reason)) {
      this.rejected.push(entry);
    }
  }
}

/** A name that is a path never reaches the file system. @throws ProvisioningError `PATH_OUTSIDE`. */
export function refusePath(name: string): void {
  if (!isAbsolute(name) && !name.split(/[\\/]/).includes('..')) return;
  throw new ProvisioningError({
    code: 'PATH_OUTSIDE',
    kind: 'permission',
    message: `Path outside allowed directories: ${name}`,
    hint: 'Give the name of an extension, not a path.',
  });
}

function aliasesOf(records: ReadonlyMap<string, readonly ExtensionRecord[]>): Map<string, string> {
  const aliases = new Map<string, string>();
  // The product's own aliases can't be taken: `k8s` stays what it is.
  const own = [...records].sort(([, [a]], [, [b]]) => Number(a!.builtIn) - Number(b!.builtIn));
  for (const [name, [record]] of own) {
    const names = record?.manifest.aliases;
    if (!Array.isArray(names)) continue;
    for (const alias of names) if (!records.has(String(alias))) aliases.set(String(alias), name);
  }
  return aliases;
}

function availableNames(wanted: string, kinds: string, names: readonly string[]): string {
  const near = closestNames(wanted, names);
  const question = near.length === 0 ? '' : `Did you mean ${near.join(' or ')}?\n`;
  return `${question}Available ${kinds}: ${JSON.stringify(names)}`;
}
