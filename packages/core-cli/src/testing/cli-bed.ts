import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type OpenedProject, openProject } from '@provisioning/core';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { type Outcome, run } from '../../test/run.ts';
import { makeCache } from '../../../providers/local/src/testing/bed.ts';

/**
 * A user with a workspace of their own, driven by command lines in this process; servers are containers of the local
 * provider.
 */
export class CliBed implements AsyncDisposable {
  readonly folder: string;
  readonly workspacePath: string;
  readonly environment: Record<string, string>;
  #opened: OpenedProject | undefined;

  private constructor(folder: string, variables: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.workspacePath = join(folder, 'ws');
    this.environment = { HOME: folder, PATH: process.env.PATH ?? '', USER: 'ana', ...variables };
  }

  /**
   * @param settings Definition of the infrastructure `prod`, TOML.
   * @param options `servers`: servers will run, so that the base images of this machine are shared.
   */
  static async make(settings: string, options: { readonly servers?: boolean } = {}): Promise<CliBed> {
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-bed-'));
    const cache = join(folder, '.cache');
    if (options.servers === true) {
      await mkdir(join(cache, 'provisioning', 'providers'), { recursive: true });
      await makeCache(join(cache, 'provisioning', 'providers', 'local'));
    }
    const bed = new CliBed(folder, { XDG_CACHE_HOME: cache });
    const made = await bed.cli(`workspace init ${bed.workspacePath} --infra-name prod`, folder);
    if (made.code !== 0) throw new Error(made.stderr);
    await rm(join(bed.infra, 'servers.toml'), { force: true });
    await bed.define(settings);
    return bed;
  }

  get infra(): string {
    return join(this.workspacePath, 'infra', 'prod');
  }

  /** Replaces the definition. */
  define(settings: string): Promise<void> {
    return writeFile(join(this.infra, 'settings.toml'), settings);
  }

  /** A taskserv of the workspace's own, by its files. */
  async taskserv(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.workspacePath, 'extensions', 'taskservs', name, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  /** Runs a command line; words of more than letters are given as a list. */
  cli(line: string | readonly string[], cwd = this.infra): Promise<Outcome> {
    return run(wordsOf(line), { environment: this.environment, cwd });
  }

  /** As a person at a terminal who types this. */
  type(line: string | readonly string[], typed: string): Promise<Outcome> {
    return run(wordsOf(line), { environment: this.environment, cwd: this.infra, tty: true, stdin: typed });
  }

  /** What a command answers as JSON. @throws when it fails. */
  async json<T>(line: string | readonly string[]): Promise<T> {
    const words = [...wordsOf(line), '--out', 'json'];
    const { code, stdout, stderr } = await this.cli(words);
    if (code !== 0) throw new Error(`${words.join(' ')}: exit ${code}\n${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Runs a script as root on a server and gives its output; fails when the script does. */
  async sh(hostname: string, script: string): Promise<string> {
    const { project } = await this.open();
    const provider = await project.provider('local');
    const transport = await project.transports.open(await provider.getAccess({ hostname }));
    const { code, stdout, stderr } = await transport.run('sh -e -s', { input: script });
    if (code !== 0) throw new Error(`${hostname}: exit ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  /** The infrastructure's providers and connections, as commands have them; closed with the bed. */
  async open(): Promise<OpenedProject> {
    return (this.#opened ??= await this.#open());
  }

  #open(): Promise<OpenedProject> {
    const surroundings = {
      env: this.environment,
      cwd: this.infra,
      home: this.folder,
      platform: process.platform,
      installation: join(import.meta.dirname, '..', '..', '..', '..'),
      now: () => new Date(),
    };
    const workspace = { name: 'ws', path: this.workspacePath };
    return openProject({ surroundings, workspace, infra: 'prod', moduleUrls: [import.meta.url] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.[Symbol.asyncDispose]();
    await cleanEverything({
      variables: this.environment,
      workspace: { name: 'ws', path: this.workspacePath },
      images: false,
    });
    await rm(this.folder, { recursive: true, force: true });
  }
}

function wordsOf(line: string | readonly string[]): readonly string[] {
  return typeof line === 'string' ? line.split(' ') : line;
}
