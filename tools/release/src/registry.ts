import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { npm } from './npm.ts';
import { freePort } from '../../testing/free-port.ts';

/** One of its dependencies names a tag that not every registry carries; the release behind the tag does as well. */
const verdaccio = {
  private: true,
  dependencies: { verdaccio: '^6.10.4' },
  overrides: { 'node-fetch': '2.7.0' },
};

/** A local npm registry that passes on what it does not have, for publishing and installing as a user would. */
export class LocalRegistry {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /**
   * @param tools folder in which the registry's program is installed once.
   * @param storage folder of its data.
   * @param uplink registry that has everybody else's packages.
   */
  static async start(tools: string, storage: string, uplink: string): Promise<LocalRegistry> {
    const program = join(tools, 'node_modules/verdaccio/bin/verdaccio');
    if (!existsSync(program)) {
      await mkdir(tools, { recursive: true });
      await writeFile(join(tools, 'package.json'), JSON.stringify(verdaccio));
      await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tools });
    }
    await mkdir(storage, { recursive: true });
    const port = await freePort();
    const config = join(storage, 'config.yaml');
    const everyone = { access: '$all', publish: '$all', unpublish: '$all' };
    await writeFile(
      config,
      JSON.stringify({
        storage: join(storage, 'packages'),
        auth: { htpasswd: { file: join(storage, 'htpasswd') } },
        uplinks: { upstream: { url: uplink, timeout: '60s' } },
        packages: { '@provisioning/*': everyone, '**': { access: '$all', proxy: 'upstream' } },
        log: { type: 'stdout', level: 'error' },
        web: { enable: false },
        max_body_size: '200mb',
      }),
    );
    const child = spawn(process.execPath, [program, '--config', config, '--listen', `127.0.0.1:${port}`], {
      stdio: 'ignore',
    });
    const registry = new LocalRegistry(`http://127.0.0.1:${port}/`, child);
    for (let attempt = 0; attempt < 600; attempt++) {
      if (child.exitCode !== null) throw new Error(`verdaccio ended with ${child.exitCode}`);
      if (
        await fetch(`${registry.url}-/ping`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return registry;
      await delay(100);
    }
    await registry.stop();
    throw new Error('verdaccio did not start within 60 s');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
