import type { Document } from './document.ts';
import type { Fragment } from './fragment.ts';
import { isRecord, nest } from './merge.ts';

/** `user_config.yaml` preferences set configuration keys under other names (02 §8.2). */
const preferenceKeys: Readonly<Record<string, readonly string[]>> = {
  output_format: ['output', 'format'],
  default_log_level: ['debug', 'log_level'],
  preferred_provider: ['providers', 'default'],
  editor: ['preferences', 'editor'],
  confirm_delete: ['preferences', 'confirm_delete'],
  confirm_deploy: ['preferences', 'confirm_deploy'],
  hints: ['preferences', 'hints'],
};

/** The preferences of the registry as fragments of the user layer; an unset one sets nothing. */
export function preferenceFragments(document: Document): Fragment[] {
  const preferences = document.value['preferences'];
  if (!isRecord(preferences)) return [];
  return Object.entries(preferenceKeys)
    .filter(
      ([name]) => preferences[name] !== undefined && preferences[name] !== null && preferences[name] !== '',
    )
    .map(([name, target]) => ({
      layer: 'user',
      value: nest(target, preferences[name]),
      document,
      mount: target,
      within: ['preferences', name],
    }));
}
