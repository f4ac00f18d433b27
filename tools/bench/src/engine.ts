import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BullDispatcher } from '../../../packages/orchestrator/src/dispatch/bullmq/dispatcher.ts';
import { PostgresStore } from '../../../packages/orchestrator/src/journal/postgres/store.ts';
import {
  postgresPrograms,
  redisProgram,
  startPostgres,
  startRedis,
} from '../../../packages/orchestrator/src/testing/servers.fixture.ts';
import { startDbos } from './engine/dbos.ts';
import { stepsPerSecond } from './engine/load.ts';
import { chain, startEmbedded, startEngine } from './engine/ours.ts';
import { installPeers } from './engine/peers.ts';
import { startRestate } from './engine/restate.ts';
import { floorLatencies, submitLatencies } from './engine/submits.ts';
import { type BenchRow, type BenchSuite, median, row } from './suite.ts';

const root = join(import.meta.dirname, '../../..');
const rounds = 5;
const largeGraph = 100_000;
const memorySteps = 1_000_000;

type Say = (message: string) => void;

/** Durable steps: embedded beside Restate, workers beside DBOS; submission, memory, a large graph. */
const suite: BenchSuite = {
  title:
    'Durable engine: workflows of 10 dependent no-op steps, 100 at once, every step journalled before its effect',
  async run(say) {
    const folder = mkdtempSync(join(tmpdir(), 'provisioning-bench-engine-'));
    try {
      return {
        rows: [
          ...(await embedded(folder, say)),
          ...(await distributed(folder, say)),
          ...(await submission(folder, say)),
          ...(await large(folder, say)),
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function embedded(folder: string, say: Say): Promise<BenchRow[]> {
  say('embedded on SQLite with full sync');
  const engine = await startEmbedded(join(folder, 'embedded'));
  let peer: number | null = null;
  const ours: number[] = [];
  try {
    const restate = await installPeers(root, ['@restatedev/restate-server', '@restatedev/restate-sdk'], say)
      .then((peers) => startRestate(peers, folder))
      .catch((error: Error) => void say(`Restate left out: ${error.message.split('\n')[0]}`));
    try {
      const theirs: number[] = [];
      await stepsPerSecond(500, () => engine.run());
      if (restate) await stepsPerSecond(300, () => restate.run());
      for (let round = 0; round < rounds; round++) {
        ours.push(await stepsPerSecond(2000, () => engine.run()));
        if (restate) theirs.push(await stepsPerSecond(500, () => restate.run()));
      }
      if (restate) peer = median(theirs);
    } finally {
      await restate?.stop();
    }
  } finally {
    await engine.close();
  }
  return [row('embedded, SQLite', 'steps/s', median(ours), peer, 'Restate')];
}

async function distributed(folder: string, say: Say): Promise<BenchRow[]> {
  if (postgresPrograms() === undefined || redisProgram() === undefined) {
    say('BullMQ and PostgreSQL left out: install postgresql and redis-server');
    return [];
  }
  say('BullMQ with PostgreSQL');
  const [database, redis] = [await startPostgres(), await startRedis()];
  try {
    const engine = await startEngine(join(folder, 'distributed'), (made) => {
      const store = new PostgresStore({ url: database.url });
      return {
        store,
        dispatcher: new BullDispatcher({ redisUrl: redis.url, store, journal: () => made().journal }),
      };
    });
    const worker = spawn(
      process.execPath,
      ['--no-warnings', join(import.meta.dirname, 'engine/worker.ts'), database.url, redis.url],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ours: number[] = [];
    const theirs: number[] = [];
    const dbos = await installPeers(root, ['@dbos-inc/dbos-sdk'], say)
      .then((peers) => startDbos(peers, database.url.replace(/\/postgres$/, '/dbos')))
      .catch((error: Error) => void say(`DBOS left out: ${error.message.split('\n')[0]}`));
    try {
      await new Promise((resolve) => worker.stdout.once('data', resolve));
      await stepsPerSecond(200, () => engine.run());
      await dbos?.round(200);
      // In turns, so that what else the machine does disturbs both.
      for (let round = 0; round < rounds; round++) {
        ours.push(await stepsPerSecond(500, () => engine.run()));
        if (dbos) theirs.push(await dbos.round(300));
      }
    } finally {
      worker.kill('SIGKILL');
      await dbos?.stop();
      await engine.close();
    }
    return [row('BullMQ, PostgreSQL', 'steps/s', median(ours), dbos ? median(theirs) : null, 'DBOS')];
  } finally {
    await redis.end();
    await database.end();
  }
}

async function submission(folder: string, say: Say): Promise<BenchRow[]> {
  say('submissions over HTTP, 200 a second');
  const ours: number[] = [];
  const floor: number[] = [];
  // In turns, so that what else the machine does disturbs both.
  for (let round = 0; round < 3; round++) {
    const place = join(folder, `submission-${round}`);
    mkdirSync(place);
    floor.push(...(await floorLatencies(place, 200, 5)));
    ours.push(...(await submitLatencies(root, place, 200, 5)));
  }
  const at = (times: number[], share: number) =>
    times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))]!;
  const peer = 'one synced write behind bare HTTP';
  return [
    row('submit p50', 'ms', at(ours, 0.5), at(floor, 0.5), peer),
    row('submit p99', 'ms', at(ours, 0.99), at(floor, 0.99), peer),
  ];
}

async function large(folder: string, say: Say): Promise<BenchRow[]> {
  say(`memory over ${memorySteps} steps`);
  const engine = await startEmbedded(join(folder, 'large'));
  try {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // What a collection leaves is what is held.
    const used = () => {
      collect();
      return process.memoryUsage().heapUsed / 1024 / 1024;
    };
    await stepsPerSecond(10_000, () => engine.run());
    const early = used();
    await stepsPerSecond(memorySteps / 10 - 10_000, () => engine.run());
    const late = used();
    say(`a graph of ${largeGraph} steps`);
    const wide = chain(largeGraph);
    const began = performance.now();
    // A tree: each operation waits for the one at half its number.
    wide.operations.forEach((operation, index) => {
      operation.dependencies = index === 0 ? [] : [`step-${(index - 1) >> 1}`];
    });
    wide.parallel_limit = 100;
    await engine.run(wide);
    const seconds = (performance.now() - began) / 1000;
    say('1,000 workflows at once');
    const many = performance.now();
    await Promise.all(Array.from({ length: 1000 }, () => engine.run()));
    return [
      row('heap after 100,000 and 1,000,000 steps', 'MiB', late, early, 'after 100,000'),
      row(`graph of ${largeGraph} steps`, 's', seconds, null, ''),
      row('1,000 workflows at once', 's', (performance.now() - many) / 1000, null, ''),
    ];
  } finally {
    await engine.close();
  }
}

export default suite;
