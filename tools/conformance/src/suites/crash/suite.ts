import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  postgresPrograms,
  redisProgram,
  startPostgres,
  startRedis,
  type TestServer,
} from '../../../../../packages/orchestrator/src/testing/servers.fixture.ts';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { once, outages } from './outages.ts';
import { Process } from './processes.ts';

const embeddedRuns = Number(process.env['CRASH_RUNS'] ?? 120);
const distributedRuns = Number(process.env['CRASH_DISTRIBUTED_RUNS'] ?? Math.ceil((embeddedRuns * 2) / 3));
const operations = 20;
/** Seconds of a worker's lease in these runs: a dead worker's steps are taken over after it. */
const lease = '2';

/**
 * `kill -9` of orchestrator, worker, Redis and PostgreSQL at random instants. Every run is one workflow of 20 creations,
 * counted in a file outside: none may be missing, none twice.
 */
const suite: ConformanceSuite = {
  title: `crashes at random instants, ${embeddedRuns + distributedRuns} runs, and outages`,
  async run(say) {
    return { cases: [...(await outages(say)), await embedded(say), ...(await distributed(say))] };
  },
};

type Say = (message: string) => void;

async function embedded(say: Say): Promise<CaseResult> {
  const name = `kill -9 of the orchestrator, ${embeddedRuns} runs`;
  for (let run = 0; run < embeddedRuns; run++) {
    const folder = mkdtempSync(join(tmpdir(), 'provisioning-crash-'));
    try {
      // Up to three kills of the same workflow before it may finish.
      const kills = 1 + Math.floor(Math.random() * 2);
      for (let kill = 0; kill < kills; kill++) {
        const process = new Process('recovery/crash.fixture.ts', [folder]);
        if (await process.says('accepted', 20_000)) await sleep(Math.random() * 60);
        await process.kill();
      }
      const last = new Process('recovery/crash.fixture.ts', [folder]);
      const finished = await last.says('finished', 30_000);
      await last.kill();
      const wrong = finished ? once(join(folder, 'effects'), operations) : 'the workflow did not finish';
      if (wrong) return { name, status: 'failed', reason: `run ${run}: ${wrong}` };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    if (run % 20 === 19) say(`${run + 1} of ${embeddedRuns}`);
  }
  return { name, status: 'passed' };
}

const victims = ['orchestrator', 'worker', 'Redis', 'PostgreSQL'] as const;

async function distributed(say: Say): Promise<CaseResult[]> {
  if (postgresPrograms() === undefined || redisProgram() === undefined) {
    return victims.map((victim) => ({
      name: `kill -9 of ${victim}`,
      status: 'skipped',
      reason: 'install postgresql and redis-server',
    }));
  }
  const results: CaseResult[] = [];
  const runs = Math.ceil(distributedRuns / victims.length);
  for (const victim of victims) {
    const name = `kill -9 of ${victim}, workers through BullMQ, ${runs} runs`;
    say(name);
    const database = await startPostgres();
    const redis = await startRedis();
    try {
      let wrong: string | undefined;
      for (let run = 0; run < runs && !wrong; run++) {
        wrong = await distributedRun(victim, run, database, redis);
        if (wrong) wrong = `run ${run}: ${wrong}`;
      }
      results.push(wrong ? { name, status: 'failed', reason: wrong } : { name, status: 'passed' });
    } finally {
      await redis.end();
      await database.end();
    }
  }
  return results;
}

async function distributedRun(
  victim: (typeof victims)[number],
  run: number,
  database: TestServer,
  redis: TestServer,
): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-crash-'));
  const worker = () => new Process('worker/worker.fixture.ts', [folder, database.url, redis.url, '5', lease]);
  const orchestrator = () =>
    new Process('worker/orchestrator.fixture.ts', [folder, database.url, redis.url, lease, `run-${run}`]);
  const workers = [worker(), worker()];
  let main = orchestrator();
  try {
    for (const process of workers) await process.says('ready', 30_000);
    if (!(await main.says('accepted', 30_000))) return 'the workflow was not accepted';
    await sleep(Math.random() * 150);
    if (victim === 'orchestrator') {
      await main.kill();
      main = orchestrator();
    } else if (victim === 'worker') await workers[0]!.kill();
    else {
      const server = victim === 'Redis' ? redis : database;
      await server.kill();
      await sleep(Math.random() * 200);
      await server.start();
    }
    if (!(await main.says('finished Completed', 60_000)))
      return `the workflow did not finish: ${main.output}`;
    return once(join(folder, 'effects'), operations);
  } finally {
    await Promise.all([main, ...workers].map((process) => process.kill()));
    rmSync(folder, { recursive: true, force: true });
  }
}

export default suite;
