import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimited } from './listing.ts';
import { type PushOptions, pushExtension, type PushResult } from './push.ts';
import type { ArtifactSession } from './session.ts';

const manifestNames: ReadonlySet<string> = new Set([
  'manifest.yaml',
  'extension.toml',
  'metadata.toml',
  'manifest.toml',
]);
const maxDepth = 5;

/** Folders with a manifest below a folder; a folder with a manifest is not searched further. */
export async function extensionFolders(root: string, depth = 0): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  if (entries.some((entry) => entry.isFile() && manifestNames.has(entry.name))) return [root];
  if (depth >= maxDepth) return [];
  const inner = entries.filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules',
  );
  const found = await Promise.all(inner.map((entry) => extensionFolders(join(root, entry.name), depth + 1)));
  return found.flat().sort();
}

export interface Published extends Partial<Omit<PushResult, 'state'>> {
  readonly path: string;
  readonly state: PushResult['state'] | 'failed';
  readonly error?: string;
}

/** Publishes many extensions; one that fails does not stop the others (09 §7 `oci publish`). */
export function publishMany(
  session: ArtifactSession,
  paths: readonly string[],
  options: Omit<PushOptions, 'path'>,
): Promise<readonly Published[]> {
  return mapLimited(paths, session.settings.concurrency * 2, async (path): Promise<Published> => {
    try {
      return { path, ...(await pushExtension(session, { ...options, path })) };
    } catch (error) {
      if (session.call.signal?.aborted === true) throw error;
      return { path, state: 'failed', error: error instanceof Error ? error.message : String(error) };
    }
  });
}
