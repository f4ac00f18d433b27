import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { deepFreeze } from '../config/merge.ts';
import { productVersion } from '../extensions/compatibility.ts';
import { type ExtensionKind, kindFolder } from '../extensions/kinds.ts';
import { configSchema } from '../extensions/schema.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { type LayerPlaces, type RuntimeLayer, collectSources, watchedFolders } from './collect.ts';
import { type LeafProvenance, mergeSources } from '../sources/provenance.ts';
import type { LayerName } from '../sources/source.ts';
import { type ResolutionCounters, addCounters } from './statistics.ts';
import { configIssues, invalidConfig } from './validate.ts';

/** One file that took part. */
export interface ResolvedSource {
  readonly layer: LayerName;
  readonly priority: number;
  readonly file: string;
  readonly template?: string;
}

/** The configuration of one module with the origin of every value (08 §6.2). */
export interface Resolution {
  readonly kind: ExtensionKind;
  readonly name: string;
  readonly config: Data;
  readonly provenance: readonly LeafProvenance[];
  readonly sources: readonly ResolvedSource[];
  readonly duration_ms: number;
  readonly cached: boolean;
}

interface Stored {
  readonly key: string;
  readonly files: Readonly<Record<string, string>>;
  readonly result: Pick<Resolution, 'config' | 'provenance' | 'sources'>;
}

/** Resolves the layers of modules; remembers results by the content of everything they were made from. */
export class LayerResolver implements AsyncDisposable {
  readonly places: LayerPlaces;
  #counters: ResolutionCounters = { resolutions: 0, hits: 0, time_ms: 0 };
  readonly #memory = new Map<string, Stored>();

  constructor(places: LayerPlaces) {
    this.places = places;
  }

  /**
   * @throws ProvisioningError `MODULE_UNKNOWN` (exit 5) when no layer knows the module, `LAYER_INVALID` with file and
   * line (exit 3), syntax errors of any of its files.
   */
  async resolve(kind: ExtensionKind, name: string, runtime: RuntimeLayer = {}): Promise<Resolution> {
    const started = performance.now();
    const key = await this.#key(kind, name, runtime);
    const known = await this.#stored(kind, name, key);
    const result = known?.result ?? (await this.#merge(kind, name, runtime, key));
    const duration = performance.now() - started;
    const { resolutions, hits, time_ms } = this.#counters;
    this.#counters = {
      resolutions: resolutions + 1,
      hits: hits + (known === undefined ? 0 : 1),
      time_ms: time_ms + duration,
    };
    return {
      kind,
      name,
      ...result,
      duration_ms: Math.round(duration * 100) / 100,
      cached: known !== undefined,
    };
  }

  /** Adds what was counted to the workspace's statistics. */
  async flush(): Promise<void> {
    const counted = this.#counters;
    this.#counters = { resolutions: 0, hits: 0, time_ms: 0 };
    if (counted.resolutions > 0) await addCounters(this.places.workspacePath, counted);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.flush();
  }

  async #merge(
    kind: ExtensionKind,
    name: string,
    runtime: RuntimeLayer,
    key: string,
  ): Promise<Stored['result']> {
    const sources = await collectSources(this.places, kind, name, runtime);
    const record = await this.places.catalogue.find(kind, name);
    if (sources.length === 0 && record === undefined) {
      throw new ProvisioningError({
        code: 'MODULE_UNKNOWN',
        kind: 'not-found',
        message: `Module '${name}' not found`,
        hint: `Run 'provisioning module discover ${kind}'.`,
      });
    }
    const { config, provenance } = mergeSources(sources);
    const schema = record === undefined ? undefined : await configSchema(record.path);
    if (schema !== undefined) {
      const issues = await configIssues(name, config, schema, provenance, this.places.workspacePath);
      if (issues.length > 0) throw invalidConfig(issues);
    }
    const result = deepFreeze({
      config,
      provenance,
      sources: sources.map(({ layer, priority, file, template }) => ({
        layer,
        priority,
        file,
        ...(template === undefined ? {} : { template }),
      })),
    });
    await this.#store(kind, name, { key, files: await hashes(sources.map(({ file }) => file)), result });
    return result;
  }

  /** What the result depends on beside the files it was made from. */
  async #key(kind: ExtensionKind, name: string, runtime: RuntimeLayer): Promise<string> {
    const { catalogue, infra, environment, templates } = this.places;
    const hash = createHash('sha256').update(
      JSON.stringify([productVersion(), kind, name, infra, environment, runtime]),
    );
    const record = await catalogue.find(kind, name);
    hash.update(JSON.stringify([record?.path, record?.version]));
    for (const folder of await watchedFolders(this.places, kind)) {
      const recursive = folder.endsWith(join('templates', kindFolder(kind)));
      const names = await readdir(folder, { recursive }).catch((): string[] => []);
      hash.update(JSON.stringify([folder, names.sort()]));
    }
    if (this.places.workspacePath !== undefined && infra !== undefined) {
      const applied = join(this.places.workspacePath, 'infra', infra, '.manifest', 'templates.yaml');
      const text = await readFile(applied, 'utf8').catch(() => '');
      hash.update(text);
      // A template of the workspace may begin to shadow one of the product.
      if (text !== '')
        for (const { path } of templates.roots)
          hash.update(JSON.stringify(await readdir(path).catch(() => [])));
    }
    return hash.digest('hex');
  }

  async #stored(kind: ExtensionKind, name: string, key: string): Promise<Stored | undefined> {
    const file = this.#file(kind, name);
    let stored = this.#memory.get(`${kind}/${name}`);
    if (stored?.key !== key && file !== undefined) {
      stored = await readFile(file, 'utf8')
        .then((text) => JSON.parse(text) as Stored)
        .catch(() => undefined);
    }
    if (stored?.key !== key) return undefined;
    const now = await hashes(Object.keys(stored.files));
    if (Object.entries(stored.files).some(([path, hash]) => now[path] !== hash)) return undefined;
    this.#memory.set(`${kind}/${name}`, stored);
    return stored;
  }

  async #store(kind: ExtensionKind, name: string, stored: Stored): Promise<void> {
    this.#memory.set(`${kind}/${name}`, stored);
    const file = this.#file(kind, name);
    if (file !== undefined) await writeFileAtomic(file, JSON.stringify(stored)).catch(() => undefined);
  }

  #file(kind: ExtensionKind, name: string): string | undefined {
    const { workspacePath, infra } = this.places;
    if (workspacePath === undefined) return undefined;
    return join(workspacePath, '.cache', 'layers', infra ?? '_workspace', `${kindFolder(kind)}-${name}.json`);
  }
}

async function hashes(files: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  await Promise.all(
    [...new Set(files)].map(async (file) => {
      const content = await readFile(file).catch(() => readFile(`${file}.hbs`).catch(() => ''));
      found[file] = createHash('sha256').update(content).digest('hex');
    }),
  );
  return found;
}
