import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresStore } from '../../../../../packages/orchestrator/src/journal/postgres/store.ts';
import { SqliteStore } from '../../../../../packages/orchestrator/src/journal/sqlite/store.ts';
import { SurrealStore } from '../../../../../packages/orchestrator/src/journal/surrealdb/store.ts';
import {
  postgresPrograms,
  startPostgres,
} from '../../../../../packages/orchestrator/src/testing/servers.fixture.ts';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { check } from './contract.ts';
import { usePackagesOf } from './packages.ts';
import { freePort } from '../../../../testing/free-port.ts';

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
  return [...embedded, ...(await surrealServer(folder))];
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

/**
 * The server is a program of its own that neither npm nor Debian has, and whose crate takes very long to build: it is
 * used where it is installed. Elsewhere SurrealDB's engine answers behind the same protocol.
 */
async function surrealServer(folder: string): Promise<CaseResult[]> {
  const [username, password] = ['root', 'conformance'];
  const port = await freePort();
  const data = join(folder, 'surrealdb-server');
  const program = spawnSync('surreal', ['version']).status === 0;
  const own = join(import.meta.dirname, 'rpc-server.ts');
  const address = `127.0.0.1:${port}`;
  const command: readonly [string, ...string[]] = program
    ? [
        'surreal',
        'start',
        '--bind',
        address,
        '--user',
        username,
        '--pass',
        password,
        `surrealkv://${data}?sync=every`,
      ]
    : [
        process.execPath,
        ...['--no-warnings', own, cache, `surrealkv://${data}?sync=every`, String(port), username, password],
      ];
  const kind = program ? 'surrealdb-server' : 'surrealdb-server (engine behind its RPC protocol)';
  usePackagesOf(cache);
  const make = (given = password) =>
    new SurrealStore({
      type: 'surrealdb-server',
      place: {
        url: `ws://${address}`,
        username,
        password: given,
        namespace: 'orchestrator',
        database: 'tasks',
      },
    });
  let server = await startSurreal(command, port);
  try {
    const results = await check(kind, () => make());
    const refused = await make('wrong')
      .open()
      .then(
        () => 'it was let in',
        (error: Error) => (error.message.includes('authentication') ? undefined : error.message),
      );
    results.push(result(`${kind}: a wrong password is refused`, refused));
    const store = make();
    await store.open();
    await store.append({ workflows: [], entries: [], records: [left] });
    await server.kill();
    server = await startSurreal(command, port);
    const found = await untilAnswered(() => store.record(left.kind, left.id));
    results.push(
      result(
        `${kind}: what was written survives kill -9, and the store finds the server again`,
        found === left.data ? undefined : `found ${String(found)}`,
      ),
    );
    await store.close();
    return results;
  } finally {
    await server.kill();
  }
}

const left = { kind: 'left', id: 'behind', data: '"☃"' };

async function startSurreal(
  [program, ...args]: readonly [string, ...string[]],
  port: number,
): Promise<{ kill(): Promise<void> }> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt++) {
    if (await isListening(port)) break;
    await sleep(100);
  }
  return {
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T | Error> {
  for (let attempt = 0; ; attempt++) {
    const limit = sleep(2000).then(() => Promise.reject(new Error('no answer')));
    const answer = await Promise.race([ask(), limit]).catch((error: Error) => error);
    if (!(answer instanceof Error) || attempt === 30) return answer;
    await sleep(500);
  }
}

function result(name: string, reason: string | undefined): CaseResult {
  return reason === undefined ? { name, status: 'passed' } : { name, status: 'failed', reason };
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
