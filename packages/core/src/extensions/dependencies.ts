import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExtensionRecord } from './record.ts';

/** Something an extension needs: one of several names, in a range of versions. */
export interface Requirement {
  /** Names or capabilities, the preferred one first: `containerd|crio` (07 §4.8). */
  readonly alternatives: readonly string[];
  readonly range: string;
}

export interface ExtensionDependencies {
  readonly requires: readonly Requirement[];
  readonly optional: readonly Requirement[];
  readonly conflicts: readonly Requirement[];
  readonly provides: readonly string[];
}

type Data = Readonly<Record<string, unknown>>;

/**
 * What an extension needs and refuses: its manifest, and for taskservs `schema/dependencies.json` (07 §2). An entry is a
 * name, `a|b`, or `{name, version}`; a `kind/` in front is dropped.
 */
export async function dependenciesOf(
  record: Pick<ExtensionRecord, 'path' | 'manifest'>,
): Promise<ExtensionDependencies> {
  const { manifest } = record;
  const schema = await dependencySchema(record.path);
  return {
    requires: unique([...requirements(manifest.dependencies), ...requirements(schema.requires)]),
    optional: unique([...requirements(manifest.optional_dependencies), ...requirements(schema.optional)]),
    conflicts: unique([...requirements(manifest.conflicts), ...requirements(schema.conflicts)]),
    provides: [...new Set([...strings(manifest.provides), ...strings(schema.provides)])],
  };
}

async function dependencySchema(path: string): Promise<Data> {
  const text = await readFile(join(path, 'schema', 'dependencies.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  try {
    const data = JSON.parse(text) as unknown;
    return typeof data === 'object' && data !== null ? (data as Data) : {};
  } catch {
    return {};
  }
}

function requirements(value: unknown): Requirement[] {
  if (Array.isArray(value)) return value.flatMap((entry) => requirement(entry));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([name, range]) => ({
    alternatives: names(name),
    range: typeof range === 'string' ? range : '*',
  }));
}

function requirement(entry: unknown): Requirement[] {
  if (typeof entry === 'string') return [{ alternatives: names(entry), range: '*' }];
  const { name, version } = (entry ?? {}) as { name?: unknown; version?: unknown };
  if (typeof name !== 'string') return [];
  return [{ alternatives: names(name), range: typeof version === 'string' ? version : '*' }];
}

function names(text: string): string[] {
  return text.split('|').map((name) => name.trim().replace(/^(providers?|taskservs?|clusters?)\//, ''));
}

/** One requirement a name; a range wins over none. */
function unique(all: Requirement[]): Requirement[] {
  const byName = new Map<string, Requirement>();
  for (const entry of all) {
    const key = entry.alternatives.join('|');
    const known = byName.get(key);
    if (known === undefined || known.range === '*') byName.set(key, entry);
  }
  return [...byName.values()];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
