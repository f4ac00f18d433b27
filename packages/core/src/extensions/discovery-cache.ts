import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';
import { parseManifest } from './manifest.ts';

/** What a manifest says, or why it can't be used. */
export interface CachedManifest {
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly problem?: string;
}

interface Entry extends CachedManifest {
  readonly mtime: number;
  readonly size: number;
  readonly sha256: string;
  /** When the content was last compared, milliseconds since the epoch. */
  readonly checked: number;
}

/** An entry older than this is compared by content again (S:26339). */
const timeToLive = 300_000;
const format = 2;

/**
 * Parsed and validated manifests by file: `<cache>/discovery.json` (08 §3). Folders are listed afresh each time, which is
 * cheap; only files whose time or size changed are read again. Without a folder it keeps nothing.
 */
export class DiscoveryCache {
  readonly #file: string | undefined;
  readonly #now: () => number;
  #entries: Promise<Map<string, Entry>> | undefined;
  #changed = false;
  /** How many manifests had to be read. */
  read = 0;

  constructor(folder: string | undefined, now: () => number = Date.now) {
    this.#file = folder === undefined ? undefined : join(folder, 'discovery.json');
    this.#now = now;
  }

  async manifest(file: string): Promise<CachedManifest> {
    const entries = await this.#load();
    const known = entries.get(file);
    const { mtimeMs, size } = await stat(file);
    const now = this.#now();
    if (known?.mtime === mtimeMs && known.size === size && now - known.checked < timeToLive) return known;
    const text = await readFile(file, 'utf8');
    this.read++;
    const sha256 = createHash('sha256').update(text).digest('hex');
    const content = known?.sha256 === sha256 ? known : await parse(text, file);
    const entry: Entry = {
      mtime: mtimeMs,
      size,
      sha256,
      checked: now,
      ...(content.manifest === undefined ? {} : { manifest: content.manifest }),
      ...(content.problem === undefined ? {} : { problem: content.problem }),
    };
    entries.set(file, entry);
    this.#changed = true;
    return entry;
  }

  /** Forgets everything (`--refresh`). */
  clear(): void {
    this.#entries = Promise.resolve(new Map());
    this.#changed = true;
  }

  /** Writes what was learned; a cache that can't be written is no error. */
  async save(): Promise<void> {
    if (!this.#changed || this.#file === undefined) return;
    this.#changed = false;
    const entries = Object.fromEntries(await this.#load());
    await writeFileAtomic(this.#file, JSON.stringify({ format, entries })).catch(() => undefined);
  }

  #load(): Promise<Map<string, Entry>> {
    this.#entries ??= readEntries(this.#file);
    return this.#entries;
  }
}

async function readEntries(file: string | undefined): Promise<Map<string, Entry>> {
  if (file === undefined) return new Map();
  try {
    const data = JSON.parse(await readFile(file, 'utf8')) as {
      format?: number;
      entries?: Record<string, Entry>;
    };
    return data.format === format ? new Map(Object.entries(data.entries ?? {})) : new Map();
  } catch {
    return new Map();
  }
}

async function parse(text: string, file: string): Promise<CachedManifest> {
  try {
    const manifest = await parseManifest(text, file);
    const { manifestErrors } = await import('./manifest-check.ts');
    const problem = manifestErrors(manifest)[0]?.message;
    return problem === undefined ? { manifest } : { manifest, problem };
  } catch (error) {
    return { problem: `does not parse: ${(error as Error).message.split('\n')[0]}` };
  }
}
