import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { stopPrivateService } from '@provisioning/provider-local/engine';

const execute = promisify(execFile);

/** An installation of what is about to be shipped, by `install.sh` into an empty prefix, with a home of its own. */
export class TriedInstallation {
  readonly #folder: string;
  readonly #prefix: string;
  /** Where a workspace of it can be. */
  readonly workspace: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#prefix = join(folder, 'prefix');
    this.workspace = join(folder, 'demo');
  }

  static async make(
    { root, distDir, version }: { readonly root: string; readonly distDir: string; readonly version: string },
    packages: readonly string[],
  ): Promise<TriedInstallation> {
    const installation = new TriedInstallation(await mkdtemp(join(tmpdir(), 'provisioning-dist-')));
    try {
      await mkdir(installation.#prefix);
      await cp(distDir, join(installation.#releases, version), { recursive: true });
      const bundled = (await readdir(distDir)).some((name) => name.startsWith('provisioning-runtime-'));
      await installation.#execute('/bin/sh', [
        join(root, 'tools/build/installer/install.sh'),
        ...['--prefix', installation.#prefix, '--version', version, '--packages', packages.join(',')],
        ...(bundled ? [] : ['--system-node']),
      ]);
      return installation;
    } catch (error) {
      await installation.remove();
      throw error;
    }
  }

  get #releases(): string {
    return join(this.#folder, 'releases');
  }

  get #environment(): Readonly<Record<string, string>> {
    const folder = this.#folder;
    return {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'cache'),
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

  async remove(): Promise<void> {
    await this.#stopEngine();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
