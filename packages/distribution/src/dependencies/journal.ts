import { appendFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeLock } from './lock-file.ts';

/** What a run is about to do or has done, one JSON line each. */
type Entry =
  | { readonly type: 'staged'; readonly staging: string }
  | { readonly type: 'swap'; readonly folder: string; readonly staging: string; readonly aside: string }
  | { readonly type: 'remove'; readonly folder: string; readonly aside: string }
  | { readonly type: 'commit'; readonly lock?: string };

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * The journal of an installation, `<ws>/.runtime/dep.journal`: every change of a folder is written down before it is
 * made, so that a run that was killed is undone, or finished once it was decided (09 §10.10).
 */
export class InstallJournal {
  readonly #path: string;
  readonly #workspacePath: string;
  readonly #entries: Entry[] = [];

  constructor(workspacePath: string) {
    this.#workspacePath = workspacePath;
    this.#path = join(workspacePath, '.runtime', 'dep.journal');
  }

  async #write(entry: Entry): Promise<void> {
    if (this.#entries.length === 0) await mkdir(dirname(this.#path), { recursive: true });
    this.#entries.push(entry);
    await appendFile(this.#path, `${JSON.stringify(entry)}\n`, { flush: true });
  }

  /** Notes a staging folder before it is made. */
  async staged(staging: string): Promise<void> {
    await this.#write({ type: 'staged', staging });
  }

  /** Puts a staged folder in its place. */
  async swap(staging: string, folder: string): Promise<void> {
    const aside = `${dirname(folder)}/.aside-${process.pid}-${this.#entries.length}`;
    await this.#write({ type: 'swap', folder, staging, aside });
    if (await exists(folder)) await rename(folder, aside);
    await rename(staging, folder);
  }

  /** Takes a folder away. */
  async remove(folder: string): Promise<void> {
    const aside = `${dirname(folder)}/.aside-${process.pid}-${this.#entries.length}`;
    await this.#write({ type: 'remove', folder, aside });
    await rename(folder, aside);
  }

  /** From here on the run counts as done: writes the lock, where the place has one, and removes what it replaced. */
  async commit(lock?: string): Promise<void> {
    await this.#write({ type: 'commit', ...(lock === undefined ? {} : { lock }) });
    await finish(this.#workspacePath, this.#entries);
    await rm(this.#path, { force: true });
  }

  /** Restores everything this run changed. */
  async rollBack(): Promise<void> {
    await undo(this.#entries);
    await rm(this.#path, { force: true });
  }

  /**
   * Deals with what a killed run left. Call it under the workspace's lock before anything else.
   * @returns what was done, `undefined` when there was nothing.
   */
  static async recover(workspacePath: string): Promise<'restored' | 'finished' | undefined> {
    const journal = new InstallJournal(workspacePath);
    const text = await readFile(journal.#path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const entries = parseLines(text);
    const committed = entries.some(({ type }) => type === 'commit');
    if (committed) await finish(workspacePath, entries);
    else await undo(entries);
    await rm(journal.#path, { force: true });
    return committed ? 'finished' : 'restored';
  }
}

/** The last line may be half written; its change was then not made. */
function parseLines(text: string): readonly Entry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Entry];
      } catch {
        return [];
      }
    });
}

async function undo(entries: readonly Entry[]): Promise<void> {
  for (const entry of [...entries].reverse()) {
    if (entry.type === 'staged') await rm(entry.staging, { recursive: true, force: true });
    else if (entry.type === 'swap') {
      const hadOld = await exists(entry.aside);
      // Without the old folder set aside, a folder that is there is new only if the staged one has moved.
      const moved = !(await exists(entry.staging));
      if (hadOld || moved) await rm(entry.folder, { recursive: true, force: true });
      if (hadOld) await rename(entry.aside, entry.folder);
      await rm(entry.staging, { recursive: true, force: true });
    } else if (entry.type === 'remove' && (await exists(entry.aside)))
      await rename(entry.aside, entry.folder);
  }
}

async function finish(workspacePath: string, entries: readonly Entry[]): Promise<void> {
  for (const entry of entries)
    if (entry.type === 'commit' && entry.lock !== undefined) await writeLock(workspacePath, entry.lock);
  for (const entry of entries) {
    if (entry.type === 'swap' || entry.type === 'remove')
      await rm(entry.aside, { recursive: true, force: true });
    else if (entry.type === 'staged') await rm(entry.staging, { recursive: true, force: true });
  }
}
