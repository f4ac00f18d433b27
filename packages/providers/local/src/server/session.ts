import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../docker/http.ts';
import type { ContainerSummary } from '../docker/types.ts';
import { type ConnectedEngine, connectEngine } from '../engine/connect.ts';
import type { EngineEnvironment } from '../engine/environment.ts';
import { engineFailure } from '../failure.ts';
import { withFileLock } from '../files/file-lock.ts';
import type { LocalConfig } from '../schema.ts';
import {
  belongsTo,
  nearest,
  containerName,
  isBalancer,
  isServer,
  labelKeys,
  managedBy,
  type Owner,
  ownerLabels,
} from './labels.ts';
import type { Resized } from './observe.ts';

/** What every function of the provider works with: the engine, connected on first use, and whose servers these are. */
export class Session {
  readonly config: LocalConfig;
  readonly environment: EngineEnvironment;
  readonly owner: Owner;
  #connected: Promise<ConnectedEngine> | undefined;

  constructor(config: LocalConfig, environment: EngineEnvironment, owner: Owner) {
    this.config = config;
    this.environment = environment;
    this.owner = owner;
  }

  connected(): Promise<ConnectedEngine> {
    this.#connected ??= connectEngine(this.config, this.environment).catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  /**
   * Runs `work`, which may be repeated, with the engine. An engine that went away meanwhile is looked for once more, as
   * a private service may have to be started again; other failures become provider errors that begin with `what`.
   */
  async use<T>(
    what: string,
    operation: string,
    work: (connected: ConnectedEngine) => Promise<T>,
  ): Promise<T> {
    try {
      const connecting = this.connected();
      try {
        return await work(await connecting);
      } catch (error) {
        if (!(error instanceof EngineError) || !error.broken) throw error;
        // Others may still be waiting for answers over the old connections: these are left to end by themselves.
        if (this.#connected === connecting) this.#connected = undefined;
        return await work(await this.connected());
      }
    } catch (error) {
      throw engineFailure(what, operation, error);
    }
  }

  disconnect(): void {
    const connected = this.#connected;
    this.#connected = undefined;
    connected?.then(({ engine }) => engine.close()).catch(() => undefined);
  }

  /** Containers of this infrastructure, or the one of a hostname. */
  async containers(hostname?: string, signal?: AbortSignal): Promise<ContainerSummary[]> {
    const { engine } = await this.connected();
    const labels = {
      ...ownerLabels(this.owner),
      ...(hostname === undefined ? {} : { [labelKeys.hostname]: hostname }),
    };
    const found = await engine.listContainers(labels, signal);
    return nearest(
      found.filter((container) => isServer(container) && belongsTo(container.Labels, this.owner, existsSync)),
      this.owner,
    );
  }

  /** The server of a hostname in this infrastructure; with an id, one of any infrastructure of the workspace. */
  async find(hostname: string, signal?: AbortSignal, id?: string): Promise<ContainerSummary | undefined> {
    if (id === undefined) return (await this.containers(hostname, signal))[0];
    const { engine } = await this.connected();
    const labels = { [managedBy.key]: managedBy.value, [labelKeys.hostname]: hostname };
    const found = await engine.listContainers(labels, signal);
    return found.find((container) => {
      const owner = { ...this.owner, infra: container.Labels[labelKeys.infra] ?? '' };
      return container.Id === id && isServer(container) && belongsTo(container.Labels, owner, existsSync);
    });
  }

  /** Load balancers of this infrastructure. */
  async balancers(): Promise<ContainerSummary[]> {
    const { engine } = await this.connected();
    const found = await engine.listContainers(ownerLabels(this.owner));
    return found.filter(
      (container) => isBalancer(container) && belongsTo(container.Labels, this.owner, existsSync),
    );
  }

  /** Runs `work` while no other process changes the server. */
  locked<T>(hostname: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const lock = join(this.environment.cacheDir, 'servers', `${containerName(this.owner, hostname)}.lock`);
    return withFileLock(lock, work, { signal });
  }

  /** Labels for what is made: those by which it is found, and the workspace's folder. */
  labels(): Record<string, string> {
    return { ...ownerLabels(this.owner), [labelKeys.path]: this.owner.workspace.path };
  }

  async resized(id: string): Promise<Resized | undefined> {
    try {
      return JSON.parse(await readFile(this.#sizeFile(id), 'utf8')) as Resized;
    } catch {
      return undefined;
    }
  }

  async remember(id: string, resized: Resized): Promise<void> {
    await mkdir(join(this.environment.cacheDir, 'sizes'), { recursive: true });
    await writeFile(this.#sizeFile(id), JSON.stringify(resized));
  }

  async forget(id: string): Promise<void> {
    await rm(this.#sizeFile(id), { force: true });
  }

  #sizeFile(id: string): string {
    return join(this.environment.cacheDir, 'sizes', `${id}.json`);
  }
}
