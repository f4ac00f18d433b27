import { readdir } from 'node:fs/promises';
import type { ExtensionKind, ExtensionLayer } from './kinds.ts';

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
  readonly manifestFile: string;
  /** False when the workspace disabled it. */
  readonly enabled: boolean;
  /** Part of the product, also when it is linked from elsewhere: its code runs in this process (08 §4.4). */
  readonly builtIn: boolean;
  /** Older manifest files of the folder that are ignored. */
  readonly ignored: readonly string[];
}

/** An extension that was found but can't be used, with the reason. */
export interface RejectedExtension {
  readonly path: string;
  readonly layer: ExtensionLayer;
  readonly reason: string;
  readonly status: 'invalid' | 'incompatible' | 'ambiguous';
  readonly name?: string;
  readonly type?: ExtensionKind;
  readonly version?: string;
}

/** The record as listings and APIs print it (S:19471-19585). */
export interface ExtensionDescription {
  readonly name: string;
  readonly path: string;
  readonly type: ExtensionKind;
  readonly category: string;
  readonly version: string;
  readonly enabled: boolean;
  readonly layer: ExtensionLayer;
  readonly valid: boolean;
  readonly compatible: boolean;
  readonly description: string;
  readonly has_schema: boolean;
  readonly has_templates: boolean;
  readonly components?: readonly string[];
}

/** Adds to a record what the listing shows of its folder. */
export async function describeExtension(record: ExtensionRecord): Promise<ExtensionDescription> {
  const [schema, names, defaults] = await Promise.all([
    readdir(`${record.path}/schema`).catch((): string[] => []),
    readdir(record.path).catch((): string[] => []),
    readdir(`${record.path}/default`).catch((): string[] => []),
  ]);
  const components = record.manifest.components;
  return {
    name: record.name,
    path: record.path,
    type: record.type,
    category: record.category,
    version: record.version,
    enabled: record.enabled,
    layer: record.layer,
    valid: true,
    compatible: true,
    description: record.description,
    has_schema: schema.some((name) => name.startsWith('config.')),
    has_templates: names.includes('templates') || defaults.some((name) => name.endsWith('.hbs')),
    ...(Array.isArray(components) ? { components: components.map(String) } : {}),
  };
}
