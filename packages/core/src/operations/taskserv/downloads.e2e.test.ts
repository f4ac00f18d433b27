import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TaskservUse } from '@provisioning/extensions-sdk';
import { TaskservBed, type TestHost } from '../../../../../tools/testing/taskserv-bed.ts';
import { packBundle } from '../../taskserv/bundle.ts';
import { observeTaskservs } from '../../taskserv/observe.ts';
import { taskservCreate } from './create.ts';
import { taskservDelete } from './delete.ts';

/** Taskservs whose publishers a closed network does not reach, from a mirror that serves packages of the same shape. */
let bed: TaskservBed;
let host: TestHost;
let mirror: Server;
let base: string;
const files = new Map<string, Buffer>();

/** A program that tells its version, or answers on its port as the real one does; Perl is on every Debian. */
const program = (port: number): string => `#!/usr/bin/perl
use IO::Socket::INET;
if (join(' ', @ARGV) =~ /version/) { print "v1\\n"; exit 0; }
my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { my $l = <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\nOK"; close $c; }
`;

/** A zip archive with one uncompressed file (APPNOTE 4.3). */
function zipped(name: string, content: Buffer): Buffer {
  const common = Buffer.alloc(22);
  common.writeUInt16LE(20, 0);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16LE(name.length, 0);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, lengths, Buffer.from(name), content]);
  const more = Buffer.alloc(14);
  more.writeUInt32LE((0o755 << 16) >>> 0, 6);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x03'),
    common,
    lengths,
    more,
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]);
}

interface Shape {
  /** Members of the archive the publisher offers; none for a program as it is. */
  readonly members?: readonly string[];
  readonly zip?: boolean;
  readonly port?: number;
  /** Unit that runs, or a command that answers. */
  readonly unit?: string;
  readonly probe?: string;
}

/** Every taskserv that is downloaded, in the shape its publisher gives it. */
const shapes: Readonly<Record<string, Shape>> = {
  coredns: { members: ['coredns'], port: 8080, unit: 'coredns' },
  gitea: { port: 3000, unit: 'gitea' },
  buildkit: {
    members: ['bin/buildkitd', 'bin/buildctl'],
    port: 1234,
    unit: 'buildkit',
    probe: 'buildctl --version',
  },
  grafana: { members: ['grafana-10.1.0/bin/grafana'], port: 3000, unit: 'grafana' },
  nomad: { members: ['nomad'], zip: true, port: 4646, unit: 'nomad' },
  radicle: {
    members: ['radicle-1.0.0-x86_64-unknown-linux-musl/bin/radicle-node'],
    port: 8776,
    unit: 'radicle',
  },
  kubectl: { probe: 'kubectl version --client' },
  helm: { members: ['linux-amd64/helm'], probe: 'helm version' },
  oras: { members: ['oras'], probe: 'oras version' },
  nushell: { members: ['nu-0.86.0-x86_64-unknown-linux-gnu/nu'], probe: 'nu --version' },
  youki: { members: ['youki'], probe: 'youki --version' },
};

beforeAll(async () => {
  bed = await TaskservBed.make();
  host = await bed.host('one');
  mirror = createServer((request, response) => {
    const body = files.get(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200, body && { 'content-length': body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => mirror.listen(0, '0.0.0.0', resolve));
  const gateway = (await host.sh("ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'")).trim();
  base = `http://${gateway}:${(mirror.address() as AddressInfo).port}`;
  for (const [name, shape] of Object.entries(shapes)) {
    const content = program(shape.port ?? 0);
    const members = shape.members ?? [];
    const archive =
      members.length === 0
        ? Buffer.from(content)
        : shape.zip === true
          ? zipped(members[0]!, Buffer.from(content))
          : gzipSync(await packBundle(members.map((member) => ({ name: member, content, mode: 0o755 }))));
    files.set(`/${name}`, archive);
    files.set(`/${name}.sha256`, Buffer.from(`${sum(archive)}  ${name}\n`));
  }
}, 300_000);

afterAll(async () => {
  mirror?.close();
  await bed?.[Symbol.asyncDispose]();
});

const sum = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const use = (name: string, config: Record<string, unknown>): TaskservUse => ({
  name,
  profile: 'default',
  config,
});
const create = (name: string, config: Record<string, unknown>) =>
  taskservCreate.run(bed.context(), { server: host.target, taskserv: use(name, config), references: [] });
const observe = (name: string, config: Record<string, unknown>) =>
  observeTaskservs(bed.context(), host.target, [use(name, config)]);

const config = (name: string): Record<string, unknown> => ({
  download_url: `${base}/${name}`,
  checksum_url: `${base}/${name}.sha256`,
});

const remove = (name: string) =>
  taskservDelete.run(bed.context(), {
    server: host.target,
    taskserv: use(name, config(name)),
    references: [],
    cleanup_data: true,
  });

test.each(Object.entries(shapes))(
  '07 §3 %s from a mirror: checksum verified, unit started, healthy; nothing twice, repair, removal',
  async (name, { unit, probe }) => {
    expect(await create(name, config(name))).toMatchObject({ changed: true });
    if (unit !== undefined) await host.sh(`systemctl is-active ${unit}`);
    if (probe !== undefined) await host.sh(probe);
    const archive = files.get(`/${name}`)!;
    files.delete(`/${name}`);
    expect(await create(name, config(name))).toMatchObject({ changed: false });
    expect((await observe(name, config(name)))[0]).toMatchObject({ state: 'satisfied' });
    files.set(`/${name}`, archive);
    expect(await remove(name)).toMatchObject({
      status: 'uninstalled',
      warnings: [],
    });
    expect(await host.sh(`ls /usr/local/bin; systemctl is-active ${unit ?? 'none'} || true`)).toBe(
      'inactive\n',
    );
  },
  120_000,
);

test('07 §3 grafana: dashboards of the definition are there, come back, and go; radicle: the node says who it is', async () => {
  const dashboard = (name: string, title: string) => ({
    name,
    definition: { title, panels: [], refresh: '{{all}}\t' },
  });
  const both = {
    ...config('grafana'),
    dashboards: [dashboard('hosts', 'Hosts'), dashboard('web', "It's the web")],
  };
  await create('grafana', both);
  expect(await host.sh('cat /etc/grafana/dashboards.list | wc -l; ls /etc/grafana/dashboards')).toBe(
    '2\nhosts.json\nweb.json\n',
  );
  expect(JSON.parse(await host.sh('cat /etc/grafana/dashboards/web.json'))).toEqual(
    both.dashboards[1]!.definition,
  );
  expect(await host.sh("stat -c '%a %G' /etc/grafana/dashboards/web.json")).toBe('640 grafana\n');
  expect(await create('grafana', both)).toMatchObject({ changed: false });
  await host.sh("echo '{}' >/etc/grafana/dashboards/hosts.json");
  expect(await create('grafana', both)).toMatchObject({
    changed: true,
    reasons: ['dashboard hosts is missing'],
  });
  const pid = await host.sh('systemctl show -p MainPID --value grafana');
  const one = { ...both, dashboards: [dashboard('web', 'Web')] };
  expect(await create('grafana', one)).toMatchObject({ changed: true });
  expect(await host.sh('cd /etc/grafana/dashboards && ls && grep -o Web *')).toBe('web.json\nWeb\n');
  expect(await host.sh('systemctl show -p MainPID --value grafana')).toBe(pid);

  const node = {
    alias: 'seed"one',
    external_addresses: ['seed.example.org:8776'],
    seeding_policy: 'allow',
  };
  await create('radicle', { ...config('radicle'), node });
  expect(
    JSON.parse(
      await host.sh(
        'setpriv --reuid=radicle --regid=radicle --clear-groups cat /var/lib/radicle/config.json',
      ),
    ),
  ).toEqual({
    node: {
      alias: 'seed"one',
      listen: ['0.0.0.0:8776'],
      externalAddresses: ['seed.example.org:8776'],
      connect: [],
      seedingPolicy: { default: 'allow', scope: 'all' },
    },
  });
  for (const name of ['grafana', 'radicle']) {
    expect(await remove(name)).toMatchObject({
      status: 'uninstalled',
      warnings: [],
    });
  }
  expect(await host.sh('ls -d /etc/grafana/dashboards /var/lib/radicle 2>/dev/null || true')).toBe('');
}, 120_000);

test('a downloaded program that vanished is put back, as the user it belongs to', async () => {
  await create('coredns', config('coredns'));
  expect(await host.sh('systemctl show -p User,ActiveState coredns')).toBe(
    'User=coredns\nActiveState=active\n',
  );
  await host.sh('rm /usr/local/bin/coredns');
  expect((await observe('coredns', config('coredns')))[0]!.reasons).toEqual([
    '/usr/local/bin/coredns is not installed',
  ]);
  expect(await create('coredns', config('coredns'))).toMatchObject({ changed: true });
  const broken = { ...config('coredns'), checksum_url: `${base}/gitea.sha256`, upstream: ['192.0.2.1'] };
  await host.sh('rm /usr/local/bin/coredns');
  await expect(create('coredns', broken)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
}, 120_000);

test('a program with a given checksum: drift of its bytes is seen; a wrong one is never installed', async () => {
  const content = files.get('/kubectl')!;
  const given = { download_url: `${base}/kubectl`, download_sha256: sum(content) };
  expect(await create('kubectl', given)).toMatchObject({ changed: true });
  await host.sh('echo "# more" >> /usr/local/bin/kubectl');
  expect((await observe('kubectl', given))[0]!.reasons).toEqual(['file /usr/local/bin/kubectl differs']);
  files.set('/kubectl', Buffer.from('#!/bin/sh\necho stolen\n'));
  await expect(create('kubectl', given)).rejects.toMatchObject({
    code: 'CHECKSUM_MISMATCH',
    message: expect.stringContaining(`expected ${sum(content)}`),
  });
  expect(await host.sh('grep -c stolen /usr/local/bin/kubectl || true')).toBe('0\n');
  files.delete('/kubectl');
  await expect(create('kubectl', given)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED', retryable: true });
}, 120_000);
