import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ProviderContext } from '@provisioning/extensions-sdk';

/**
 * Ids of the servers we made at a service that keeps no tags. Without this record a server of the same name might be
 * somebody else's, and is left alone.
 */
export class OwnedServers {
  readonly #file: string;
  readonly #directory: string;

  constructor(provider: string, { cacheDir, workspace, infra }: ProviderContext) {
    const key = createHash('sha256')
      .update(`${provider}\n${workspace.path}\n${infra}`)
      .digest('hex')
      .slice(0, 16);
    this.#directory = cacheDir;
    this.#file = join(cacheDir, `owned-${key}.json`);
  }

  async ids(): Promise<ReadonlySet<string>> {
    try {
      return new Set(JSON.parse(await readFile(this.#file, 'utf8')) as string[]);
    } catch {
      return new Set();
    }
  }

  async add(id: string): Promise<void> {
    await this.#store([...(await this.ids()), id]);
  }

  async remove(id: string): Promise<void> {
    await this.#store([...(await this.ids())].filter((known) => known !== id));
  }

  async #store(ids: readonly string[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const temporary = `${this.#file}.${process.pid}`;
    await writeFile(temporary, JSON.stringify([...new Set(ids)]), { mode: 0o600 });
    await rename(temporary, this.#file);
  }
}
