import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Cli } from './cli.ts';

interface ServerInfo {
  readonly published_ports?: Readonly<Record<string, number>>;
}

/** After a server came back haproxy needs a few seconds until its health check sends clients there again. */
async function patiently<T>(work: () => Promise<T>, seconds = 30): Promise<T> {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > limit) throw error;
      await delay(500);
    }
  }
}

/** Uses the services as a client would, through haproxy on web-01: a row in PostgreSQL, a PING to Redis. */
export async function prove(cli: Cli, workspace: string): Promise<void> {
  const context = ['--workspace', workspace];
  const web = await cli.json<ServerInfo>(['server', 'info', 'web-01', ...context]);
  const port = (inner: number): number => web?.published_ports?.[String(inner)] ?? inner;
  const password = (
    await cli.text([
      'server',
      'exec',
      'db-01',
      ...context,
      '--',
      'cat',
      '/etc/provisioning/secrets/postgres-app',
    ])
  ).trim();

  const { server, id, total } = await patiently(() => writeAndRead(port(5432), password));
  process.stdout.write(
    `postgres  127.0.0.1:${port(5432)} -> haproxy on web-01 -> ${server} (db-01): wrote and read row ${id} (${total} in the table)\n`,
  );
  const answer = await patiently(() => ping(port(6379)));
  process.stdout.write(
    `redis     127.0.0.1:${port(6379)} -> haproxy on web-01 -> cache-01: PING -> ${answer}\n`,
  );
}

interface Row {
  readonly id: string;
  readonly total: string;
  readonly server: string;
}

async function writeAndRead(port: number, password: string): Promise<Row> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'app', database: 'app', password });
  // What ends the connection fails the query under way as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(
      'create table if not exists quickstart (id uuid primary key, at timestamptz default now())',
    );
    const id = randomUUID();
    await client.query('insert into quickstart (id) values ($1)', [id]);
    const { rows } = await client.query<Row>(
      'select id, (select count(*) from quickstart) as total, host(inet_server_addr()) as server from quickstart where id = $1',
      [id],
    );
    if (rows[0]?.id !== id) throw new Error('The row that was written did not come back.');
    return rows[0];
  } finally {
    await client.end();
  }
}

async function ping(port: number): Promise<string> {
  const cache = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 2, lazyConnect: true });
  cache.on('error', () => undefined);
  try {
    await cache.connect();
    return await cache.ping();
  } finally {
    cache.disconnect();
  }
}
