import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Secret, type Settings } from '@provisioning/extensions-sdk';
import { stringify } from 'yaml';
import { secretMask, secretName } from '../config/configuration.ts';
import { isRecord } from '../config/merge.ts';
import { insideRoots } from '../config/paths/safety.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { withSortedKeys } from '../files/canonical-json.ts';
import { generatedMark } from './definition-files.ts';
import type { Infrastructure } from './infrastructure.ts';
import { inventoryOf } from './inventory.ts';

type Source = Pick<Infrastructure, 'path' | 'workspace' | 'settings' | 'servers'>;

/** Settings that say where something is read or written; relative ones start at the folder of the infrastructure. */
const places = {
  settings_path: (settings) => settings.settings_path,
  defaults_provs_dirpath: (settings) => settings.defaults_provs_dirpath,
  'runset.output_path': (settings) => settings.runset.output_path,
  'runset.inventory_file': (settings) => settings.runset.inventory_file,
} satisfies Record<string, (settings: Settings) => string>;

/**
 * The place that a setting names.
 * @throws ProvisioningError `PATH_ESCAPES_ROOT` when it is outside the workspace, also by a symbolic link (03 §1).
 */
export function settingsPlace(
  { path: folder, workspace, settings }: Pick<Source, 'path' | 'workspace' | 'settings'>,
  name: keyof typeof places,
): Promise<string> {
  const written = places[name](settings);
  return insideRoots(path.resolve(folder, written), [folder, workspace.path], written);
}

/** Names every setting whose place is outside the workspace. */
export async function placeIssues(
  source: Pick<Source, 'path' | 'workspace' | 'settings'>,
  report: (key: readonly string[], error: Error) => void,
): Promise<void> {
  for (const name of Object.keys(places) as (keyof typeof places)[]) {
    await settingsPlace(source, name).catch((error: Error) =>
      report(['settings', ...name.split('.')], error),
    );
  }
}

const inMemory = 'what goes to a server is rendered in memory and streamed, so that no secret reaches a disk';

/** Settings of the source that name what has one place here, or none. */
const fixedPlaces = [
  ['prov_data_dirpath', 'data', 'backups and services look for what is known of servers in data/ alone'],
  ['created_taskservs_dirpath', 'tmp/NOW_deployment', inMemory],
  ['created_clusters_dirpath', 'tmp/NOW_clusters', inMemory],
] as const;

/** Settings that are kept as they are written and change nothing here. */
export function settingsWarnings({ path: folder, settings }: Pick<Source, 'path' | 'settings'>): string[] {
  return fixedPlaces.flatMap(([name, place, reason]) =>
    path.resolve(folder, settings[name]) === path.join(folder, place)
      ? []
      : [`settings.${name} has no effect: ${reason}`],
  );
}

/**
 * Writes what stands beside a definition for people and other programs (05 §2): `runset.inventory_file` with the servers
 * there are, and `settings_path` with the settings as they resolve, secrets as `***`. A file that somebody wrote stays.
 */
export async function writeGeneratedFiles(infrastructure: Source): Promise<void> {
  const inventory = { servers: await inventoryOf(infrastructure) };
  await replaceGenerated(await settingsPlace(infrastructure, 'runset.inventory_file'), inventory);
  const settings = withSortedKeys(masked({ settings: infrastructure.settings }));
  await replaceGenerated(await settingsPlace(infrastructure, 'settings_path'), settings);
}

async function replaceGenerated(file: string, content: unknown): Promise<void> {
  const before = await readFile(file, 'utf8').catch(() => undefined);
  const text = `${generatedMark}\n${stringify(content)}`;
  if (before === text || (before !== undefined && !before.startsWith(generatedMark))) return;
  await writeFileAtomic(file, text, 0o644);
}

/** A value with `***` for everything whose name says that it is secret. */
export function masked(value: unknown): unknown {
  if (value instanceof Secret) return secretMask;
  if (Array.isArray(value)) return value.map(masked);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      typeof item === 'string' && item !== '' && secretName.test(key) ? secretMask : masked(item),
    ]),
  );
}
