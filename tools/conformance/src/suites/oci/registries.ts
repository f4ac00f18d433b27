import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RegistryServer } from '@provisioning/distribution';
import { freePort } from '../../../../testing/free-port.ts';

export interface Registry {
  readonly name: string;
  readonly host: string;
  stop(): Promise<void>;
}

/** Our own server over an image layout. */
export async function startOwn(folder: string): Promise<Registry> {
  const server = new RegistryServer({ storage: join(folder, 'own'), port: 0 });
  const { port } = await server.listen();
  return { name: 'embedded', host: `127.0.0.1:${port}`, stop: () => server.close() };
}

/** Debian's `docker-registry`, or zot, on a free loopback port with storage of its own. */
export async function startForeign(
  name: 'docker-registry' | 'zot',
  program: string,
  parent: string,
): Promise<Registry> {
  const port = await freePort();
  const folder = join(parent, name);
  await mkdir(folder);
  const config = join(folder, name === 'zot' ? 'config.json' : 'config.yml');
  await writeFile(config, name === 'zot' ? zotConfig(folder, port) : dockerConfig(folder, port));
  const child = spawn(program, ['serve', config], { stdio: 'ignore' });
  const stop = (): Promise<void> => ended(child);
  const host = `127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer !== undefined) return { name, host, stop };
    await delay(50);
  }
  await stop();
  throw new Error(`${name} did not start`);
}

function dockerConfig(folder: string, port: number): string {
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${folder}/data }, delete: { enabled: true } }
http: { addr: 127.0.0.1:${port} }
`;
}

function zotConfig(folder: string, port: number): string {
  return JSON.stringify({
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: join(folder, 'data') },
    http: { address: '127.0.0.1', port: String(port) },
    log: { level: 'error', output: join(folder, 'log') },
  });
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.kill('SIGTERM')) await exit;
}
