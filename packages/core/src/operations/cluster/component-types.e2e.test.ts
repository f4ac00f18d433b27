import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { planClusterRemoval } from '../../cluster/plan.ts';
import { readClusters } from '../../cluster/state.ts';
import { ClusterBed, clusterOf, component } from './testing/cluster-bed.ts';

/** Components that are no taskserv: servers, what providers keep beside them, and applications. */
let bed: ClusterBed;

beforeAll(async () => {
  bed = await ClusterBed.make([]);
  // Containers inside a container need all capabilities.
  await bed.add('one', { extra: { privileged: true } });
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

/** A kubectl that keeps what is applied in a file and tells of it: a control plane is out of reach here. */
const kubectl = `#!/bin/sh
echo "$*" >>/root/kubectl.log
case "$1" in
  apply) cat >/root/applied.json; echo deployment.apps/shop configured ;;
  get) if [ -e /root/applied.json ]; then printf 'shop '; sed -n 's/.*"provisioning\\/digest":"\\([0-9a-f]*\\)".*/\\1/p' /root/applied.json; fi ;;
  rollout) if [ -e /root/no-rollout ]; then echo 'error: timed out waiting for the condition' >&2; exit 1; fi ;;
  delete) cat >/root/deleted.json; rm -f /root/applied.json ;;
esac
`;

const everything = () =>
  clusterOf(
    [
      component('backnet', [], {
        type: 'infrastructure',
        config: { network: { name: 'backnet' }, volume: { name: 'shared', size: 1 } },
      }),
      component('node', ['backnet'], {
        type: 'server',
        config: { cores: 1, memory: 512, os: 'debian', running_wait: 0 },
        resources: { replicas: 2 },
      }),
      component('marker', ['node'], {
        service: 'ip-aliases',
        servers: '@servers(node)',
        config: { aliases: [] },
      }),
    ],
    'farm',
  );

test('07 §10.2 servers, networks and volumes come with a cluster, are used by it, and go with it', async () => {
  const farm = everything();
  await bed.carryOut(await bed.plan(farm));
  const hostnames = async () => (await bed.bed.provider.listServers()).map(({ hostname }) => hostname).sort();
  const network = async () => (await bed.bed.provider.network!.list()).some(({ name }) => name === 'backnet');
  const volume = async () => (await bed.bed.provider.volume!.list()).some(({ name }) => name === 'shared');
  expect([await hostnames(), await network(), await volume()]).toEqual([
    ['farm-node-01', 'farm-node-02', 'one'],
    true,
    true,
  ]);
  expect((await readClusters(bed.context()))['farm']?.components).toMatchObject([
    { component: 'backnet', type: 'resource', servers: ['backnet', 'shared'] },
    { component: 'node', type: 'server', servers: ['farm-node-01', 'farm-node-02'] },
    { component: 'marker', type: 'taskserv', servers: ['farm-node-01', 'farm-node-02'] },
  ]);

  // Fewer servers: the last one loses its taskserv, then goes.
  const fewer = await bed.plan(farm, { scale: { node: 1 } });
  expect(fewer.changes.filter(({ action }) => action === 'delete')).toMatchObject([
    { name: 'farm/marker', reasons: ['from farm-node-02'] },
    { name: 'farm/node', reasons: ['from farm-node-02'] },
  ]);
  await bed.carryOut(fewer);
  expect(await hostnames()).toEqual(['farm-node-01', 'one']);

  await bed.carryOut(await planClusterRemoval(bed.context(), bed.infrastructure(), farm));
  expect([await hostnames(), await network(), await volume()]).toEqual([['one'], false, true]);
  await bed.bed.provider.volume!.delete(
    (await bed.bed.provider.volume!.list()).find(({ name }) => name === 'shared')!.id,
  );
}, 300_000);

test('07 §10.2.6 a component that fails takes the servers, networks and volumes of its run with it', async () => {
  const farm = everything();
  const broken = {
    ...farm,
    components: farm.components.map((one) =>
      one.name === 'marker' ? { ...one, service: 'oci-reg', config: { storage_path: '/proc/nowhere' } } : one,
    ),
  };
  const results = await bed.run(await bed.plan(broken), true);
  expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'failed', 'skipped']);
  const [servers, networks, volumes] = await Promise.all([
    bed.bed.provider.listServers(),
    bed.bed.provider.network!.list(),
    bed.bed.provider.volume!.list(),
  ]);
  expect(servers.map(({ hostname }) => hostname)).toEqual(['one']);
  expect([networks.filter(({ name }) => name === 'backnet'), volumes]).toEqual([[], []]);
}, 300_000);

test('an infrastructure component that the provider has no service for is refused with what lacks', async () => {
  const names = clusterOf([
    component('names', [], {
      type: 'infrastructure',
      config: { dns: { name: 'x', zone: 'example.org', value: '192.0.2.1' } },
    }),
  ]);
  const [result] = await bed.run(await bed.plan(names));
  expect(result?.error?.message).toContain("Provider 'local' does not support dns_management");
  const nothing = clusterOf([component('odd', [], { type: 'infrastructure', config: {} })]);
  await expect(bed.plan(nothing)).rejects.toMatchObject({ code: 'COMPONENT_INVALID', exitCode: 3 });
});

test('07 §10.2.5 an application runs as a container: kept running, changed in place, its environment hidden', async () => {
  const shop = (port: number, env: Record<string, string>) =>
    clusterOf(
      [
        component('podman', [], { config: { runtime: 'runc', storage_driver: 'vfs' } }),
        component('web', ['podman'], {
          type: 'application',
          config: {
            image: 'localhost/answer:1',
            ports: [`${port}:8080`],
            env,
            command: ['perl', '/answer.pl'],
            timeout: 60,
          },
        }),
      ],
      'shop',
    );
  const first = shop(8081, { GREETING: 'hello', API_TOKEN: 'token-of-the-shop' });
  const missing = clusterOf(
    [first.components[1]!].map((one) => ({ ...one, dependencies: [] })),
    'shop',
  );
  const [refused] = await bed.run(await bed.plan(missing));
  expect(refused?.error?.message).toContain('Cluster requirements not met: one has no container runtime');

  const [podman] = first.components;
  await bed.carryOut(await bed.plan(clusterOf([podman!], 'runtime')));
  // An image without a registry: a shell and Perl of the server itself.
  await bed.sh(
    'one',
    `mkdir -p /root/image && cd /root/image
cat >answer.pl <<'end'
use IO::Socket::INET;
$SIG{PIPE} = 'IGNORE';
my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { print $c "$ENV{GREETING}\\n"; close $c; }
end
tar -cf - -C / --exclude='usr/share/doc' bin lib lib64 usr/bin/perl usr/lib/x86_64-linux-gnu usr/lib64 usr/share/perl 2>/dev/null >/root/image.tar || true
tar -rf /root/image.tar answer.pl
podman import -q /root/image.tar localhost/answer:1`,
  );
  await bed.carryOut(await bed.plan(first));
  const answer = (port: number) => `bash -c 'cat </dev/tcp/127.0.0.1/${port}'`;
  await bed.eventually('one', answer(8081), 'hello');
  const pids = 'systemctl show -p MainPID --value provisioning-shop-web';
  const before = await bed.sh('one', pids);
  await bed.carryOut(await bed.plan(first));
  expect(await bed.sh('one', pids)).toBe(before);
  expect(
    await bed.sh(
      'one',
      "grep -rl token-of-the-shop /etc | xargs stat -c '%a %U %n'; ps ax -o args | grep -c [t]oken-of || true",
    ),
  ).toBe('600 root /etc/provisioning/applications/shop-web.env\n0\n');
  expect(JSON.stringify(await readClusters(bed.context()))).not.toContain('token-of-the-shop');

  await bed.sh('one', `kill -9 $(${pids})`);
  await bed.eventually('one', answer(8081), 'hello').catch(async (error: Error) => {
    throw new Error(
      `${error.message}\n${await bed.sh('one', 'journalctl -u provisioning-shop-web -n 12 --no-pager -o cat')}`,
    );
  });
  const second = shop(8082, { GREETING: 'good day' });
  await bed.carryOut(await bed.plan(second));
  await bed.eventually('one', answer(8082), 'good day');

  await bed.carryOut(await planClusterRemoval(bed.context(), bed.infrastructure(), second));
  expect(
    await bed.sh(
      'one',
      'podman ps -q; ls /etc/provisioning/applications /etc/systemd/system | grep shop || true',
    ),
  ).toBe('');
}, 300_000);

test('07 §10.2.5 an application with containers for Kubernetes is applied, waited for, and deleted again', async () => {
  await bed.sh('one', `cat >/usr/local/bin/kubectl <<'end'\n${kubectl}end\nchmod 755 /usr/local/bin/kubectl`);
  const shop = (image: string) =>
    clusterOf(
      [
        component('shop', [], {
          type: 'application',
          resources: { replicas: 3 },
          config: {
            spec: { containers: [{ name: 'shop', image }] },
            service: { name: 'shop', ports: [{ name: 'http', target: 80 }] },
          },
        }),
      ],
      'kube',
    );
  await expect(bed.plan(shop('shop:1'))).rejects.toThrow("application 'shop' needs Kubernetes");
  const infrastructure = bed.infrastructure({ settings: { cluster_admin_host: 'one' } as never });
  const plan = async (image: string) => {
    const { planCluster } = await import('../../cluster/plan.ts');
    return planCluster(bed.context(), infrastructure, shop(image), { namespace: 'trade' });
  };
  await bed.carryOut(await plan('shop:1'));
  const applied = JSON.parse(await bed.sh('one', 'cat /root/applied.json')) as {
    items: { kind: string; spec?: { replicas?: number } }[];
  };
  expect(applied.items.map(({ kind }) => kind)).toEqual(['Namespace', 'Deployment', 'Service']);
  expect(applied.items[1]?.spec?.replicas).toBe(3);
  expect(await bed.sh('one', 'grep rollout /root/kubectl.log')).toBe(
    'rollout status deployment/shop -n trade --timeout=600s\n',
  );

  // A rollout that does not come about: what was there before is applied again.
  const first = await bed.sh('one', 'cat /root/applied.json; touch /root/no-rollout');
  const results = await bed.run(await plan('shop:2'));
  expect(results[0]?.error?.message).toContain('timed out waiting for the condition');
  expect(await bed.sh('one', 'cat /root/applied.json; rm /root/no-rollout')).toBe(first);

  await bed.carryOut(await planClusterRemoval(bed.context(), infrastructure, shop('shop:1')));
  expect(await bed.sh('one', 'cat /root/deleted.json')).not.toContain('"Namespace"');
}, 120_000);
