import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Cluster } from '@provisioning/extensions-sdk';
import { planCanaryWeight, planClusterRollback, planPromotion } from '../changeover.ts';
import { clusterLogs } from '../logs.ts';
import { planClusterRemoval } from '../plan.ts';
import { readClusters } from '../../state/clusters.ts';
import { buildkitArchive } from '../testing/buildkit-archive.ts';
import { ClusterBed } from '../testing/cluster-bed.ts';
import { startMirror } from '../testing/mirror.ts';

/** The clusters of the catalogue, each for real on the same three servers: they do their work, and go again. */
let bed: ClusterBed;
const names = ['one', 'two', 'three'];
const hosts = ['one', 'three', 'two'];

beforeAll(async () => {
  bed = await ClusterBed.make(names);
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

const http = (port: number, path: string): string =>
  `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; printf "GET ${path} HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n" >&3; cat <&3'`;

/** A cluster of the catalogue with settings for some of its components. */
async function loaded(name: string, config: Readonly<Record<string, object>> = {}): Promise<Cluster> {
  const components = Object.entries(config).map(([component, values]) => ({
    name: component,
    config: values,
  }));
  return bed.load(name, { [name]: { components } });
}

async function remove(cluster: Cluster): Promise<void> {
  const options = { cleanupData: true };
  await bed.carryOut(await planClusterRemoval(bed.context(), bed.infrastructure(), cluster, options));
  expect((await readClusters(bed.context()))[cluster.name]).toBeUndefined();
}

test('07 §10.1 etcd: three members agree, and one may be lost', async () => {
  const etcd = await loaded('etcd');
  await bed.carryOut(await bed.plan(etcd));
  const etcdctl = 'ETCDCTL_API=3 etcdctl --command-timeout 5s';
  await bed.eventually('one', `${etcdctl} member list | grep -c started`, '3');
  await bed.sh('two', 'systemctl stop etcd');
  await bed.eventually('one', `${etcdctl} put colour green`, 'OK');
  await bed.eventually('three', `${etcdctl} get --print-value-only colour`, 'green');
  await remove(etcd);
  expect(await bed.sh('one', 'systemctl is-active etcd || true')).toBe('inactive\n');
}, 300_000);

test('07 §10.1 postgres-ha: the others follow the first server; its password is in no file of ours', async () => {
  const password = 'ha-replication-secret';
  const users = [{ name: 'replicator', password, replication: true }];
  const small = { max_connections: 20, shared_buffers: '16MB' };
  const ha = await loaded('postgres-ha', {
    primary: { ...small, users, databases: [{ name: 'app' }] },
    replica: { ...small, users, replica_of: '@first(primary)', replication_password: password },
  });
  await bed.carryOut(await bed.plan(ha));
  const state = await readClusters(bed.context());
  expect(state['postgres-ha']?.components.map(({ component, servers }) => [component, servers])).toEqual([
    ['system', hosts],
    ['primary', ['one']],
    ['replica', ['three', 'two']],
  ]);
  expect(JSON.stringify(state)).not.toContain(password);
  const psql = (query: string) =>
    `cd / && setpriv --reuid=postgres --regid=postgres --init-groups psql -qAtX -d app -c "${query}"`;
  await bed.sh('one', psql("create table colours (name text); insert into colours values ('violet')"));
  await bed.eventually('two', psql('select name from colours'), 'violet');
  await bed.eventually('three', psql('select name from colours'), 'violet');
  await remove(ha);
}, 300_000);

test('07 §10.1 monitoring: Prometheus sees every server, and where alerts go', async () => {
  const monitoring = await loaded('monitoring', { prometheus: { scrape_interval: '1s' } });
  await bed.carryOut(await bed.plan(monitoring));
  const targets = `${http(9090, '/api/v1/query?query=count(node_uname_info)')} | tail -1`;
  await bed.eventually('one', targets, /"value":\[[^\]]*"3"\]/);
  await bed.eventually('one', `${http(9090, '/api/v1/alertmanagers')} | tail -1`, /"url":"[^"]*:9093/);
  const lines: string[] = [];
  await clusterLogs(bed.context(), bed.infrastructure(), monitoring, {
    component: 'prometheus',
    tail: 50,
    follow: false,
    onLine: ({ component, server }, line) => lines.push(`${component}@${server} ${line}`),
  });
  expect(lines.join('\n')).toMatch(/^prometheus@one .*Server is ready to receive web requests/m);
  await remove(monitoring);
}, 300_000);

test('07 §10.1 buildkit: containerd, a build daemon from a mirror, and a registry', async () => {
  await using mirror = await startMirror({ 'buildkit.tar.gz': await buildkitArchive() });
  const gateway = (await bed.sh('one', "ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'")).trim();
  const url = `http://${gateway}:${mirror.port}/buildkit.tar.gz`;
  const buildkit = await loaded('buildkit', {
    containerd: { snapshotter: 'native' },
    buildkit: { download_url: url, checksum_url: `${url}.sha256` },
  });
  const one = { ...buildkit, servers: ['one'] };
  await bed.carryOut(await bed.plan(one));
  expect(
    await bed.sh('one', 'ctr version >/dev/null && systemctl is-active containerd buildkit docker-registry'),
  ).toBe('active\nactive\nactive\n');
  expect(await bed.sh('one', http(5000, '/v2/'))).toContain('200 OK');
  await remove(one);
}, 300_000);

test('07 §10.1 oci-reg: a registry answers on one server', async () => {
  const registry = await loaded('oci-reg', { containerd: { snapshotter: 'native' } });
  await bed.carryOut(await bed.plan(registry));
  expect(await bed.sh('one', http(5000, '/v2/'))).toContain('200 OK');
  await remove(registry);
}, 300_000);

test('07 §10.1 data-platform: a database and a cache answer on one server', async () => {
  const platform = await loaded('data-platform', {
    postgres: { max_connections: 20, shared_buffers: '16MB', databases: [{ name: 'app' }] },
  });
  await bed.carryOut(await bed.plan(platform));
  expect(await bed.sh('one', 'su postgres -c "psql -Atc \'select 6 * 7\' app"')).toBe('42\n');
  expect(await bed.sh('one', 'redis-cli set colour green && redis-cli get colour')).toBe('OK\ngreen\n');
  await remove(platform);
}, 300_000);

test('07 §10.4 web: a canary takes a share of the traffic, is promoted, rolled back; servers come and go', async () => {
  const web = await loaded('web');
  const servers = async (file = '/etc/haproxy/haproxy.cfg') =>
    (
      await bed.sh(
        'one',
        `sed -n 's/^ *server \\([a-z]*\\) .*:80\\( weight [0-9]*\\)\\{0,1\\}.*/\\1\\2/p' ${file}`,
      )
    ).trim();
  const answers = `for i in 1 2 3 4 5 6 7 8 9 10; do ${http(8080, '/')} | grep -ai '^server'; done | tr -d '\\r' | cut -d/ -f1-2 | sed 's/nginx.*[0-9].*/new/; s/.*nginx/old/' | sort | uniq -c | tr -s ' \\n' ' '`;
  await bed.carryOut(await bed.plan(web, { scale: { web: 2 } }));
  expect(await servers()).toBe('one\nthree');
  await bed.eventually('one', answers, /^10 .*old$/);

  const next = await bed.load('web-canary');
  const changed: Cluster = {
    ...next,
    version: '2.0.0',
    components: next.components.map((one) =>
      one.name === 'web' ? { ...one, config: { server_tokens: true } } : one,
    ),
  };
  expect(changed.components.map(({ name }) => name)).toEqual(['system', 'web']);
  await bed.carryOut(await bed.plan(changed, { scale: { web: 1 } }));
  const infrastructure = bed.infrastructure();
  const weigh = (weight: number) =>
    planCanaryWeight(bed.context(), infrastructure, web, 'web-canary', weight);
  await bed.carryOut(await weigh(50));
  expect(await servers()).toBe('one weight 25\nthree weight 25\ntwo weight 50');
  await bed.eventually('one', answers, /^5 .* 5 /);

  await bed.carryOut(
    await planPromotion(bed.context(), infrastructure, web, changed, {
      rolling: { batch_size: 1, interval: 0 },
    }),
  );
  expect(await servers()).toBe('one\nthree');
  await bed.eventually('one', answers, /^10 .*new$/);
  expect((await readClusters(bed.context()))['web-canary']).toBeUndefined();
  expect(await bed.sh('two', 'systemctl is-active nginx || true')).toBe('inactive\n');
  const override = join(bed.bed.workspacePath, 'infra/demo/overrides/clusters/web.yaml');
  expect(await readFile(override, 'utf8')).toContain('server_tokens: true');
  const promoted = await bed.load('web');
  expect(promoted).toMatchObject({ version: '2.0.0' });

  await bed.carryOut(await planClusterRollback(bed.context(), infrastructure, promoted));
  await bed.eventually('one', answers, /^10 .*old$/);
  await expect(planClusterRollback(bed.context(), infrastructure, promoted)).rejects.toMatchObject({
    code: 'CLUSTER_NO_HISTORY',
    exitCode: 5,
  });

  await bed.carryOut(await bed.plan(promoted, { scale: { web: 3 } }));
  expect(await servers()).toBe('one\nthree\ntwo');
  await bed.carryOut(await bed.plan(promoted, { scale: { web: 1 } }));
  expect(await servers()).toBe('one');
  for (const hostname of ['two', 'three'])
    expect(await bed.sh(hostname, 'systemctl is-active nginx || true')).toBe('inactive\n');
  await remove(promoted);
}, 600_000);
