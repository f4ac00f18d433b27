import { type ChildProcess, spawn } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../../tools/testing/free-port.ts';

/** Path of a program on `PATH`, `undefined` when it is not installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    ) {
      return path;
    }
  }
  return undefined;
}

export interface RunningRegistry {
  readonly host: string;
  readonly folder: string;
  stop(): Promise<void>;
}

/**
 * Starts Debian's `docker-registry` (Distribution) on a free loopback port with storage of its own.
 * @param extra more of its configuration, such as an `auth` section (YAML text).
 */
export async function startDockerRegistry(extra = ''): Promise<RunningRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-registry-'));
  const port = await freePort();
  const config = join(folder, 'config.yml');
  await writeFile(
    config,
    [
      'version: 0.1',
      'log: { level: error, accesslog: { disabled: true } }',
      `storage: { filesystem: { rootdirectory: ${folder}/data }, delete: { enabled: true } }`,
      `http: { addr: 127.0.0.1:${port} }`,
      extra,
      '',
    ].join('\n'),
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  await ready(child, port);
  return {
    host: `127.0.0.1:${port}`,
    folder,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess, port: number): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  for (let attempt = 0; attempt < 200; attempt++) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    const answered = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await delay(50);
  }
  child.kill('SIGKILL');
  throw new Error('docker-registry did not start within 10 s');
}
