import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { freePort } from '../../../../tools/testing/free-port.ts';

/** Real servers of tests and benchmarks: each in a folder and on a port of its own, gone when it is stopped. */

export interface TestServer {
  readonly url: string;
  /** Kills the process; its data stay. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stops it in order and starts it again. */
  restart(): Promise<void>;
  /** Ends the process and removes its folder. */
  end(): Promise<void>;
}

const binaries = [
  '/usr/lib/postgresql/15/bin',
  '/usr/lib/postgresql/16/bin',
  '/usr/lib/postgresql/17/bin',
  '/usr/local/bin',
  '/usr/bin',
];

/** Folder of PostgreSQL's programs, where it is installed. */
export function postgresPrograms(): string | undefined {
  return binaries.find((folder) => existsSync(join(folder, 'initdb')));
}

export function redisProgram(): string | undefined {
  return ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(existsSync);
}

export async function startPostgres(): Promise<TestServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-postgres-'));
  const root = process.getuid?.() === 0;
  if (root) {
    chmodSync(folder, 0o755);
    execFileSync('chown', ['postgres', folder]);
  }
  const data = join(folder, 'data');
  // PostgreSQL refuses to run as root.
  const as = root ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  const command = (program: string, args: string[]) =>
    [...as, join(programs, program), ...args] as [string, ...string[]];
  const [init, ...initArgs] = command('initdb', [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-sync',
  ]);
  execFileSync(init, initArgs, { stdio: 'ignore', cwd: folder });
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const [program, ...args] = command('postgres', [
    ...['-D', data, '-p', String(port), '-k', folder],
    ...['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=60'],
  ]);
  return manage(
    folder,
    url,
    () => spawn(program, args, { stdio: 'ignore', cwd: folder }),
    async () => {
      const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
      try {
        await sql`SELECT 1`;
      } finally {
        await sql.end({ timeout: 1 });
      }
    },
  );
}

export async function startRedis(): Promise<TestServer> {
  const program = redisProgram();
  if (program === undefined) throw new Error('Redis is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  return manage(
    folder,
    url,
    () => spawn(program, args, { stdio: 'ignore' }),
    async () => {
      const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
      redis.on('error', () => undefined);
      try {
        await redis.connect();
        await redis.ping();
      } finally {
        redis.disconnect();
      }
    },
  );
}

async function manage(
  folder: string,
  url: string,
  launch: () => ChildProcess,
  probe: () => Promise<void>,
): Promise<TestServer> {
  let child: ChildProcess | undefined;
  const stop = async (signal: NodeJS.Signals) => {
    const process = child;
    child = undefined;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const gone = new Promise((resolve) => process.on('exit', resolve));
    process.kill(signal);
    await gone;
  };
  const server: TestServer = {
    url,
    async start() {
      child = launch();
      const limit = Date.now() + 60_000;
      for (;;) {
        try {
          await probe();
          return;
        } catch (error) {
          if (Date.now() > limit) throw error;
          await sleep(50);
        }
        // A killed PostgreSQL leaves children for a moment; as long as they live a new one refuses to start.
        if (child.exitCode !== null) child = launch();
      }
    },
    kill: () => stop('SIGKILL'),
    async restart() {
      await stop('SIGINT');
      await server.start();
    },
    async end() {
      await stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}
