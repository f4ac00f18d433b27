import type { ExtensionKind } from './kinds.ts';
import { kindFolder, kinds } from './kinds.ts';

type Table = Readonly<Record<string, unknown>>;

/** Keys of `[extension]` that stand for something else in a manifest. */
const renamed = new Set(['core-version', 'core_version', 'keywords', 'categories']);

/**
 * Maps `extension.toml`, `metadata.toml` and `manifest.toml` onto the record of `manifest.yaml` (08 §1). The three
 * share one form, so one mapping serves all (S:12405-12430, S:16407-16435, S:19920-19942, S:20970-20996, S:6495-6505).
 * @param folderKind kind told by the folder the extension lies in, when the file does not say.
 */
export function mapLegacyManifest(
  file: Table,
  folderKind: ExtensionKind | undefined,
): Record<string, unknown> {
  const extension = table(file.extension);
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(extension)) if (!renamed.has(key)) result[key] = value;
  result.type = extension.type ?? kindOfProvides(table(file.provides)) ?? folderKind;
  const range =
    table(file.compatibility).provisioning_version ??
    extension['core-version'] ??
    extension.core_version ??
    table(file.dependencies)['provisioning-core'];
  if (typeof range === 'string') result.compatibility = { provisioning: range };
  const tags = [...strings(extension.tags), ...strings(extension.keywords), ...strings(extension.categories)];
  if (tags.length > 0) result.tags = [...new Set(tags)];
  Object.assign(result, dependencies(table(file.dependencies)));
  if (file.configuration !== undefined) result.configuration = configuration(table(file.configuration));
  for (const key of [
    'entry_points',
    'capabilities',
    'authentication',
    'regions',
    'support',
    'build',
    'permissions',
  ])
    if (file[key] !== undefined) result[key] = file[key];
  return result;
}

/** The only kind of which `[provides]` lists something. */
function kindOfProvides(provides: Table): ExtensionKind | undefined {
  const listed = kinds.filter((kind) => strings(provides[kindFolder(kind)]).length > 0);
  return listed.length === 1 ? listed[0] : undefined;
}

function dependencies(section: Table): Record<string, unknown> {
  const { extensions, system_packages, 'provisioning-core': _core, ...rest } = section;
  const ranges: Record<string, unknown> = rest;
  for (const text of strings(extensions)) {
    const [name, range = '*'] = text.split('@');
    ranges[name!] = range;
  }
  return {
    ...(Object.keys(ranges).length > 0 ? { dependencies: ranges } : {}),
    ...(system_packages === undefined ? {} : { system_packages }),
  };
}

function configuration(section: Table): Record<string, unknown> {
  const { required_env, ...rest } = section;
  return required_env === undefined ? rest : { required_env_vars: required_env, ...rest };
}

function table(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
