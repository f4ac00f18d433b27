import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cleanEverything, stopPrivateService } from '@provisioning/provider-local/engine';
import { freePort } from '../../testing/free-port.ts';

const execute = promisify(execFile);

/** What is about to be shipped. */
export interface Shipped {
  readonly root: string;
  readonly distDir: string;
  readonly version: string;
}

/** A release that was shipped before. */
export interface EarlierRelease {
  readonly version: string;
  readonly folder: string;
}

/** What reaches package servers from here. */
const proxies = Object.entries(process.env).filter(([name]) => /^(?:https?|no|all)_proxy$/i.test(name));

/** An installation of what is about to be shipped, by `install.sh` into an empty prefix, with a home of its own. */
export class TriedInstallation {
  readonly #folder: string;
  readonly #prefix: string;
  /** Where a workspace of it can be. */
  readonly workspace: string;
  /** Whether the services are part of it. */
  readonly hasPlatform: boolean;

  readonly #port: number;
  readonly #releases: string;

  private constructor(folder: string, releases: string, packages: readonly string[], port: number) {
    this.#port = port;
    this.#releases = releases;
    this.#folder = folder;
    this.hasPlatform = packages.includes('platform');
    this.#prefix = join(folder, 'prefix');
    this.workspace = join(folder, 'demo');
  }

  /** @param earlier a release that is installed instead, to be upgraded from. */
  static async make(
    { root, distDir, version }: Shipped,
    packages: readonly string[],
    earlier?: EarlierRelease,
  ): Promise<TriedInstallation> {
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-dist-'));
    const releases = join(folder, 'releases');
    await cp(distDir, join(releases, version), { recursive: true });
    if (earlier !== undefined) await cp(earlier.folder, join(releases, earlier.version), { recursive: true });
    const installation = new TriedInstallation(folder, releases, packages, await freePort());
    const words = ['--packages', packages.join(','), '--version', earlier?.version ?? version];
    return installation.#install(root, words, earlier?.folder ?? distDir);
  }

  /**
   * From a folder of releases as it is.
   * @param words options of `install.sh` that say what.
   * @param release version whose Node.js is used, where the release has one.
   */
  static async fromReleases(
    root: string,
    releases: string,
    words: readonly string[],
    release: string,
  ): Promise<TriedInstallation> {
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-dist-'));
    const installation = new TriedInstallation(folder, releases, ['core', 'platform'], await freePort());
    return installation.#install(root, [...words, '--version', release], join(releases, release));
  }

  async #install(root: string, words: readonly string[], from: string): Promise<TriedInstallation> {
    try {
      await mkdir(this.#prefix);
      const bundled = (await readdir(from)).some((name) => name.startsWith('provisioning-runtime-'));
      await this.#execute('/bin/sh', [
        join(root, 'tools/build/installer/install.sh'),
        ...['--prefix', this.#prefix, ...words],
        ...(bundled ? [] : ['--system-node']),
      ]);
      return this;
    } catch (error) {
      await this.remove();
      throw error;
    }
  }

  get #environment(): Readonly<Record<string, string>> {
    const folder = this.#folder;
    return {
      ...(Object.fromEntries(proxies) as Record<string, string>),
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      ORCHESTRATOR_SERVER_PORT: String(this.#port),
      XDG_RUNTIME_DIR: join(folder, 'run'),
      PROVISIONING_NONINTERACTIVE: '1',
      PROVISIONING_RELEASES_URL: this.#releases,
    };
  }

  async #execute(program: string, words: readonly string[]): Promise<string> {
    const options = { env: this.#environment, cwd: this.#folder, maxBuffer: 1 << 26 };
    return (await execute(program, [...words], options)).stdout;
  }

  /** Runs the installed program. @returns what it says. @throws when it fails. */
  readonly run = (...words: readonly string[]): Promise<string> =>
    this.#execute(join(this.#prefix, 'bin/provisioning'), words);

  /** Uninstalls it. @throws Error when anything is left. */
  async uninstall(): Promise<void> {
    await this.#stopEngine();
    await this.run('uninstall', '--yes');
    const left = await readdir(this.#prefix);
    if (left.length > 0) throw new Error(`uninstall leaves ${left.join(', ')}`);
    if (existsSync(join(this.#folder, 'cache/provisioning'))) throw new Error('uninstall leaves the cache');
  }

  /** A look at what could be created has started a container service of its own. */
  async #stopEngine(): Promise<void> {
    await stopPrivateService({ variables: this.#environment });
  }

  /** Puts a file into the folder that commands run in. */
  readonly write = (name: string, text: string): Promise<void> => writeFile(join(this.#folder, name), text);

  /** Removes the servers of the workspace, whatever became of them. */
  async removeServers(): Promise<void> {
    await this.run('destroy', '--yes', '--direct').catch(() => undefined);
    if (this.hasPlatform) await this.run('orchestrator', 'stop', '--force').catch(() => undefined);
    const workspace = { name: basename(this.workspace), path: this.workspace };
    await cleanEverything({ variables: this.#environment, workspace, images: false });
  }

  async remove(): Promise<void> {
    await this.#stopEngine();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
