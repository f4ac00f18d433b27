import { basename, dirname, join, relative } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data, Document, KeyPath } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import { refusePath } from '../extensions/discover.ts';
import { type Evaluation, readSource } from './read-source.ts';

export type LayerName = 'core' | 'workspace' | 'infrastructure' | 'runtime';

/** Priority of each layer (08 §6.2, S:56686-56710); workspace roots of one's own lie between 101 and 299. */
export const layerPriority: Readonly<Record<LayerName, number>> = {
  core: 100,
  workspace: 200,
  infrastructure: 300,
  runtime: 400,
};

/** One file's part in the configuration of a module. */
export interface LayerSource {
  readonly layer: LayerName;
  readonly priority: number;
  readonly file: string;
  /** What it contributes, unwrapped. */
  readonly value: Data;
  /** Location of a key of `value` in the file. */
  locate(path: KeyPath): { readonly file: string; readonly line?: number };
  /** Template that it comes from. */
  readonly template?: string;
  /** It was imported by another file. */
  readonly imported?: true;
}

export interface SourcePlace {
  readonly layer: LayerName;
  readonly priority?: number;
  readonly template?: string;
  /** Key below which the contribution stands, such as `taskservs.postgres` in `settings.toml`. */
  readonly within?: readonly string[];
  readonly imported?: true;
}

/** How files of layers are read. */
export interface SourceReading {
  /** Folders in which `imports = ["shared/x"]` is looked up, before the file's own. */
  readonly importRoots: readonly string[];
  readonly evaluation?: Evaluation;
}

const endings = ['toml', 'yaml', 'yml', 'json', 'ts', 'ncl'];

/** Candidate files for a base name: `postgres.toml`, `postgres.yaml` … */
export function candidateFiles(base: string): string[] {
  return endings.map((ending) => `${base}.${ending}`);
}

/**
 * A file as sources, the fragments it imports first (08 §6.2). A file whose only key is the module's name,
 * `<name>_config` or `_taskserv` is unwrapped.
 */
export async function fileSources(
  file: string,
  module: string,
  place: SourcePlace,
  reading: SourceReading,
): Promise<LayerSource[]> {
  const document = await readSource(file, reading.evaluation);
  return document === undefined ? [] : documentSources(document, module, place, reading, []);
}

/** The sources of a parsed file. */
export async function documentSources(
  document: Document,
  module: string,
  place: SourcePlace,
  reading: SourceReading,
  chain: readonly string[] = [],
): Promise<LayerSource[]> {
  const within = [...(place.within ?? [])];
  let value: unknown = document.value;
  for (const key of within) value = isRecord(value) ? value[key] : undefined;
  if (!isRecord(value)) return [];
  const { imports, ...rest } = value;
  let own: Data = imports === undefined ? value : rest;
  const keys = Object.keys(own);
  if (keys.length === 1 && wrappers(module).has(keys[0]!) && isRecord(own[keys[0]!])) {
    within.push(keys[0]!);
    own = own[keys[0]!] as Data;
  }
  const imported: LayerSource[] = [];
  for (const name of importNames(imports, document)) {
    imported.push(...(await importSources(name, document, module, place, reading, chain)));
  }
  const source: LayerSource = {
    layer: place.layer,
    priority: place.priority ?? layerPriority[place.layer],
    file: document.file,
    value: own,
    locate: (path) => document.locate([...within, ...path]),
    ...(place.template === undefined ? {} : { template: place.template }),
    ...(place.imported === undefined ? {} : { imported: place.imported }),
  };
  return Object.keys(own).length === 0 && imported.length > 0 ? imported : [...imported, source];
}

/** Keys that stand for a module's whole record. */
function wrappers(module: string): Set<string> {
  const plain = module.replaceAll('-', '_');
  return new Set([module, plain, `${module}_config`, `${plain}_config`, '_taskserv']);
}

function importNames(imports: unknown, document: Document): string[] {
  if (imports === undefined) return [];
  if (Array.isArray(imports) && imports.every((name) => typeof name === 'string')) return imports;
  throw new ProvisioningError({
    code: 'LAYER_IMPORTS',
    kind: 'configuration',
    message: `${document.file}: imports: expected a list of names`,
    location: document.locate(['imports']),
  });
}

async function importSources(
  name: string,
  document: Document,
  module: string,
  place: SourcePlace,
  reading: SourceReading,
  chain: readonly string[],
): Promise<LayerSource[]> {
  refusePath(name);
  const roots = [...reading.importRoots, dirname(document.file)];
  for (const root of roots) {
    for (const file of candidateFiles(join(root, name))) {
      if ([...chain, document.file].includes(file)) throw circular([...chain, document.file, file], document);
      const found = await readSource(file, reading.evaluation);
      if (found === undefined) continue;
      const { within: _own, ...outer } = place;
      return documentSources(found, module, { ...outer, imported: true }, reading, [...chain, document.file]);
    }
  }
  throw new ProvisioningError({
    code: 'LAYER_IMPORT_MISSING',
    kind: 'configuration',
    message: `${document.file}: imports: '${name}' is not there`,
    location: document.locate(['imports']),
    hint: `Looked in ${roots.join(', ')}.`,
  });
}

function circular(chain: readonly string[], document: Document): ProvisioningError {
  return new ProvisioningError({
    code: 'LAYER_IMPORT_CIRCULAR',
    kind: 'configuration',
    message: `Circular imports: ${chain.map((file) => basename(file)).join(' → ')}`,
    location: document.locate(['imports']),
  });
}

/** A path as messages show it: below the workspace when it lies there. */
export function shownPath(file: string, workspacePath: string | undefined): string {
  if (workspacePath === undefined) return file;
  const path = relative(workspacePath, file);
  return path.startsWith('..') ? file : path;
}
