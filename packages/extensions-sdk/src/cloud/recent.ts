import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProviderContext } from '../provider.ts';

/** Minutes within which every service shows in its lists what it made. */
const lifetime = 15 * 60_000;

type Entries = Readonly<Record<string, { readonly id: string; readonly at: number }>>;

/**
 * Ids of servers made a moment ago, by hostname. Lists of a service may lag behind; asking by id does not. Kept on disk, so
 * that a command that comes right after knows them too; losing it costs nothing once the lists have caught up.
 */
export class RecentCreations {
  readonly #directory: string;
  readonly #file: string;
  readonly #now: () => number;

  constructor(context: Pick<ProviderContext, 'cacheDir' | 'workspace' | 'infra'>, now: () => number) {
    const key = `${context.workspace.name}\n${context.workspace.path}\n${context.infra}`;
    const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
    this.#directory = context.cacheDir;
    this.#file = join(context.cacheDir, `recent-${name}.json`);
    this.#now = now;
  }

  async get(hostname: string): Promise<string | undefined> {
    return (await this.#read())[hostname]?.id;
  }

  async add(hostname: string, id: string): Promise<void> {
    await this.#store({ ...(await this.#read()), [hostname]: { id, at: this.#now() } });
  }

  async remove(hostname: string): Promise<void> {
    const { [hostname]: gone, ...rest } = await this.#read();
    if (gone !== undefined) await this.#store(rest);
  }

  async #read(): Promise<Entries> {
    try {
      const entries = JSON.parse(await readFile(this.#file, 'utf8')) as Entries;
      const now = this.#now();
      return Object.fromEntries(
        Object.entries(entries).filter(([, { at }]) => Math.abs(now - at) < lifetime),
      );
    } catch {
      return {};
    }
  }

  async #store(entries: Entries): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const temporary = `${this.#file}.${process.pid}`;
    await writeFile(temporary, JSON.stringify(entries), { mode: 0o600 });
    await rename(temporary, this.#file);
  }
}
