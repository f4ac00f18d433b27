import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { cleanUp } from '../../../testing/clean-up.ts';
import { writeScripts } from '../installers/scripts.ts';
import { type Ended, root, runProgram } from './process.ts';
import { ReleaseFolder } from './releases.ts';
import { freePort } from '../../../testing/free-port.ts';

/** What 11.A11, A12 and A18 say about the versions in them. */
const compatibility = `
schema = 1
[compatibility.core."3.2.1"]
platform = "^2.5"
[compatibility.platform."2.5.3"]
core = "^3.0"
api-version = "v1"
[compatibility.platform."2.3.0"]
core = "^3.0"
`;

type Options = Parameters<typeof runProgram>[2];

/** Core 3.2.1 and platform 2.5.3 installed to a prefix of their own by `install.sh`, for a user of their own. */
export class Installation {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'provisioning-upgrade-test-')));
  readonly prefix = join(this.folder, 'prefix');
  readonly releases: ReleaseFolder;
  readonly environment: Readonly<Record<string, string>>;

  private constructor(releases: ReleaseFolder, port: number) {
    this.releases = releases;
    this.environment = {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: join(this.folder, 'home'),
      XDG_CONFIG_HOME: join(this.folder, 'home/config'),
      XDG_DATA_HOME: join(this.folder, 'home/data'),
      XDG_CACHE_HOME: join(this.folder, 'home/cache'),
      XDG_RUNTIME_DIR: join(this.folder, 'home/run'),
      PROVISIONING_RELEASES_URL: releases.base,
      PROVISIONING_NONINTERACTIVE: 'true',
      ORCHESTRATOR_SERVER_PORT: String(port),
      TMPDIR: this.folder,
    };
  }

  static async make(): Promise<Installation> {
    const releases = await ReleaseFolder.make(['core', 'platform'], { small: true });
    const made = new Installation(releases, await freePort());
    await made.publish('core', '3.2.1');
    await made.publish('platform', '2.5.3');
    await writeScripts(root, '3.2.1', join(made.folder, 'scripts'));
    const installed = await made.installer('--prefix', made.prefix, '--packages', 'core,platform');
    if (installed.code !== 0) throw new Error(`install.sh: ${installed.stderr}`);
    return made;
  }

  /** @param alter changes the files of the version; it gets the folder that becomes the prefix. */
  publish(line: 'core' | 'platform', version: string, alter?: (tree: string) => void): Promise<void> {
    return this.releases.publish(line, version, {
      compatibility,
      ...(alter === undefined ? {} : { alter }),
    });
  }

  installer(...words: readonly string[]): Promise<Ended> {
    const script = join(this.folder, 'scripts/install.sh');
    return runProgram('/bin/sh', [script, '--system-node', ...words], { environment: this.environment });
  }

  /** Runs the installed command line. */
  run(words: readonly string[], options: Options = {}): Promise<Ended> {
    return runProgram(join(this.prefix, 'bin/provisioning'), words, {
      environment: this.environment,
      ...options,
    });
  }

  /** What the orchestrator that runs for this user says about itself. */
  async orchestrator(): Promise<{ readonly version: string; readonly pid: number }> {
    return (await this.#ask('/health')) as { version: string; pid: number };
  }

  /** What it says it goes with. */
  async versions(): Promise<unknown> {
    return ((await this.#ask('/api/versions')) as { data: unknown }).data;
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.environment['ORCHESTRATOR_SERVER_PORT']!}${path}`);
    return response.json();
  }

  remove(): Promise<void> {
    return cleanUp(
      () => this.run(['orchestrator', 'stop', '--force', '--drain', '5']),
      () =>
        cleanEverything({
          variables: this.environment,
          workspace: { name: 'pair', path: join(this.folder, 'pair') },
          images: false,
        }),
      () => this.releases.remove(),
      () => rmSync(this.folder, { recursive: true, force: true }),
    );
  }
}

/** The command line's program below a prefix. */
export const program = 'lib/provisioning/core/node_modules/@provisioning/cli/bin/provisioning.js';
/** The orchestrator's. */
export const orchestratorProgram =
  'lib/provisioning/platform/node_modules/@provisioning/orchestrator/dist/main.js';
/** Never answers; ends when whoever started it is gone, so that a killed upgrade leaves no process behind. */
export const hanging =
  'const parent = process.ppid; setInterval(() => { if (process.ppid !== parent) process.exit(1); }, 100);\n';
