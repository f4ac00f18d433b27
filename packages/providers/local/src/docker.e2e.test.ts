import { afterAll, beforeAll, describe, jest, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './engine/environment.ts';
import { type Bed, makeBed } from './testing/bed.ts';
import { engineAt } from './testing/engine-access.ts';
import { changesSuite } from './testing/suite-changes.ts';
import { engineSuite } from './testing/suite.ts';

// Real containers on a busy machine.
jest.setTimeout(180_000);

let bed: Bed;
let folder: string;
let daemon: ChildProcess | undefined;

const program = findProgram('dockerd', process.env.PATH);

/** A Docker engine of the test's own, beside whatever else runs on the machine; it leaves the firewall alone. */
async function startDocker(dockerd: string): Promise<string> {
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

if (program === undefined) {
  test.todo('06.A7 on a Docker engine: dockerd is not installed here (apt-get install docker.io)');
} else {
  describe('Docker', () => dockerTests(program));
}

function dockerTests(dockerd: string): void {
  let address: string;

  beforeAll(async () => {
    address = await startDocker(dockerd);
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
}
