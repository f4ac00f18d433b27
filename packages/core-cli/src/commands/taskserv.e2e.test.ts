import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { loadTaskservPackage } from '@provisioning/core';
import { packBundle } from '../../../core/src/taskserv/bundle.ts';
import { CliBed } from '../testing/cli-bed.ts';
import { catalogueFolder } from '../../../../tools/testing/taskserv-bed.ts';

/** A day with taskservs on three real servers, through the command line. The tests build on each other. */
let bed: CliBed;
let mirror: Server;
let base: string;
const files = new Map<string, Buffer>();
const meeting: ServerResponse[] = [];
const names = ['web-01', 'web-02', 'web-03'];

const servers = names
  .map((name) => `[[servers]]\nhostname = "${name}"\nprovider = "local"\nos = "debian-12"\nmemory = 512\n`)
  .join('');

/** Answers on the port it is told by its file, as the real one does; Perl is on every Debian. */
const program = (version: string): string => `#!/usr/bin/perl
# ${version}
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { my $l = <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\n${version}"; close $c; }
`;

beforeAll(async () => {
  bed = await CliBed.make(servers, { servers: true });
  mirror = createServer((request, response) => {
    if (request.url?.startsWith('/meet/')) {
      // Answered when both are here: each waits for the other, so they must run side by side.
      meeting.push(response);
      if (meeting.length === 2) for (const one of meeting.splice(0)) one.writeHead(200).end('both\n');
      return;
    }
    const body = files.get(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200, body && { 'content-length': body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => mirror.listen(0, '0.0.0.0', resolve));
  for (const version of ['1.11.1', '1.11.3', '1.12.0']) {
    const content = version === '1.12.0' ? '#!/bin/sh\nexit 1\n' : program(version);
    const archive = gzipSync(await packBundle([{ name: 'coredns', content, mode: 0o755 }]));
    files.set(`/coredns-${version}.tgz`, archive);
    files.set(`/coredns-${version}.tgz.sha256`, Buffer.from(`${sum(archive)}  coredns-${version}.tgz\n`));
  }
  const folders = ['kubernetes/kubernetes', 'networking/etcd', 'infrastructure/os'];
  for (const name of ['docker', 'runc', 'containerd']) folders.push(`container-runtime/${name}`);
  for (const folder of folders) await standIn(folder);
  await bed.taskserv('fragile', {
    'manifest.yaml': 'name: fragile\ntype: taskserv\nversion: 1.0.0\nsoftware: {version: "1.0.0"}\n',
    'scripts/install.sh':
      'echo run >>/root/fragile.log\n[ ! -e /root/broken ] || { echo "no luck here"; exit 1; }\n',
  });
  await bed.taskserv('kubernetes-sized', {
    'manifest.yaml': 'name: kubernetes-sized\ntype: taskserv\nversion: 1.0.0\nresources: {memory: 999999}\n',
  });
  await must('deploy --yes --direct');
  const route = await bed.sh('web-01', "ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'");
  base = `http://${route.trim()}:${(mirror.address() as AddressInfo).port}`;
  await define('192.0.2.1');
  for (const name of ['left', 'right']) {
    const [host, port] = base.slice(7).split(':');
    await bed.taskserv(name, {
      'manifest.yaml': `name: ${name}\ntype: taskserv\nversion: 1.0.0\nsoftware: {version: "1.0.0"}\n`,
      'scripts/install.sh': `[ "$TASKSERV_VERSION" = 1.0.0 ] || timeout 60 bash -c 'exec 3<>/dev/tcp/${host}/${port}; printf "GET /meet/${name} HTTP/1.0\\r\\n\\r\\n" >&3; grep -q both <&3'\n`,
    });
  }
}, 300_000);

// Every command line is a run of its own, on real servers.
jest.setTimeout(180_000);

afterAll(async () => {
  mirror?.close();
  await bed?.[Symbol.asyncDispose]();
});

const sum = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** The relations of the real taskserv, with nothing behind them to install. */
async function standIn(folder: string): Promise<void> {
  const { manifest } = await loadTaskservPackage(join(catalogueFolder, folder));
  const { name, dependencies, optional_dependencies, conflicts, provides, aliases, software } = manifest;
  const relations = { dependencies, optional_dependencies, conflicts, provides, aliases };
  const { version, supports_versions } = software;
  await bed.taskserv(name, {
    'manifest.yaml': JSON.stringify({
      ...{ name, type: 'taskserv', version: '1.0.0', ...relations },
      software: { version, supports_versions },
      install: { method: 'script' },
    }),
  });
}

async function must(line: string | readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await bed.cli(line);
  if (code !== 0) throw new Error(`${String(line)}: exit ${code}\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** Version and configuration of the DNS server that runs. */
const serving = async (): Promise<string> => {
  const answer = "exec 3<>/dev/tcp/127.0.0.1/8080; echo 'GET / HTTP/1.0' >&3; tail -n 1 <&3; echo";
  return (await bed.sh('web-01', `bash -c "${answer}"; grep -o '192[.0-9]*' /etc/coredns/Corefile`)).trim();
};

test('07.A2 create installs with what it needs and says so; again changes nothing', async () => {
  const first = await must('taskserv create coredns web-01 --direct');
  expect(first).toContain('taskserv web-01/os');
  expect(first).toContain('ok: Installed coredns on web-01');
  expect(await serving()).toBe('1.11.1\n192.0.2.1');
  expect(await must('taskserv create coredns web-01 --direct')).toContain('already installed on web-01');
});

test('05 §7.2 the state tells what is installed on a server', async () => {
  const state = JSON.parse(await readFile(join(bed.infra, 'data', 'state.json'), 'utf8')) as {
    servers: Record<string, { taskservs: unknown[] }>;
  };
  expect(state.servers['web-01']!.taskservs).toEqual([
    expect.objectContaining({ name: 'os', status: 'installed' }),
    expect.objectContaining({ name: 'coredns', version: '1.11.1', status: 'installed' }),
  ]);
});

test('07.A15 update, then rollback: version and configuration of before; a second rollback has none', async () => {
  await define('192.0.2.2');
  const updated = await must('taskserv update coredns web-01 --version 1.11.3 --direct');
  expect(updated).toContain('coredns on web-01: 1.11.1 → 1.11.3');
  expect(await serving()).toBe('1.11.3\n192.0.2.2');
  expect(await must('taskserv update coredns web-01 --version 1.11.3 --direct')).toContain(
    'coredns already at 1.11.3',
  );
  const older = await bed.cli('taskserv update coredns web-01 --version 1.11.1 --direct');
  expect(older).toMatchObject({ code: 2 });
  expect(older.stderr).toContain('provisioning taskserv rollback coredns --to 1.11.1');

  // A version that never becomes healthy leaves the one before running.
  const failed = await bed.cli('taskserv update coredns web-01 --version 1.12.0 --direct');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('Update failed: ');
  expect(failed.stderr).toContain('web-01 is back on 1.11.3');
  expect(await serving()).toBe('1.11.3\n192.0.2.2');

  const back = await must('taskserv rollback coredns web-01 --yes --direct');
  expect(back).toContain('Rollback complete: coredns 1.11.3 → 1.11.1 on web-01');
  expect(await serving()).toBe('1.11.1\n192.0.2.1');
  const again = await bed.cli('taskserv rollback coredns web-01 --yes --direct');
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('No previous version recorded for coredns');
});

test('07.A6 a failure on host 2 of 3: the others run, exit 1; --resume does only that one', async () => {
  await bed.sh('web-02', 'touch /root/broken');
  const failed = await bed.cli('taskserv create fragile --servers web-01,web-02,web-03 --direct');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('2 succeeded, 1 failed');
  expect(failed.stderr).toContain(
    'fragile on web-02: Script install of fragile failed on web-02\n      no luck here\n',
  );
  await bed.sh('web-02', 'rm /root/broken');
  const resumed = await must('taskserv update --resume --direct');
  expect(resumed).toContain('web-02/fragile');
  expect(resumed).not.toContain('web-01/fragile');
  const runs = names.map((name) => bed.sh(name, 'cat /root/fragile.log'));
  expect(await Promise.all(runs)).toEqual(['run\n', 'run\nrun\n', 'run\n']);
  expect(await bed.cli('taskserv update --resume --direct')).toMatchObject({ code: 5 });
});

test('a failure with --rollback takes away what this run installed', async () => {
  await bed.sh('web-03', 'rm /var/lib/provisioning/taskservs/fragile; touch /root/broken');
  const failed = await bed.cli('taskserv create left,fragile web-03 --rollback --direct');
  expect(failed.code).toBe(1);
  expect(await bed.sh('web-03', 'ls /var/lib/provisioning/taskservs')).toBe('');
  await bed.sh('web-03', 'rm /root/broken');
});

test('07 §5.2 a terminal is asked for the servers of what no definition places', async () => {
  const asked = await bed.type('taskserv create left --direct', 'web-01 web-03\n');
  expect(asked.stderr).toContain("No server of 'prod' has left in its definition");
  expect(asked).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Installed left on web-01, web-03') as unknown,
  });
  expect(await bed.sh('web-02', 'ls /var/lib/provisioning/taskservs')).not.toContain('left');
  expect(await bed.type('taskserv create right --direct', '\n')).toMatchObject({ code: 1 });
  await must('taskserv delete left --yes --direct');
});

test('07.A4 docker installed, then kubernetes: a conflict that names the host; --force warns', async () => {
  await must('taskserv create docker web-02 --direct');
  const refused = await bed.cli('taskserv create kubernetes web-02 --direct');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Conflict: kubernetes conflicts with docker on web-02');
  const forced = await must('taskserv create kubernetes web-02 --force --direct');
  expect(forced).toContain('warning: Conflict: kubernetes conflicts with docker on web-02');
  expect(forced).toContain('Installed kubernetes on web-02');
});

test('07.A8 delete containerd is refused while kubernetes needs it', async () => {
  const refused = await bed.cli('taskserv delete containerd web-02 --yes --direct');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("Taskserv 'containerd' is required by: kubernetes");
  const forced = await must('taskserv delete containerd web-02 --yes --force --direct');
  expect(forced).toContain('Taskserv deleted: containerd from web-02');
  const absent = await bed.cli('taskserv delete containerd web-02 --yes --direct');
  expect(absent.code).toBe(1);
  expect(absent.stderr).toContain('Service containerd is not installed on web-02');
});

test('07.A12 kubernetes goes one minor version at a time', async () => {
  const refused = await bed.cli('taskserv update kubernetes web-02 --version 1.30 --direct');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('Kubernetes must be updated one minor version at a time');
  expect(await bed.sh('web-02', 'cut -d " " -f 1 /var/lib/provisioning/taskservs/kubernetes')).toMatch(
    /^1\.28\.0/,
  );
});

test('07.A13 dependent taskservs are not updated side by side; independent ones are', async () => {
  const refused = await bed.cli(
    'taskserv update --taskservs kubernetes,containerd --servers web-02 --parallel --direct',
  );
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('Cannot update in parallel: kubernetes depends on containerd');
  await must('taskserv create left web-01 --direct');
  await must('taskserv create right web-02 --direct');
  // Each update answers only when the other one runs, too.
  for (const name of ['left', 'right']) await raise(name);
  const updated = await must(
    'taskserv update --taskservs left,right --servers web-01,web-02 --parallel --direct',
  );
  expect(updated).toMatch(/left on web-01: 1\.0\.0 → 2\.0\.0.*right on web-02: 1\.0\.0 → 2\.0\.0/);
});

test('status, health, logs, stop, start, configure, backup and restore of a real service', async () => {
  expect(await must('taskserv check redis web-01')).toContain('ok: redis can be installed on web-01');
  const large = await bed.cli('taskserv check kubernetes-sized web-01');
  expect(large.code).toBe(1);
  expect(large.stdout).toMatch(/Insufficient memory: \d+MB\. Minimum 999999MB required\./);
  await must('taskserv create redis web-01 --direct');
  const status = async () => (await bed.json<Record<string, unknown>[]>('taskserv status redis web-01'))[0];
  expect(await status()).toMatchObject({ status: 'running', systemd_status: 'active', version: '7.0' });
  const health = await must('taskserv health redis web-01');
  expect(health).toContain('ok: redis on web-01 is healthy');
  expect(health).toContain('ok: service redis-server: ok');
  expect(await must('taskserv logs redis web-01 --tail 5')).toContain('redis-server.service');

  await must('taskserv stop redis web-01 --direct');
  expect(await status()).toMatchObject({ status: 'stopped' });
  expect(await bed.cli('taskserv health redis web-01')).toMatchObject({ code: 1 });
  expect(await bed.cli('test redis')).toMatchObject({
    ...{ code: 1, stdout: expect.stringContaining('redis on web-01 is not healthy') },
  });
  expect(await bed.cli('test')).toMatchObject({ code: 2, stderr: expect.stringContaining('test all') });
  await must('taskserv start redis web-01 --direct');
  expect(await status()).toMatchObject({ status: 'running' });

  const file = join(bed.folder, 'redis.toml');
  await writeFile(file, 'maxmemory = "64mb"\n');
  await must(['taskserv', 'configure', 'redis', 'web-01', '--config', file, '--direct']);
  expect(await bed.sh('web-01', 'redis-cli config get maxmemory | tail -n 1')).toBe('67108864\n');
  await must('taskserv reset redis web-01 --yes --direct');
  expect(await bed.sh('web-01', 'redis-cli config get maxmemory | tail -n 1')).toBe('536870912\n');
  await must(['taskserv', 'configure', 'redis', 'web-01', '--config', file, '--direct']);
  await must('taskserv rollback redis web-01 --yes --direct');
  expect(await bed.sh('web-01', 'redis-cli config get maxmemory | tail -n 1')).toBe('536870912\n');

  await bed.sh('web-01', 'redis-cli set colour blue');
  const [backup] = await bed.json<{ file: string; sha256: string }[]>('taskserv backup redis web-01');
  expect(backup!.file).toMatch(/backups\/redis\/prod-\d{8}\.rdb\.gz$/);
  expect(sum(await readFile(backup!.file))).toBe(backup!.sha256);
  await bed.sh('web-01', 'redis-cli set colour green; redis-cli set other 1');
  await must(['taskserv', 'restore', 'redis', 'web-01', '--from', backup!.file, '--yes', '--direct']);
  expect(await bed.sh('web-01', 'redis-cli get colour; redis-cli dbsize')).toBe('blue\n1\n');
  await writeFile(backup!.file, 'broken');
  const broken = await bed.cli(['taskserv', 'restore', 'redis', 'web-01', '--from', backup!.file, '--yes']);
  expect(broken.stderr).toContain('its checksum differs');
  expect(await bed.cli('taskserv backup fragile web-01')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Taskserv 'fragile' has no backup") as unknown,
  });
});

/** Version 13 comes from the Debian before; it runs on the present one. */
const olderDebian = `. /etc/os-release
  cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null >/root/sources || :
  mirror=$(grep -oE 'https?://[^ ]*/debian/?' /root/sources | head -n 1)
  echo "deb $mirror bullseye main" >/etc/apt/sources.list.d/bullseye.list
  printf 'Package: *\nPin: release n=bullseye\nPin-Priority: 100\n' >/etc/apt/preferences.d/bullseye
  apt-get -qq update`;

test('07.A14 a major version of postgres: refused without --migrate, carried over with it, and back when it fails', async () => {
  await bed.sh('web-03', olderDebian);
  await must('taskserv create postgres web-03 --version 13 --direct');
  const sql = (version: number, query: string): Promise<string> =>
    bed.sh(
      'web-03',
      `cd /; setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/${version}/bin/psql -qAtX -h /var/run/postgresql -d \${DB:-postgres} <<'SQL'\n${query}\nSQL\n`,
    );
  await sql(13, 'create role app login;\ncreate table numbers as select generate_series(1, 1000) as n;');
  const refused = await bed.cli('taskserv update postgres web-03 --version 15 --direct');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('Major version upgrade 13 → 15 needs --migrate');
  expect((await bed.cli('taskserv check-migration postgres --from 13 --to 15')).stdout).toContain(
    'Migration Required: warning: Yes (major version change)',
  );

  const created = await bed.cli('taskserv create postgres web-03 --version 15 --direct');
  expect(created.code).toBe(1);
  expect(created.stderr).toContain('postgres 13 on web-03 keeps data that 15 reads differently');

  // Newer versions refuse an operator that stands behind its operand: the restore fails.
  await sql(13, 'create operator !! (leftarg = bigint, procedure = int8abs);');
  const failed = await bed.cli('taskserv update postgres web-03 --version 15 --migrate --direct');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('could not be carried over (restore)');
  expect(
    await sql(13, "select current_setting('server_version_num')::int / 10000, count(*) from numbers;"),
  ).toBe('13|1000\n');
  expect(await must('taskserv migration-logs postgres')).toContain('restore: failed');
  expect(await bed.json('taskserv status postgres web-03')).toMatchObject([{ version: '13' }]);

  await sql(13, 'drop operator !! (bigint, none);');
  const migrated = await must('taskserv update --resume --direct');
  expect(migrated).toContain('postgres on web-03: 13 → 15');
  expect(
    await sql(15, "select current_setting('server_version_num')::int / 10000, count(*) from numbers;"),
  ).toBe('15|1000\n');
  expect(await sql(15, "select rolname from pg_roles where rolname = 'app';")).toBe('app\n');
  expect(await bed.sh('web-03', 'ls /var/lib/postgresql; ls /var/lib/postgresql/13/main/PG_VERSION')).toBe(
    '13\n15\n/var/lib/postgresql/13/main/PG_VERSION\n',
  );
  expect(await readdir(join(bed.workspacePath, 'backups', 'postgres'))).toContainEqual(
    expect.stringMatching(/^prod-\d{8}\.sql\.gz$/),
  );
}, 600_000);

test('07.A8 postgres: data stays when it is deleted, and goes with --cleanup-data', async () => {
  await must('taskserv delete postgres web-03 --yes --direct');
  expect(await bed.sh('web-03', 'cat /var/lib/postgresql/15/main/PG_VERSION')).toBe('15\n');
  await must('taskserv create postgres web-03 --version 15 --direct');
  await must('taskserv delete postgres web-03 --cleanup-data --yes --direct');
  expect(await bed.sh('web-03', 'test -e /var/lib/postgresql || echo gone')).toBe('gone\n');
}, 240_000);

/** The package of the workspace knows a new version of its software. */
async function raise(name: string): Promise<void> {
  const file = join(bed.workspacePath, 'extensions', 'taskservs', name, 'manifest.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"1.0.0"', '"2.0.0"'));
}

function define(upstream: string): Promise<void> {
  return bed.define(
    `${servers}[taskservs.postgres]\nprofile = "development"\n[taskservs.coredns]\nupstream = ["${upstream}"]\n` +
      `download_url = "${base}/coredns-{version}.tgz"\nchecksum_url = "${base}/coredns-{version}.tgz.sha256"\n`,
  );
}
