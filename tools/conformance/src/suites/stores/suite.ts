import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresStore } from '../../../../../packages/orchestrator/src/journal/postgres/store.ts';
import { SqliteStore } from '../../../../../packages/orchestrator/src/journal/sqlite/store.ts';
import { SurrealStore } from '../../../../../packages/orchestrator/src/journal/surrealdb/store.ts';
import {
  freePort,
  postgresPrograms,
  startPostgres,
} from '../../../../../packages/orchestrator/src/testing/servers.fixture.ts';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { check } from './contract.ts';
import { usePackagesOf } from './packages.ts';

/** Packages that no default install has: the engine of SurrealDB comes prebuilt, for all platforms in one package. */
const packages = ['surrealdb@2', '@surrealdb/node@3'];
const cache = join(import.meta.dirname, '../../../.cache/surrealdb');

const suite: ConformanceSuite = {
  title: 'every store against the same contract',
  async run(say) {
    const folder = mkdtempSync(join(tmpdir(), 'conformance-stores-'));
    try {
      return {
        cases: [
          ...(await check('sqlite', () => new SqliteStore(join(folder, 'orchestrator.db')))),
          ...(await postgres()),
          ...(await surrealdb(folder, say)),
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default suite;

async function postgres(): Promise<CaseResult[]> {
  if (postgresPrograms() === undefined) return [skipped('postgres', 'install postgresql')];
  const server = await startPostgres();
  try {
    return await check('postgres', () => new PostgresStore({ url: server.url }));
  } finally {
    await server.end();
  }
}

async function surrealdb(folder: string, say: (message: string) => void): Promise<CaseResult[]> {
  const missing = install(say);
  if (missing !== undefined)
    return [skipped('surrealdb-embedded', missing), skipped('surrealdb-server', missing)];
  const place = join(folder, 'surrealdb');
  // Each in a process of its own: an embedded engine keeps its folder until its process ends.
  const embedded = [...inChild('contract', place), ...inChild('reopen', place)];
  return [...embedded, ...(await surrealServer())];
}

function inChild(word: 'contract' | 'reopen', place: string): CaseResult[] {
  const program = join(import.meta.dirname, 'embedded.ts');
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', program, word, cache, place], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  try {
    return JSON.parse(stdout) as CaseResult[];
  } catch {
    return [{ name: `surrealdb-embedded: ${word}`, status: 'failed', reason: stderr.trim().slice(-500) }];
  }
}

/** The server is a program of its own that neither npm nor Debian has: it is used where it is installed. */
async function surrealServer(): Promise<CaseResult[]> {
  if (spawnSync('surreal', ['version']).status !== 0)
    return [skipped('surrealdb-server', 'the program surreal is not on PATH')];
  const port = await freePort();
  const [username, password] = ['root', 'conformance'];
  const child = spawn(
    'surreal',
    ['start', '--bind', `127.0.0.1:${port}`, '--user', username, '--pass', password, 'memory'],
    { stdio: 'ignore' },
  );
  const gone = new Promise((resolve) => child.once('exit', resolve));
  try {
    for (let attempt = 0; attempt < 300; attempt++) {
      const up = await fetch(`http://127.0.0.1:${port}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (up) break;
      await sleep(100);
    }
    const url = `ws://127.0.0.1:${port}`;
    usePackagesOf(cache);
    return await check(
      'surrealdb-server',
      () =>
        new SurrealStore({
          type: 'surrealdb-server',
          place: { url, username, password, namespace: 'orchestrator', database: 'tasks' },
        }),
    );
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}

/** @returns why the packages cannot be had, or nothing */
function install(say: (message: string) => void): string | undefined {
  if (existsSync(join(cache, 'node_modules', '@surrealdb', 'node'))) return undefined;
  say(`installing ${packages.join(' and ')} into tools/conformance/.cache/surrealdb`);
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'package.json'), '{"private":true,"type":"module"}');
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages];
  const { status, stderr, error } = spawnSync('npm', words, { cwd: cache, encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split('\n').at(-1));
}

function skipped(name: string, reason: string): CaseResult {
  return { name, status: 'skipped', reason };
}
