import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../src/engine/environment.ts';
import { type Bed, makeBed } from '../src/testing/bed.ts';
import { engineAt } from '../src/testing/engine-access.ts';
import { changesSuite } from '../src/testing/suite-changes.ts';
import { engineSuite } from '../src/testing/suite.ts';

// Real containers on a busy machine.
jest.setTimeout(180_000);

let bed: Bed;
let folder: string;
let daemon: ChildProcess | undefined;

/** A Docker engine of the test's own, beside whatever else runs on the machine; it leaves the firewall alone. */
async function startDocker(): Promise<string> {
  const dockerd = findProgram('dockerd', process.env.PATH);
  if (dockerd === undefined) throw new Error('dockerd is not installed: apt-get install docker.io');
  folder = await mkdtemp(join(tmpdir(), 'prov-dockerd-'));
  const address = `unix://${folder}/docker.sock`;
  const log = await open(join(folder, 'log'), 'w');
  const folders = [
    '--data-root',
    `${folder}/data`,
    '--exec-root',
    `${folder}/exec`,
    '--pidfile',
    `${folder}/pid`,
  ];
  const network = ['--bridge', 'none', '--iptables=false', '--ip6tables=false'];
  daemon = spawn(dockerd, ['--host', address, '--group', 'root', ...folders, ...network], {
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  for (let i = 0; i < 300; i++) {
    const engine = await engineAt(address).catch(() => undefined);
    if (engine !== undefined) {
      engine.close();
      return address;
    }
    if (daemon.exitCode !== null) break;
    await sleep(100);
  }
  throw new Error(`dockerd does not start; see ${folder}/log`);
}

describe('Docker', () => {
  let address: string;

  beforeAll(async () => {
    address = await startDocker();
    bed = await makeBed({ docker_socket: address.replace('unix://', ''), runtime: 'docker' });
  }, 300_000);

  afterAll(async () => {
    await bed?.[Symbol.asyncDispose]();
    if (daemon !== undefined && daemon.exitCode === null) {
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    }
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }, 60_000);

  for (const suite of [engineSuite, changesSuite]) {
    suite(
      '06.A7',
      () => bed,
      () => engineAt(address),
    );
  }
});
