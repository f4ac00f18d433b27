import { expect } from '@jest/globals';
import type { TaskservUse } from '@provisioning/extensions-sdk';
import { formatReport, runTaskservConformance } from '@provisioning/extensions-sdk/conformance';
import { kitServer, type TaskservBed, type TestHost } from '../../../../../../tools/testing/taskserv-bed.ts';

/** What a taskserv is put through, from its installation to its removal. */
export interface Life {
  readonly config?: Record<string, unknown>;
  /** Shell that fails unless the service does its work. */
  readonly probe: string;
  readonly changed: Record<string, unknown>;
  readonly changedProbe: string;
  readonly gone: string;
}

/** Shell that prints an HTTP answer. */
export const http = (port: number, path: string): string =>
  `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; printf "GET ${path} HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n" >&3; cat <&3'`;

const proxied = (port: number): Record<string, unknown> => ({
  frontends: [{ name: 'web', port, mode: 'http', backend: 'web' }],
  backends: [{ name: 'web', mode: 'http', servers: [{ server: 'one', port: 9 }] }],
});

/** Light taskservs of the catalogue. */
export const lives: Readonly<Record<string, Life>> = {
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
    changed: {
      hooks: [{ id: 'hello', command: '/bin/echo', arguments: ['changed'] }],
      url: 'https://one.example.org/ci/run',
    },
    changedProbe: `${http(9000, '/ci/run/hello')} | grep -q changed`,
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
    config: { aliases: [{ address: '192.0.2.10/32' }, { address: '2001:db8::10/128' }] },
    probe:
      'ip -o address show dev lo | grep -q 192.0.2.10/32 && ip -o -6 address show dev lo | grep -q 2001:db8::10/128',
    changed: { aliases: [{ address: '192.0.2.11/32' }] },
    changedProbe:
      'ip -o address show dev lo | grep -q 192.0.2.11/32 && ! ip -o address show dev lo | grep -q 192.0.2.10/32',
    gone: '! test -e /etc/provisioning/ip-aliases && ! ip -o address show dev lo | grep -q 192.0.2.11',
  },
  haproxy: {
    config: proxied(8081),
    // Nobody is behind it, and it says so.
    probe: `${http(8081, '/')} | grep -q ' 503 '`,
    changed: proxied(8082),
    changedProbe: `${http(8082, '/')} | grep -q ' 503 '`,
    gone: '! test -e /usr/sbin/haproxy',
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

export const useOf = (name: string, config: Readonly<Record<string, unknown>> = {}): TaskservUse => ({
  name,
  profile: 'default',
  config: { ...config },
});

/**
 * The whole life of a taskserv on a real server, as the conformance kit has it: installed, healthy, at work, left alone by
 * a second run, started again, given a new setting, and removed with its data.
 */
export async function live(bed: TaskservBed, host: TestHost, name: string, life: Life): Promise<void> {
  const report = await runTaskservConformance({
    folder: await bed.context().extension('taskserv', name),
    life: {
      server: kitServer(bed, host, { name }),
      config: life.config,
      probe: life.probe,
      changed: { config: life.changed, probe: life.changedProbe },
      gone: life.gone,
    },
  });
  if (!report.passed) throw new Error(formatReport(report));
  const lived = report.groups.at(-1)!.checks.map(({ result }) => result);
  expect(lived.length).toBeGreaterThan(5);
  expect(new Set(lived)).toEqual(new Set(['passed']));
}
