import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PackageMirror } from '../../../../../../tools/testing/package-mirror.ts';
import { TaskservBed, type TestHost } from '../../../../../../tools/testing/taskserv-bed.ts';
import { type Life, live } from './lives.ts';

/**
 * The taskservs that take their time, on a server that may run containers: each gets a real image,
 * which is made on the server, since no registry is reached.
 */
let bed: TaskservBed;
let host: TestHost;

/** An image with one static program, as `docker save` would write it. */
const image = `apt-get -qq update; apt-get -qq -y install --no-install-recommends busybox-static >/dev/null
mkdir -p /root/image/rootfs/bin /root/image/rootfs/proc /root/image/rootfs/dev /root/image/rootfs/sys
cp /bin/busybox /root/image/rootfs/bin/busybox
cd /root/image
tar -C rootfs -cf layer.tar .
sum=$(sha256sum layer.tar | cut -d ' ' -f 1)
printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/busybox","echo","violet"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$sum" >config.json
echo '[{"Config":"config.json","RepoTags":["docker.io/library/probe:1"],"Layers":["layer.tar"]}]' >manifest.json
tar -cf /root/probe.tar config.json manifest.json layer.tar`;

beforeAll(async () => {
  bed = await TaskservBed.make();
  host = await bed.host('containers', { extra: { privileged: true } });
  await host.sh(image);
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

const said = (command: string): string => `test "$(${command} | tail -n 1)" = violet`;

/** A container straight from a runtime, with the program as its file system. */
const bundle = (runtime: string, options = ''): string =>
  `d=$(mktemp -d); cp -r /root/image/rootfs "$d/"; cd "$d"; ${runtime} spec
# Where a container cannot mount control groups, the inner one gets an empty folder instead.
sed -i 's/"type": "cgroup"/"type": "tmpfs"/; s/"source": "cgroup"/"source": "tmpfs"/; /"relatime",/d' config.json
sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"\\/bin\\/busybox","echo","violet"/' config.json
test "$(${runtime} ${options} run probe-$$)" = violet; cd /; rm -r "$d"`;

const lives: Readonly<Record<string, Life>> = {
  os: {
    config: { packages: ['tree'], timezone: 'Europe/Madrid', users: [{ name: 'ana', groups: ['ops'] }] },
    probe: 'tree --version && test "$(date +%Z)" != UTC && id -nG ana | grep -qw ops',
    changed: { packages: ['bc'], timezone: 'UTC', users: [{ name: 'ana' }, { name: 'ben', sudo: true }] },
    changedProbe:
      'echo 1+1 | bc && test "$(date +%Z)" = UTC && setpriv --reuid=ben --clear-groups sudo -n true',
    gone: 'test ! -e /etc/sudoers.d/60-provisioning',
  },
  runc: { probe: bundle('runc'), changed: {}, changedProbe: bundle('runc'), gone: '! command -v runc' },
  crun: {
    probe: bundle('crun', '--cgroup-manager=disabled'),
    changed: {},
    changedProbe: bundle('crun', '--cgroup-manager=disabled'),
    gone: '! command -v crun',
  },
  containerd: {
    config: { snapshotter: 'native' },
    probe: `ctr images import /root/probe.tar && ${said('ctr run --rm --snapshotter native docker.io/library/probe:1 p1')}`,
    changed: { snapshotter: 'native', registry_mirrors: ['http://127.0.0.1:5000'] },
    changedProbe: `grep -q 127.0.0.1:5000 /etc/containerd/certs.d/_default/hosts.toml && ${said('ctr run --rm --snapshotter native docker.io/library/probe:1 p2')}`,
    gone: '! systemctl is-active -q containerd',
  },
  // Whether the inner containers start is up to the control groups of the outer ones; they are made in any case.
  podman: {
    config: { runtime: 'runc', api_socket: true, storage_driver: 'vfs' },
    probe:
      'test -S /run/podman/podman.sock && podman load -q -i /root/probe.tar && podman create --name probe docker.io/library/probe:1',
    changed: { runtime: 'crun', storage_driver: 'vfs' },
    changedProbe: 'podman info --format "{{.Host.OCIRuntime.Name}}" | grep -q crun && podman rm probe',
    gone: '! command -v podman',
  },
  docker: {
    config: { storage_driver: 'vfs' },
    probe: 'docker load -q -i /root/probe.tar && docker create --name probe probe:1',
    changed: { storage_driver: 'vfs', registries: ['http://127.0.0.1:5000'] },
    changedProbe: 'docker info | grep -q http://127.0.0.1:5000 && docker rm probe',
    gone: '! command -v dockerd',
  },
  mysql: {
    config: { databases: [{ name: 'colours' }] },
    probe: 'mysql -N -e "create table colours.names (name text)"',
    changed: { port: 3307, databases: [{ name: 'colours' }, { name: 'shapes' }] },
    changedProbe: `mysql -N -e 'show tables in colours; use shapes' | grep -q names && bash -c ': </dev/tcp/127.0.0.1/3307'`,
    gone: '! test -e /usr/sbin/mariadbd && ! test -e /var/lib/mysql',
  },
};

test.each(Object.entries(lives))(
  '07 §3 %s: install, health, work, second run, new setting, removal',
  (name, life) => live(bed, host, name, life),
  600_000,
);

/** Debian has no CRI-O of this version, and its publisher is out of reach: a package of the same shape. */
const crio = {
  name: 'cri-o',
  version: '1.28.4-1.1',
  files: {
    '/usr/bin/crio': `#!/bin/sh
set -eu
case "\${1:-}" in
  status) systemctl is-active -q crio; cat /run/crio/runtime ;;
  *) mkdir -p /run/crio; cat /etc/crio/crio.conf.d/*.conf >/run/crio/runtime; exec sleep infinity ;;
esac
`,
    '/lib/systemd/system/crio.service':
      '[Unit]\nDescription=CRI-O\n[Service]\nExecStart=/usr/bin/crio\n[Install]\nWantedBy=multi-user.target\n',
  },
};

test('07 §3 crio: a package of the same shape from a signed mirror, and the life of every other', async () => {
  await using mirror = new PackageMirror();
  mirror.add('/v1.28/deb', [crio]);
  const gateway = await host.sh("ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'");
  const package_repository = await mirror.serve(gateway.trim());
  await live(bed, host, 'crio', {
    config: { package_repository, runtime_default: 'crun' },
    probe: 'crio status info | grep -q crun && test "$(dpkg-query -W -f \'${Version}\' cri-o)" = 1.28.4-1.1',
    changed: { package_repository, runtime_default: 'runc' },
    changedProbe: 'crio status info | grep -q runc',
    gone: '! command -v crio && ! test -e /etc/crio/crio.conf.d/60-provisioning.conf',
  });
}, 300_000);

test('07 §3 external-nfs: a real export is mounted, where the kernel can serve and mount it', async () => {
  const kernel = await host.sh(
    'modprobe -a nfs nfsd 2>/dev/null || :; grep -cE "nfs4|nfsd" /proc/filesystems || true',
  );
  if (kernel.trim() !== '2') {
    // The kernel decides; what is told then is shown in catalogue.e2e.test.ts.
    expect(Number(kernel)).toBeLessThan(2);
    return;
  }
  await host.sh(`apt-get -qq -y install --no-install-recommends nfs-kernel-server >/dev/null
    mkdir -p /srv/shared && echo violet >/srv/shared/colour
    echo '/srv/shared 127.0.0.1(rw,fsid=0,no_root_squash,insecure)' >/etc/exports; systemctl restart nfs-server`);
  await live(bed, host, 'external-nfs', {
    config: { address: '127.0.0.1', path: '/' },
    probe: 'grep -q violet /mnt/nfs/colour',
    changed: { address: '127.0.0.1', path: '/', mount_point: '/mnt/other' },
    changedProbe: 'grep -q violet /mnt/other/colour',
    gone: '! grep -q /mnt/other /proc/mounts',
  });
}, 300_000);
