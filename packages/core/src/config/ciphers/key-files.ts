import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from '../document.ts';
import { type Surroundings, expandHome, userDirectories } from '../surroundings.ts';

/** A place where an age key may be, and whether there is a file. */
export interface KeyFile {
  readonly file: string;
  readonly found: boolean;
}

/**
 * Where the age key of this user is looked for, in order: `PROVISIONING_KAGE` (a file, or a folder that holds
 * `private_key.txt`), `sops.key_search_paths` of the user's own configuration, then `places`.
 */
export async function ageKeyFiles(
  surroundings: Surroundings,
  places: readonly string[],
): Promise<readonly KeyFile[]> {
  const named = surroundings.env['PROVISIONING_KAGE'] ?? '';
  const all = [...(named === '' ? [] : [named]), ...(await configuredPlaces(surroundings)), ...places];
  const files = all.map(async (place) => {
    const file = expandHome(place, surroundings.home);
    const found = await stat(file).catch(() => undefined);
    return {
      file: found?.isDirectory() === true ? path.join(file, 'private_key.txt') : file,
      found: found !== undefined,
    };
  });
  return Promise.all(files);
}

/**
 * Read from the file itself: the key is needed before a configuration can be loaded. What a file that is encrypted or
 * does not parse says cannot be known, and the load tells of it.
 */
async function configuredPlaces(surroundings: Surroundings): Promise<string[]> {
  const file = path.join(userDirectories(surroundings).config, 'config.toml');
  try {
    const { value } = parseDocument(await readFile(file, 'utf8'), file);
    const paths = (value['sops'] as { key_search_paths?: unknown } | undefined)?.key_search_paths;
    return Array.isArray(paths) ? paths.map(String).filter((each) => !each.includes('{{')) : [];
  } catch {
    return [];
  }
}
