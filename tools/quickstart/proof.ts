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

  const database = await patiently(async () => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: port(5432),
      user: 'app',
      database: 'app',
      password,
    });
    await client.connect();
    return client;
  });
  try {
    await database.query(
      'create table if not exists quickstart (id uuid primary key, at timestamptz default now())',
    );
    const id = randomUUID();
    await database.query('insert into quickstart (id) values ($1)', [id]);
    const { rows } = await database.query<{ id: string; total: string; server: string }>(
      'select id, (select count(*) from quickstart) as total, host(inet_server_addr()) as server from quickstart where id = $1',
      [id],
    );
    const row = rows[0];
    if (row?.id !== id) throw new Error('The row that was written did not come back.');
    process.stdout.write(
      `postgres  127.0.0.1:${port(5432)} -> haproxy on web-01 -> ${row.server} (db-01): wrote and read row ${id} (${row.total} in the table)\n`,
    );
  } finally {
    await database.end();
  }

  const cache = new Redis({
    host: '127.0.0.1',
    port: port(6379),
    maxRetriesPerRequest: 2,
    lazyConnect: true,
  });
  await cache.connect();
  try {
    process.stdout.write(
      `redis     127.0.0.1:${port(6379)} -> haproxy on web-01 -> cache-01: PING -> ${await cache.ping()}\n`,
    );
  } finally {
    cache.disconnect();
  }
}
