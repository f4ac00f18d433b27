import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Engine } from './docker/client.ts';
import { serviceSocket } from './engine/service.ts';
import { networkName } from './server/labels.ts';
import { makeBed } from './testing/bed.ts';
import { type Fault, startFaultProxy } from './testing/fault-proxy.ts';

/** A repeatable sequence of numbers below 1 (mulberry32). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/** Few by default, as each makes real containers; a soak test takes more. */
const schedules = Number(process.env.PROVISIONING_FAULT_SCHEDULES ?? 3);

const kinds: readonly Fault[] = ['refused', 'lost-request', 'lost-answer', 'lost-answer', 'late'];

/** Calls until it succeeds, as a rerun would; every failure must be one that people can act on. */
async function insist<T>(what: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProvisioningError)) throw error;
      expect(error.code).toMatch(/^PROVIDER_/);
      expect(error.hint).toBeTruthy();
      if (attempt === 60) throw new Error(`${what} did not succeed in 60 attempts`, { cause: error });
    }
  }
}

test('whatever the engine does wrong: reruns end with one server, and with nothing after deletion', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prov-faults-'));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
  await using real = await makeBed();
  await (await real.open()).listServers();
  const path = serviceSocket({ cacheDir: real.cacheDir, variables: {}, log: () => undefined });
  await using proxy = await startFaultProxy(join(folder, 'proxy.sock'), path);
  await using bed = await makeBed({ docker_socket: join(folder, 'proxy.sock'), private_service: false });
  const engine = await Engine.connect({ kind: 'socket', path });
  await (await bed.open()).listServers();
  const owned = { 'managed-by': 'provisioning', 'provisioning.workspace': bed.workspace.name };
  try {
    for (let schedule = 1; schedule <= schedules; schedule++) {
      const random = sequence(schedule);
      proxy.next = () => (random() < 0.15 ? kinds[Math.floor(random() * kinds.length)]! : 'none');
      const spec = bed.spec('chaos-01', {
        volumes: [{ name: 'db', size: 5 }],
        idempotency_key: `schedule-${schedule}`,
      });
      // Each attempt is a process of its own: nothing but the engine and the cache folder remembers the last one.
      const server = await insist('creation', async () =>
        (await bed.open()).createServer(spec, { wait: true }),
      );
      expect(server.status).toBe('running');
      const containers = await engine.listContainers(owned);
      expect(containers.map(({ State }) => State)).toEqual(['running']);
      expect(await engine.listVolumes(owned)).toHaveLength(1);

      await insist('deletion', async () =>
        (await bed.open()).deleteServer(
          { hostname: 'chaos-01' },
          { keepStorage: false, force: true, wait: true },
        ),
      );
      expect(await engine.listContainers(owned)).toEqual([]);
      expect(await engine.listVolumes(owned)).toEqual([]);
      expect(
        await engine.inspectNetwork(networkName({ workspace: bed.workspace, infra: 'demo' })),
      ).toBeUndefined();
    }
    expect(proxy.faults).toBeGreaterThan(schedules);
  } finally {
    proxy.next = () => 'none';
    engine.close();
  }
}, 240_000);
