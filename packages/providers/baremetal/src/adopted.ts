import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProviderContext } from '@provisioning/extensions-sdk';

/** What was found on a machine when it was adopted. Memory in MB, disk in GB. */
export interface AdoptedHost {
  readonly adopted_at: string;
  /** As the definition says. */
  readonly os: string;
  /** As the machine says. */
  readonly found_os?: string;
  readonly cores?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly tags: Readonly<Record<string, string>>;
}
type HostRecord = Readonly<Record<string, AdoptedHost>>;

/** Which machines of the inventory are ours. Losing the record costs a new adoption, never a machine. */
export class AdoptedHosts {
  readonly #directory: string;
  readonly #file: string;

  constructor({ cacheDir, workspace, infra }: ProviderContext) {
    const key = createHash('sha256').update(`${workspace.path}\n${infra}`).digest('hex').slice(0, 16);
    this.#directory = cacheDir;
    this.#file = join(cacheDir, `adopted-${key}.json`);
  }

  async all(): Promise<HostRecord> {
    try {
      return JSON.parse(await readFile(this.#file, 'utf8')) as HostRecord;
    } catch {
      return {};
    }
  }

  async set(hostname: string, host: AdoptedHost): Promise<void> {
    await this.#store({ ...(await this.all()), [hostname]: host });
  }

  async remove(hostname: string): Promise<boolean> {
    const { [hostname]: gone, ...rest } = await this.all();
    if (gone === undefined) return false;
    await this.#store(rest);
    return true;
  }

  async #store(hosts: HostRecord): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const temporary = `${this.#file}.${process.pid}`;
    await writeFile(temporary, `${JSON.stringify(hosts, undefined, 2)}\n`, { mode: 0o600 });
    await rename(temporary, this.#file);
  }
}
