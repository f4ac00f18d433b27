import type { Data } from '../config/document.ts';
import { isRecord, unsetMark } from '../config/merge.ts';
import type { LayerName, LayerSource } from './source.ts';

/** Where one value of a merged configuration comes from (08 §6.2). */
export interface LeafProvenance {
  /** Dotted path below the module. */
  readonly path: string;
  readonly value: unknown;
  readonly layer: LayerName;
  readonly file: string;
  readonly line?: number;
  /** base = lowest and only, inherited = from the workspace unchanged, overrides = replaces a lower one, added = new above. */
  readonly action: 'base' | 'inherited' | 'overrides' | 'added';
  /** Values that lost, the nearest first. */
  readonly shadowed: readonly { readonly layer: LayerName; readonly file: string; readonly value: unknown }[];
}

interface Leaf {
  readonly keys: readonly string[];
  readonly value: unknown;
  readonly source: LayerSource;
  readonly lost: LeafProvenance['shadowed'];
}

const separator = '\u0000';

/** Merges sources, lowest first, and remembers for every leaf who won and who lost. */
export function mergeSources(sources: readonly LayerSource[]): {
  config: Data;
  provenance: LeafProvenance[];
} {
  const leaves = new Map<string, Leaf>();
  for (const source of sources) addRecord(leaves, source, source.value, []);
  const config: Data = {};
  for (const { keys, value } of leaves.values()) place(config, keys, value);
  return { config, provenance: [...leaves.values()].map(describe) };
}

function addRecord(
  leaves: Map<string, Leaf>,
  source: LayerSource,
  record: Data,
  keys: readonly string[],
): void {
  for (const [key, value] of Object.entries(record)) {
    if (key === '__proto__') continue;
    const path = [...keys, key];
    if (value === null || value === unsetMark) {
      removeAt(leaves, path);
    } else if (isRecord(value)) {
      const id = path.join(separator);
      const scalar = leaves.get(id);
      if (scalar !== undefined && !isRecord(scalar.value)) leaves.delete(id);
      if (Object.keys(value).length > 0) {
        if (isRecord(scalar?.value)) leaves.delete(id);
        addRecord(leaves, source, value, path);
      } else if (![...leaves.keys()].some((other) => other.startsWith(id + separator) || other === id)) {
        leaves.set(id, { keys: path, value: {}, source, lost: [] });
      }
    } else {
      const lost = removeAt(leaves, path);
      leaves.set(path.join(separator), { keys: path, value, source, lost });
    }
  }
}

/** Takes out a leaf or everything below a path; returns what was lost, nearest first. */
function removeAt(leaves: Map<string, Leaf>, path: readonly string[]): LeafProvenance['shadowed'] {
  const id = path.join(separator);
  const exact = leaves.get(id);
  if (exact !== undefined) {
    leaves.delete(id);
    return [lostOf(exact), ...exact.lost];
  }
  const lost: LeafProvenance['shadowed'][number][] = [];
  for (const [other, leaf] of leaves) {
    if (!other.startsWith(id + separator)) continue;
    leaves.delete(other);
    lost.push(lostOf(leaf));
  }
  return lost;
}

function lostOf({ source, value }: Leaf): LeafProvenance['shadowed'][number] {
  return { layer: source.layer, file: source.file, value };
}

function place(config: Data, keys: readonly string[], value: unknown): void {
  let record = config;
  for (const key of keys.slice(0, -1)) {
    const below = Object.hasOwn(record, key) ? record[key] : undefined;
    if (isRecord(below)) record = below;
    else record = record[key] = {} as Data;
  }
  record[keys.at(-1)!] = value;
}

function describe({ keys, value, source, lost }: Leaf): LeafProvenance {
  const { line } = source.locate(keys);
  const own = { core: 'base', workspace: 'inherited', infrastructure: 'added', runtime: 'added' } as const;
  return {
    path: keys.join('.'),
    value,
    layer: source.layer,
    file: source.file,
    ...(line === undefined ? {} : { line }),
    action: lost.length > 0 ? 'overrides' : own[source.layer],
    shadowed: lost,
  };
}
