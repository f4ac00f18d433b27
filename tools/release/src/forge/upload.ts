import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Asset, type Forge, type ForgeRelease, TemporaryError } from './forge.ts';

export interface RetryOptions {
  /** Attempts after the first one. */
  readonly retryCount: number;
  /** Seconds before the second attempt; doubled each time. */
  readonly backoffDelay: number;
}

/** Repeats what fails for reasons that may pass (S:27042-27044). */
export async function retrying<T>(
  options: RetryOptions,
  say: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TemporaryError) || attempt >= options.retryCount) throw error;
      const seconds = options.backoffDelay * 2 ** attempt;
      say(`${error.message}; attempt ${attempt + 2} in ${seconds} s`);
      await delay(seconds * 1000);
    }
  }
}

export interface UploadResult {
  readonly uploaded: readonly string[];
  /** There already, with the same content. */
  readonly present: readonly string[];
}

/**
 * Uploads every file of a folder to the draft release of a tag, compares what arrived and publishes the release only
 * when all of it is there (11 §6). A rerun continues: what arrived is left alone.
 */
export async function uploadArtifacts(
  forge: Forge,
  input: {
    readonly tag: string;
    readonly folder: string;
    readonly notes: string;
    readonly prerelease: boolean;
    /** Leave it a draft. */
    readonly draft: boolean;
  },
  retry: RetryOptions,
  say: (line: string) => void,
): Promise<UploadResult> {
  const again = <T>(work: () => Promise<T>): Promise<T> => retrying(retry, say, work);
  const release =
    (await again(() => forge.find(input.tag))) ??
    (await again(() => forge.createDraft(input.tag, input.notes, input.prerelease)));
  const names = (await readdir(input.folder, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  const uploaded: string[] = [];
  const present: string[] = [];
  for (const name of names) {
    const content = await readFile(join(input.folder, name));
    const done = await again(() => uploadOne(forge, release, name, content));
    (done ? uploaded : present).push(name);
    say(`${done ? 'Uploaded' : 'Present '} ${name}`);
  }
  const remote = await again(() => forge.assets(release));
  for (const name of names) {
    const found = remote.find((asset) => asset.name === name);
    if (found === undefined || !same(found, await readFile(join(input.folder, name))))
      throw new Error(`${name} did not arrive as it is here; the release stays a draft`);
  }
  if (!input.draft && release.draft) await again(() => forge.update(release, { draft: false }));
  return { uploaded, present };
}

/** An attempt that was cut off may have left a part of the file, or the whole of it. */
async function uploadOne(
  forge: Forge,
  release: ForgeRelease,
  name: string,
  content: Buffer,
): Promise<boolean> {
  const there = (await forge.assets(release)).find((asset) => asset.name === name);
  if (there !== undefined) {
    if (same(there, content)) return false;
    await forge.removeAsset(release, there);
  }
  await forge.upload(release, name, content);
  return true;
}

function same(asset: Asset, content: Buffer): boolean {
  if (asset.size !== content.length) return false;
  if (asset.digest === undefined || asset.digest === null) return true;
  return asset.digest === `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
