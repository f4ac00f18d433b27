import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TaskservUse } from '@provisioning/extensions-sdk';
import { TaskservBed, type TestHost } from '../../../../../tools/testing/taskserv-bed.ts';
import { observeTaskservs } from '../../taskserv/observe.ts';
import { taskservCreate } from './create.ts';
import { taskservDelete } from './delete.ts';

/** Every taskserv is installed for real, does its work, is left alone by a second run, takes a new setting, and goes. */
let bed: TaskservBed;
let host: TestHost;
let plain: TestHost;

beforeAll(async () => {
  bed = await TaskservBed.make();
  plain = await bed.host('one');
  host = plain;
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

interface Life {
  readonly config?: Record<string, unknown>;
  /** Shell that fails unless the service does its work. */
  readonly probe: string;
  readonly changed: Record<string, unknown>;
  readonly changedProbe: string;
  readonly gone: string;
  /** Containers inside a container need all capabilities. */
  readonly privileged?: boolean;
}

const http = (port: number, path: string): string =>
  `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; printf "GET ${path} HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n" >&3; cat <&3'`;

const proxied = (port: number): Record<string, unknown> => ({
  frontends: [{ name: 'web', port, mode: 'http', backend: 'web' }],
  backends: [{ name: 'web', mode: 'http', servers: [{ server: 'one', port: 9 }] }],
});

const lives: Readonly<Record<string, Life>> = {
  nginx: {
    probe: `${http(80, '/health')} | grep -q '200 OK'`,
    changed: { port: 8080 },
    changedProbe: `${http(8080, '/health')} | grep -q '200 OK'`,
    gone: '! systemctl is-active -q nginx',
  },
  'node-exporter': {
    probe: `${http(9100, '/metrics')} | grep -q node_memory_MemTotal_bytes`,
    changed: { port: 9101 },
    changedProbe: `${http(9101, '/metrics')} | grep -q node_memory_MemTotal_bytes`,
    gone: '! test -e /usr/bin/prometheus-node-exporter',
  },
  webhook: {
    config: { hooks: [{ id: 'hello', command: '/bin/echo', arguments: ['well done'] }] },
    probe: `${http(9000, '/hooks/hello')} | grep -q 'well done'`,
    changed: { hooks: [{ id: 'hello', command: '/bin/echo', arguments: ['changed'] }] },
    changedProbe: `${http(9000, '/hooks/hello')} | grep -q changed`,
    gone: '! test -e /etc/webhook.conf',
  },
  'oci-reg': {
    probe: `${http(5000, '/v2/')} | grep -q '200 OK'`,
    changed: { auth_enabled: true },
    changedProbe: `${http(5000, '/v2/')} | grep -q '401' && test -s /etc/provisioning/secrets/oci-reg`,
    gone: '! systemctl is-active -q docker-registry',
  },
  proxy: {
    config: { http_proxy: 'http://127.0.0.1:3128' },
    probe: 'bash -lc \'test "$https_proxy" = http://127.0.0.1:3128\'',
    changed: { http_proxy: '' },
    changedProbe: 'bash -lc \'test -z "$https_proxy"\'',
    gone: '! test -e /etc/apt/apt.conf.d/60provisioning-proxy',
  },
  'ip-aliases': {
    config: { aliases: [] },
    probe: 'ip -V',
    changed: {},
    changedProbe: 'test -e /etc/provisioning/ip-aliases',
    gone: '! test -e /etc/provisioning/ip-aliases',
  },
  haproxy: {
    config: proxied(8081),
    // Nobody is behind it, and it says so.
    probe: `${http(8081, '/')} | grep -q ' 503 '`,
    changed: proxied(8082),
    changedProbe: `${http(8082, '/')} | grep -q ' 503 '`,
    gone: '! test -e /usr/sbin/haproxy',
  },
  mysql: {
    config: { databases: [{ name: 'colours' }] },
    probe: 'mysql -N -e "create table colours.names (name text)"',
    changed: { port: 3307, databases: [{ name: 'colours' }, { name: 'shapes' }] },
    changedProbe: `mysql -N -e 'show tables in colours; use shapes' | grep -q names && bash -c ': </dev/tcp/127.0.0.1/3307'`,
    gone: '! test -e /usr/sbin/mariadbd && ! test -e /var/lib/mysql',
  },
  etcd: {
    probe: 'ETCDCTL_API=3 etcdctl put colour blue && ETCDCTL_API=3 etcdctl get colour | grep -q blue',
    changed: { client_port: 2479 },
    changedProbe: 'ETCDCTL_API=3 etcdctl --endpoints 127.0.0.1:2479 get colour | grep -q blue',
    gone: '! test -e /usr/bin/etcd && ! test -e /var/lib/etcd/provisioning',
  },
  redis: {
    probe: 'test "$(redis-cli set a b)" = OK && test "$(redis-cli get a)" = b',
    changed: { port: 6380 },
    changedProbe: 'test "$(redis-cli -p 6380 get a)" = b',
    gone: '! test -e /usr/bin/redis-server && ! test -e /var/lib/redis',
  },
  // The kernel of a container's host decides whether NFS can be mounted; see below.
  'external-nfs': {
    config: { address: '127.0.0.1', mount: false },
    probe: 'mount.nfs4 -V && test -d /mnt/nfs',
    changed: { address: '127.0.0.1', mount: false, mount_point: '/mnt/other' },
    changedProbe: 'test -d /mnt/other',
    gone: '! command -v mount.nfs4',
  },
  runc: {
    probe: 'runc --version',
    changed: {},
    changedProbe: 'runc features || runc --version',
    gone: '! command -v runc',
  },
  crun: { probe: 'crun --version', changed: {}, changedProbe: 'crun --version', gone: '! command -v crun' },
  containerd: {
    config: { snapshotter: 'native' },
    probe: 'ctr version && ctr namespaces create probe && ctr namespaces list | grep -q probe',
    changed: { snapshotter: 'native', registry_mirrors: ['http://127.0.0.1:5000'] },
    changedProbe: 'grep -q 127.0.0.1:5000 /etc/containerd/certs.d/_default/hosts.toml',
    gone: '! systemctl is-active -q containerd',
  },
  docker: {
    config: { storage_driver: 'vfs' },
    probe: 'docker info --format "{{.ServerVersion}}" && test -S /var/run/docker.sock',
    changed: { storage_driver: 'vfs', registries: ['http://127.0.0.1:5000'] },
    changedProbe: 'docker info | grep -q http://127.0.0.1:5000',
    gone: '! command -v dockerd',
    privileged: true,
  },
  podman: {
    config: { runtime: 'runc', api_socket: true, storage_driver: 'vfs' },
    probe:
      'podman info --format "{{.Host.OCIRuntime.Name}}" | grep -q runc && test -S /run/podman/podman.sock',
    changed: { runtime: 'crun', storage_driver: 'vfs' },
    changedProbe: 'podman info --format "{{.Host.OCIRuntime.Name}}" | grep -q crun',
    gone: '! command -v podman',
    privileged: true,
  },
  alertmanager: {
    probe: `${http(9093, '/-/ready')} | grep -q '200 OK'`,
    changed: { receivers: [{ name: 'team', webhook_url: 'http://127.0.0.1:9000/hooks/hello' }] },
    changedProbe: `${http(9093, '/api/v2/status')} | grep -q 'receiver: team'`,
    gone: '! systemctl is-active -q prometheus-alertmanager',
  },
  prometheus: {
    config: { scrape: [{ job: 'nodes', servers: ['one'], port: 9100 }], scrape_interval: '1s' },
    probe: `${http(9090, '/api/v1/status/config')} | grep -q 'job_name: nodes'`,
    changed: { scrape_interval: '2s' },
    changedProbe: `${http(9090, '/api/v1/status/config')} | grep -q 'scrape_interval: 2s'`,
    gone: '! systemctl is-active -q prometheus',
  },
};

const use = (name: string, config: Record<string, unknown> = {}): TaskservUse => ({
  name,
  profile: 'default',
  config,
});
const create = (name: string, config: Record<string, unknown> = {}) =>
  taskservCreate.run(bed.context(), { server: host.target, taskserv: use(name, config), references: [] });

test.each(Object.entries(lives))(
  '07 §3 %s: install, work, second run, new setting, removal',
  async (name, life) => {
    const config = life.config ?? {};
    host = life.privileged === true ? await bed.host('two', { extra: { privileged: true } }) : plain;
    expect(await create(name, config)).toMatchObject({ changed: true });
    await host.sh(life.probe);
    expect(await create(name, config)).toMatchObject({ changed: false, reasons: [] });
    const [seen] = await observeTaskservs(bed.context(), host.target, [use(name, config)]);
    expect(seen).toMatchObject({ state: 'satisfied', reasons: [] });
    await create(name, life.changed);
    await host.sh(life.changedProbe);
    const removal = {
      server: host.target,
      taskserv: use(name, life.changed),
      references: [],
      cleanup_data: true,
    };
    expect(await taskservDelete.run(bed.context(), removal)).toMatchObject({
      status: 'uninstalled',
      warnings: [],
    });
    await host.sh(life.gone);
  },
  480_000,
);

test('secrets of real services reach no process argument, no log and no file others can read', async () => {
  host = plain;
  const secret = 'pa55-of-real-services';
  // Everything that runs while the services are installed is looked at, twenty times a second.
  await host.sh(`touch /root/watching; cat >/root/watch.sh <<'END'
while [ -e /root/watching ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -a '^pa55-' >>/root/leaks; sleep 0.05; done
END
systemd-run -q --unit watching sh /root/watch.sh`);
  const services = {
    redis: { password: secret },
    webhook: { secret, hooks: [{ id: 'hello', command: '/bin/echo' }] },
    'oci-reg': { auth_enabled: true, password: secret },
  };
  for (const [name, config] of Object.entries(services)) {
    await create(name, config);
    expect(await create(name, config)).toMatchObject({ changed: false });
  }
  await host.sh('rm /root/watching; while systemctl is-active -q watching; do sleep 0.1; done');
  expect(await host.sh('cat /root/leaks')).toBe('');
  expect(JSON.stringify(bed.progress)).not.toContain(secret);
  expect(await host.sh(`journalctl -q --no-pager | grep -c ${secret} || true`)).toBe('0\n');
  const open = `grep -rlE 'pa55-of-real-service[s]' /run /tmp /var/lib/provisioning /var/log /etc 2>/dev/null || true`;
  expect(
    await host.sh(`for f in $(${open}); do stat -c '%a %n' "$f"; done | grep -v '^[0-7]*[0-7]0 ' || true`),
  ).toBe('');
  for (const [name, config] of Object.entries(services)) {
    const removal = { server: host.target, taskserv: use(name, config), references: [], cleanup_data: true };
    await taskservDelete.run(bed.context(), removal);
  }
}, 240_000);

test('external-nfs: a server that does not answer, or a kernel without NFS, is told and leaves no mount', async () => {
  host = plain;
  const options = 'nfsvers=4.2,soft,timeo=10,retrans=1,retry=0';
  await expect(create('external-nfs', { address: '127.0.0.1', options })).rejects.toMatchObject({
    code: 'TASKSERV_START_FAILED',
    message: expect.stringContaining('mnt-nfs.mount'),
  });
  await host.sh('! grep -q /mnt/nfs /proc/mounts; apt-get -qq -y purge --auto-remove nfs-common >/dev/null');
}, 120_000);

test('resolv: wanted name servers, drift, and back to what was', async () => {
  host = plain;
  const before = await host.sh('cat /etc/resolv.conf');
  const config = { nameservers: ['192.0.2.53'], search: ['example.org'] };
  expect(await create('resolv', config)).toMatchObject({ changed: true });
  expect(await host.sh('grep -v "^#" /etc/resolv.conf')).toBe('nameserver 192.0.2.53\nsearch example.org\n');
  expect(await create('resolv', config)).toMatchObject({ changed: false });
  await host.sh('echo "nameserver 198.51.100.1" >> /etc/resolv.conf');
  expect(await create('resolv', config)).toMatchObject({
    changed: true,
    reasons: ['resolv.conf is different, not as defined'],
  });
  const removal = {
    server: host.target,
    taskserv: use('resolv', config),
    references: [],
    cleanup_data: false,
  };
  await taskservDelete.run(bed.context(), removal);
  expect(await host.sh('cat /etc/resolv.conf')).toBe(before);
});
