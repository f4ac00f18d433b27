import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TaskservUse } from '@provisioning/extensions-sdk';
import { TaskservBed, type TestHost, watchArguments } from '../../../../../tools/testing/taskserv-bed.ts';
import { observeTaskservs } from '../../taskserv/observe.ts';
import { taskservCreate } from './create.ts';

/** Services that live on several servers at once. */
let bed: TaskservBed;
let hosts: TestHost[];
const names = ['node-1', 'node-2', 'node-3'];

beforeAll(async () => {
  bed = await TaskservBed.make();
  hosts = await Promise.all(names.map((name) => bed.host(name)));
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

const use = (name: string, config: Record<string, unknown>): TaskservUse => ({
  name,
  profile: 'default',
  config,
});
const create = (host: TestHost, name: string, config: Record<string, unknown>) =>
  taskservCreate.run(bed.context(), { server: host.target, taskserv: use(name, config), references: names });

async function eventually(host: TestHost, script: string, expected: string): Promise<void> {
  let seen = '';
  for (let attempt = 0; attempt < 60 && seen !== expected; attempt += 1) {
    seen = (await host.sh(`${script} || true`)).trim();
    if (seen !== expected) await new Promise((resolve) => setTimeout(resolve, 250));
  }
  expect(seen).toBe(expected);
}

test('etcd: three members form a cluster that survives losing one, and the repaired one comes back', async () => {
  const config = { members: names };
  const results = await Promise.all(hosts.map((host) => create(host, 'etcd', config)));
  expect(results.map(({ changed }) => changed)).toEqual([true, true, true]);
  const [one, two, three] = hosts as [TestHost, TestHost, TestHost];
  const etcdctl = 'ETCDCTL_API=3 etcdctl --command-timeout 5s';
  await eventually(one, `${etcdctl} member list | grep -c started`, '3');
  await one.sh(`${etcdctl} put colour blue`);
  await eventually(three, `${etcdctl} get --print-value-only colour`, 'blue');

  await two.sh('systemctl stop etcd');
  await eventually(one, `${etcdctl} put colour green`, 'OK');
  await eventually(three, `${etcdctl} get --print-value-only colour`, 'green');

  const [seen] = await observeTaskservs(bed.context(), two.target, [use('etcd', config)]);
  expect(seen).toMatchObject({ state: 'drifted', reasons: ['service etcd is not running'] });
  await create(two, 'etcd', config);
  await eventually(two, `${etcdctl} get --print-value-only colour`, 'green');
  expect(await create(one, 'etcd', config)).toMatchObject({ changed: false });
}, 240_000);

test('07 §3 redis: a replica follows, and sentinels that know both change the roles', async () => {
  const [one, two] = hosts as [TestHost, TestHost];
  const password = 'redis-replica-password';
  const primary = { password, sentinel: { enabled: true, quorum: 2 } };
  const replica = { ...primary, replica_of: 'node-1' };
  await create(one, 'redis', { password });
  await create(two, 'redis', { ...replica, sentinel: { enabled: false } });
  const cli = `REDISCLI_AUTH=${password} redis-cli`;
  await one.sh(`${cli} set colour red`);
  await eventually(two, `${cli} get colour`, 'red');
  expect(await two.sh(`${cli} role | head -n 1`)).toBe('slave\n');

  expect(await create(one, 'redis', primary)).toMatchObject({ changed: true });
  expect(await create(two, 'redis', replica)).toMatchObject({ changed: true });
  const sentinel = `${cli} -p 26379 sentinel`;
  const addresses = await Promise.all(
    [one, two].map((host) => host.sh("hostname -I | tr ' ' '\\n' | head -n 1")),
  );
  const [first, second] = addresses.map((address) => address.trim()) as [string, string];
  for (const host of [one, two]) {
    await eventually(host, `${sentinel} get-master-addr-by-name mymaster | head -n 1`, first);
    await eventually(host, `${sentinel} replicas mymaster | sed -n '/^ip$/{n;p}'`, second);
    await eventually(host, `${sentinel} ckquorum mymaster | cut -d ' ' -f 1-4`, 'OK 2 usable Sentinels.');
  }
  expect(await one.sh('redis-cli -p 26379 ping 2>&1 || true')).toContain('NOAUTH');
  // What the sentinels have written down by now is theirs.
  expect(await create(one, 'redis', primary)).toMatchObject({ changed: false });
  expect(await create(two, 'redis', replica)).toMatchObject({ changed: false });

  await eventually(one, `${sentinel} failover mymaster`, 'OK');
  await eventually(two, `${cli} role | head -n 1`, 'master');
  await eventually(one, `${sentinel} get-master-addr-by-name mymaster | head -n 1`, second);
  await eventually(one, `${cli} role | head -n 1`, 'slave');
  expect(await two.sh(`${cli} get colour`)).toBe('red\n');

  await create(one, 'redis', { password });
  expect(await one.sh('systemctl is-active redis-sentinel || true')).toBe('inactive\n');
}, 240_000);

test('postgres: made passwords stay on the host, a replica follows, and neither is touched again', async () => {
  const [one, two] = hosts as [TestHost, TestHost];
  const secret = 'pg-replication-secret';
  const shared = {
    max_connections: 20,
    shared_buffers: '16MB',
    users: [{ name: 'app' }, { name: 'replicator', password: secret, replication: true }],
    databases: [{ name: 'app', owner: 'app' }],
  };
  const [watchOne, watchTwo] = await Promise.all(
    [one, two].map((host) => watchArguments(host, 'pg-replication-secre[t]')),
  );
  const follower = { ...shared, replica_of: 'node-1', replication_password: secret };
  expect(await create(one, 'postgres', shared)).toMatchObject({ changed: true });
  const file = '/etc/provisioning/secrets/postgres-app';
  expect(await one.sh(`stat -c '%a %U' ${file}`)).toBe('600 root\n');
  expect(JSON.stringify(bed.progress)).not.toContain((await one.sh(`cat ${file}`)).trim());
  const psql = (query: string): string =>
    `PGPASSWORD=$(cat ${file}) /usr/lib/postgresql/15/bin/psql -qAtX -h 127.0.0.1 -U app -d app -c "${query}"`;
  await one.sh(psql("create table colours (name text); insert into colours values ('violet')"));

  expect(await create(two, 'postgres', follower)).toMatchObject({ changed: true });
  const read =
    'setpriv --reuid=postgres --regid=postgres --init-groups psql -qAtX -d app -c "select name from colours"';
  await eventually(two, `cd / && ${read}`, 'violet');
  expect([await watchOne!(), await watchTwo!()]).toEqual(['', '']);
  await one.sh(psql("update colours set name = 'indigo'"));
  await eventually(two, `cd / && ${read}`, 'indigo');

  expect(await create(one, 'postgres', shared)).toMatchObject({ changed: false });
  expect(await create(two, 'postgres', follower)).toMatchObject({ changed: false });
  await one.sh(
    `${psql('drop table colours')}; cd / && setpriv --reuid=postgres --regid=postgres --init-groups psql -qX -c 'drop database app'`,
  );
  const [seen] = await observeTaskservs(bed.context(), one.target, [use('postgres', shared)]);
  expect(seen).toMatchObject({ state: 'drifted', drift: true, reasons: ['database app is missing'] });
  expect(await create(one, 'postgres', shared)).toMatchObject({
    changed: true,
    reasons: ['database app is missing'],
  });

  const synced = {
    ...shared,
    custom_extensions: ['pg_trgm'],
    tls: { enabled: true },
    replication: { enabled: true, replicas: 1, sync_mode: 'sync' },
  };
  expect(await create(one, 'postgres', synced)).toMatchObject({ changed: true });
  const ask = (query: string): string =>
    `cd / && setpriv --reuid=postgres --regid=postgres --init-groups psql -qAtX -d app -c "${query}"`;
  await eventually(one, ask('select sync_state from pg_stat_replication'), 'quorum');
  await eventually(two, ask("select extname from pg_extension where extname = 'pg_trgm'"), 'pg_trgm');
  const [address] = (await one.sh('hostname -I')).split(' ');
  const remote = (mode: string): string =>
    `PGPASSWORD=${secret} psql -qAtX "host=${address} user=replicator dbname=app sslmode=${mode}" -c "select version from pg_stat_ssl where pid = pg_backend_pid()" 2>&1 || true`;
  expect(await two.sh(remote('require'))).toMatch(/^TLSv1\.[23]\n$/);
  expect(await two.sh(remote('disable'))).toContain('no encryption');
  expect(await create(one, 'postgres', synced)).toMatchObject({ changed: false });
  await one.sh(ask('drop extension pg_trgm'));
  expect(await create(one, 'postgres', synced)).toMatchObject({
    reasons: ['extension pg_trgm in app is missing'],
  });
}, 240_000);

test('a refused configuration leaves the service as it was', async () => {
  const [one] = hosts as [TestHost];
  const frontends = [{ name: 'redis', port: 16379, backend: 'redis' }];
  const backends = [{ name: 'redis', servers: [{ server: 'node-2', port: 6379 }] }];
  await create(one, 'haproxy', { frontends, backends });
  expect(await one.sh('cat /etc/haproxy/haproxy.cfg')).toMatch(/server node-2 10\.\d+\.\d+\.\d+:6379 check/);
  const broken = { frontends, backends: [{ ...backends[0], options: ['no such directive'] }] };
  await expect(create(one, 'haproxy', broken)).rejects.toMatchObject({
    code: 'TASKSERV_FILE_INVALID',
    exitCode: 3,
    message: expect.stringContaining('the previous one stays'),
  });
  expect(
    await one.sh('systemctl is-active haproxy; grep -c directive /etc/haproxy/haproxy.cfg || true'),
  ).toBe('active\n0\n');
}, 120_000);
