import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readClusters } from '../../state/clusters.ts';
import { planClusterRemoval } from '../plan.ts';
import { buildkitArchive } from '../testing/buildkit-archive.ts';
import { ClusterBed } from '../testing/cluster-bed.ts';
import { startMirror } from '../testing/mirror.ts';

/** Clusters whose parts work together, each for real on the same three servers. */
let bed: ClusterBed;

beforeAll(async () => {
  bed = await ClusterBed.make(['one', 'two', 'three']);
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

const http = (port: number, path: string): string =>
  `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; printf "GET ${path} HTTP/1.0\\r\\nHost: shop\\r\\n\\r\\n" >&3; cat <&3'`;

test('07 §10.5 custom-web-stack: from the load balancer through every tier to the database, and gone again', async () => {
  await bed.sh(
    'two',
    `mkdir -p /srv/app && cat >/srv/app/shop.py <<'END'
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'the shop is open\\n']
END`,
  );
  const password = 'stack-replication-secret';
  const stack = await bed.load('custom-web-stack', {
    'custom-web-stack': {
      app_name: 'shop',
      network: { create: false },
      web_tier: { servers: ['three'] },
      app_tier: { servers: ['two'], application: 'shop:application' },
      database_tier: { servers: ['one'], replica_servers: ['two'], replication_password: password },
      components: [
        { name: 'database', config: { max_connections: 20, shared_buffers: '16MB' } },
        { name: 'database-replica', config: { max_connections: 20, shared_buffers: '16MB' } },
      ],
    },
  });
  await bed.carryOut(await bed.plan(stack));
  await bed.eventually('three', http(8080, '/anything'), /200 OK[^]*the shop is open/);
  const psql = 'cd / && setpriv --reuid=postgres --regid=postgres --init-groups psql -qAtX -d shop -c';
  await bed.sh('one', `${psql} "create table orders (name text); insert into orders values ('tea')"`);
  await bed.eventually('two', `${psql} 'select name from orders'`, 'tea');
  await bed.eventually('three', `${http(9090, '/api/v1/query?query=up')} | tail -1`, /"value":\[[^\]]*"1"\]/);
  expect(await bed.sh('one', 'systemctl is-active pg-backup.timer || systemctl list-timers --all')).toContain(
    'active',
  );
  expect(JSON.stringify(await readClusters(bed.context()))).not.toContain(password);
  const gone = await planClusterRemoval(bed.context(), bed.infrastructure(), stack, { cleanupData: true });
  const at = (component: string) => gone.graph.findIndex(({ name }) => name.includes(component));
  expect(at('load-balancer')).toBeGreaterThanOrEqual(0);
  expect(at('load-balancer')).toBeLessThan(at('database'));
  await bed.carryOut(gone);
  expect(await bed.sh('three', 'systemctl is-active nginx haproxy prometheus || true')).toBe(
    'inactive\ninactive\ninactive\n',
  );
}, 600_000);

test('07 §10.1 ci-cd: a registry and builds; Gitea is shown alone, its program is too large to build here', async () => {
  await using mirror = await startMirror({ 'buildkit.tar.gz': await buildkitArchive() });
  const gateway = (await bed.sh('one', "ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'")).trim();
  const url = `http://${gateway}:${mirror.port}/buildkit.tar.gz`;
  const cicd = await bed.load('ci-cd', {
    'ci-cd': {
      components: [
        { name: 'containerd', config: { snapshotter: 'native' } },
        { name: 'buildkit', config: { download_url: url, checksum_url: `${url}.sha256` } },
        { name: 'gitea', enabled: false },
      ],
    },
  });
  const one = { ...cicd, servers: ['one'] };
  await bed.carryOut(await bed.plan(one));
  expect(await bed.sh('one', 'systemctl is-active containerd buildkit docker-registry')).toBe(
    'active\nactive\nactive\n',
  );
  expect(await bed.sh('one', http(5000, '/v2/'))).toContain('200 OK');
  await bed.carryOut(
    await planClusterRemoval(bed.context(), bed.infrastructure(), one, { cleanupData: true }),
  );
  expect((await readClusters(bed.context()))['ci-cd']).toBeUndefined();
}, 600_000);
