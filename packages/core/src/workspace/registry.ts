import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { parseYaml } from '../config/formats/yaml.ts';
import { isRecord } from '../config/merge.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { userDirectories } from '../config/surroundings.ts';
import { fileError, withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { legacyWorkspaces, type RegisteredWorkspace } from './legacy-registry.ts';

/** A named place to work: `workspace[:infra]` with an environment. */
export interface NamedContext {
  readonly name: string;
  readonly workspace: string;
  readonly infra?: string;
  readonly environment?: string;
}

export interface RegistryData {
  readonly active_workspace: string;
  readonly workspaces: readonly RegisteredWorkspace[];
  readonly contexts: readonly NamedContext[];
  readonly preferences: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly created: string; readonly last_updated: string; readonly version: string };
}

/**
 * `<user config>/user_config.yaml`: the workspaces one user knows, which one is active, and the user's preferences.
 * Written under a lock, replaced as a whole, mode 0600.
 */
export class WorkspaceRegistry {
  readonly file: string;
  readonly #surroundings: Surroundings;
  readonly #warn: (message: string) => void;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#warn = surroundings.warn ?? (() => undefined);
    this.file = path.join(userDirectories(surroundings).config, 'user_config.yaml');
  }

  /**
   * The registry; empty when there is none. Workspaces of files older versions wrote are listed too. A file that does
   * not parse is kept beside itself and a new one is written (03.A7).
   */
  async read(): Promise<RegistryData> {
    const own = await this.#readOwn();
    const known = new Set(own.workspaces.map(({ name }) => name));
    const legacy = await legacyWorkspaces(path.dirname(this.file));
    return { ...own, workspaces: [...own.workspaces, ...legacy.filter(({ name }) => !known.has(name))] };
  }

  /** Changes the registry under its lock. */
  async update(change: (data: RegistryData) => RegistryData): Promise<RegistryData> {
    return withFileLock(this.file, async () => {
      const before = await this.#readOwn();
      const changed = change(before);
      const after = { ...changed, metadata: { ...changed.metadata, last_updated: this.#now() } };
      await this.#write(after);
      return after;
    });
  }

  /** Finds out before work begins whether its end can be written. @throws ProvisioningError `FILE_*` */
  requireWritable(): Promise<void> {
    return withFileLock(this.file, () => Promise.resolve());
  }

  async find(name: string): Promise<RegisteredWorkspace | undefined> {
    return (await this.read()).workspaces.find((workspace) => workspace.name === name);
  }

  #now(): string {
    return this.#surroundings.now().toISOString();
  }

  #empty(): RegistryData {
    const now = this.#now();
    return {
      active_workspace: '',
      workspaces: [],
      contexts: [],
      preferences: {},
      metadata: { created: now, last_updated: now, version: '1.0.0' },
    };
  }

  async #readOwn(): Promise<RegistryData> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.#empty();
      throw fileError(this.file, error);
    }
    let value: unknown;
    try {
      value = parseYaml(text);
    } catch {
      return this.#replaceDamaged();
    }
    if (value === null || value === undefined) return this.#empty();
    if (!isRecord(value)) return this.#replaceDamaged();
    return { ...this.#empty(), ...shaped(value) };
  }

  async #replaceDamaged(): Promise<RegistryData> {
    const stamp = this.#now().replaceAll(/[-:T]|\..*$/g, '');
    const backup = `${this.file}.backup.${stamp}`;
    await copyFile(this.file, backup);
    const fresh = { ...this.#empty(), workspaces: await legacyWorkspaces(path.dirname(this.file)) };
    await this.#write(fresh);
    this.#warn(
      `Failed to parse user config; backup: ${backup}. A new ${path.basename(this.file)} was written.`,
    );
    return fresh;
  }

  async #write(data: RegistryData): Promise<void> {
    await writeFileAtomic(this.file, stringify(data), 0o600);
  }
}

function shaped(value: Record<string, unknown>): Partial<RegistryData> {
  const list = (key: string): Record<string, unknown>[] => {
    const found = value[key];
    return Array.isArray(found) ? found.filter(isRecord) : [];
  };
  const { metadata, preferences } = value;
  return {
    ...value,
    active_workspace: typeof value['active_workspace'] === 'string' ? value['active_workspace'] : '',
    workspaces: list('workspaces').filter(
      ({ name, path: where }) => typeof name === 'string' && typeof where === 'string',
    ) as unknown as RegisteredWorkspace[],
    contexts: list('contexts') as unknown as NamedContext[],
    preferences: isRecord(preferences) ? preferences : {},
    metadata: {
      created: textOf(metadata, 'created'),
      last_updated: textOf(metadata, 'last_updated'),
      version: '1.0.0',
    },
  };
}

function textOf(record: unknown, key: string): string {
  const value = isRecord(record) ? record[key] : undefined;
  return typeof value === 'string' ? value : '';
}
