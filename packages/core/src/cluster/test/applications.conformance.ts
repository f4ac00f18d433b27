import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { planClusterRemoval } from '../plan.ts';
import { readClusters } from '../../state/clusters.ts';
import { ClusterBed, clusterOf, component } from '../testing/cluster-bed.ts';

/** An application in a container of a real podman, on a server that may run containers. */
let bed: ClusterBed;

beforeAll(async () => {
  bed = await ClusterBed.make([]);
  // Containers inside a container need all capabilities.
  await bed.add('one', { extra: { privileged: true } });
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

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
            // A container inside a container has no control groups of its own to show.
            volumes: ['/sys/fs/cgroup:/sys/fs/cgroup:ro'],
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
  await bed.eventually('one', answer(8081), 'hello');
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
