import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installFromPypi } from '../../python-environment.ts';
import { freePort } from '../../../../testing/free-port.ts';

const folder = join(import.meta.dirname, '../../../.cache/moto');

/** Installs moto into an environment of its own, once. @returns why it can't be had, or nothing. */
export function installMoto(say: (message: string) => void): string | undefined {
  return installFromPypi(folder, 'bin/moto_server', ['moto[server,ec2,s3,rds,eks,elbv2]'], say);
}

export interface Moto extends AsyncDisposable {
  readonly port: number;
}

/** A moto server on a free port of this machine. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const child: ChildProcess = spawn(
    join(folder, 'bin', 'moto_server'),
    ['-H', '127.0.0.1', '-p', String(port)],
    {
      stdio: 'ignore',
      env: { PATH: process.env.PATH, MOTO_EC2_LOAD_DEFAULT_AMIS: 'true' },
    },
  );
  const stop = async () => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  };
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const up = await fetch(`http://127.0.0.1:${port}/moto-api/data.json`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return { port, [Symbol.asyncDispose]: stop };
    await delay(200);
  }
  await stop();
  throw new Error('moto did not start within 60 s');
}
