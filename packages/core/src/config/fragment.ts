import type { SourceLocation } from '@provisioning/extensions-sdk';
import type { Data, Document, KeyPath } from './document.ts';
import type { LayerId } from './layers.ts';
import { isRecord, nest, valueAt } from './merge.ts';

/**
 * A piece of configuration from one place. The merged configuration is the fold of all fragments, lowest first;
 * provenance is found by walking them again, so that loading pays nothing for it.
 */
export interface Fragment {
  readonly layer: LayerId;
  /** Already placed where it belongs in the configuration. */
  readonly value: Data;
  readonly document?: Document;
  /** How the configuration's paths map to the document's: `mount` is cut off, `within` put in front. */
  readonly mount: readonly string[];
  readonly within: readonly string[];
  /** `overrides`, `environments.dev`, `profiles.production`, `regions.eu`, `dynamic`, `template`. */
  readonly overlay?: string;
  /** Name of the environment variable or flag, for fragments that come from no file. */
  readonly origin?: string;
}

/** Where a key of the configuration stands in the fragment's file. */
export function locateIn(fragment: Fragment, path: KeyPath): SourceLocation | undefined {
  if (fragment.document === undefined) return undefined;
  return fragment.document.locate([...fragment.within, ...path.slice(fragment.mount.length)]);
}

/** A fragment of a parsed file: the mounted record is unwrapped from `[provider]` or `[aws]` when that is how it is written. */
export function fileFragment(
  layer: LayerId,
  document: Document,
  mount: readonly string[],
  unwrap: readonly string[],
): Fragment[] {
  if (mount.length === 0) return [{ layer, value: document.value, document, mount, within: [] }];
  const fragments: Fragment[] = [];
  const rest: Data = { ...document.value };
  for (const name of unwrap) {
    const inner = rest[name];
    if (!isRecord(inner)) continue;
    Reflect.deleteProperty(rest, name);
    fragments.push({ layer, value: nest(mount, inner), document, mount, within: [name] });
  }
  if (Object.keys(rest).length > 0 || fragments.length === 0) {
    fragments.unshift({ layer, value: nest(mount, rest), document, mount, within: [] });
  }
  return fragments;
}

/** Whether a fragment says something about a path. */
export function defines(fragment: Fragment, path: KeyPath): boolean {
  return valueAt(fragment.value, path) !== undefined;
}
