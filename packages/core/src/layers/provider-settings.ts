import type { Configuration } from '../config/configuration.ts';
import type { Data } from '../config/document.ts';
import { isRecord, mergeData, valueAt } from '../config/merge.ts';
import type { AroundLayers } from './definition.ts';

/** Where what a provider is set to comes from. */
export interface ProviderSettingsSources {
  /** Without `fragments` every value of it counts as written by somebody. */
  readonly configuration: { get(path: string): unknown } & Partial<Pick<Configuration, 'fragments'>>;
  /** What templates and the infrastructure's own files say of the provider. */
  readonly layers?: (provider: string) => Promise<AroundLayers>;
}

/**
 * `providers.<p>` as it is in force (08 §6.2): defaults of the schema < templates < what somebody wrote into the
 * configuration < the infrastructure's own files.
 */
export async function providerSettings(
  provider: string,
  { configuration, layers }: ProviderSettingsSources,
): Promise<Data> {
  const found = configuration.get(`providers.${provider}`);
  const own: Data = isRecord(found) ? found : {};
  if (layers === undefined) return own;
  const { below, above } = await layers(provider);
  const fragments = configuration.fragments?.().filter(({ layer }) => layer !== 'default');
  const isWritten = (path: readonly string[]): boolean =>
    fragments === undefined
      ? valueAt(own, path) !== undefined
      : fragments.some(({ value }) => valueAt(value, ['providers', provider, ...path]) !== undefined);
  return mergeData(mergeData(own, without(below, isWritten)), above);
}

/** A record without the leaves at which `isHeld` says so. */
function without(
  record: Data,
  isHeld: (path: readonly string[]) => boolean,
  at: readonly string[] = [],
): Data {
  const kept: Data = {};
  for (const [key, value] of Object.entries(record)) {
    const path = [...at, key];
    if (isRecord(value)) {
      const inner = without(value, isHeld, path);
      if (Object.keys(inner).length > 0) kept[key] = inner;
    } else if (!isHeld(path)) kept[key] = value;
  }
  return kept;
}
