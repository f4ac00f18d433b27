import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Context, TaskservUse } from '@provisioning/extensions-sdk';
import { TaskservBed, type TestHost } from '../../../../../tools/testing/taskserv-bed.ts';
import { observeTaskservs } from '../../taskserv/observe.ts';
import { createTransports, ensureWorkspaceKey } from '../../transport/index.ts';
import { taskservCreate } from './create.ts';
import { taskservDelete } from './delete.ts';
import type { TaskservResult } from './install.ts';

let bed: TaskservBed;
let host: TestHost;

beforeAll(async () => {
  bed = await TaskservBed.make();
  await ownTaskserv('sick', 'health: {command: "false", initial_delay: 1, retries: 0}');
  await ownTaskserv('slow', 'software: {version: "1"}', { 'install.sh': 'sleep 4\n' });
  await ownTaskserv('alpine-only', 'os_support: [alpine]');
  await ownTaskserv('secretive', 'install: {facts: "state{{tab}}done"}', {
    'check.sh': 'if [ -e /root/secretive ]; then printf "state\\tdone\\n"; fi\n',
    'install.sh': 'cat /proc/[0-9]*/cmdline >/root/secretive 2>/dev/null\n',
  });
  host = await bed.host('one');
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

/** A taskserv of the workspace's own. */
async function ownTaskserv(
  name: string,
  manifest: string,
  scripts: Record<string, string> = {},
): Promise<void> {
  const folder = join(bed.workspacePath, 'extensions', 'taskservs', name);
  await mkdir(join(folder, 'scripts'), { recursive: true });
  await mkdir(join(folder, 'default'));
  await writeFile(
    join(folder, 'manifest.yaml'),
    `name: ${name}\ntype: taskserv\nversion: 1.0.0\n${manifest}\n`,
  );
  await writeFile(
    join(folder, 'default', `env-${name}.hbs`),
    '{{#each config}}\nexport {{@key}}={{sh this}}\n{{/each}}\n',
  );
  for (const [file, text] of Object.entries(scripts)) await writeFile(join(folder, 'scripts', file), text);
}

const use = (name: string, config: Record<string, unknown> = {}): TaskservUse => ({
  name,
  profile: 'default',
  config,
});

function create(
  name: string,
  config: Record<string, unknown> = {},
  context: Partial<Context> = {},
): Promise<TaskservResult> {
  bed.progress.length = 0;
  return taskservCreate.run(bed.context(context), {
    server: host.target,
    taskserv: use(name, config),
    references: [],
  });
}

function remove(name: string, cleanup_data = false) {
  return taskservDelete.run(bed.context(), {
    server: host.target,
    taskserv: use(name),
    references: [],
    cleanup_data,
  });
}

const observe = (...uses: TaskservUse[]) => observeTaskservs(bed.context(), host.target, uses);
const steps = (): string[] =>
  bed.progress.flatMap((one) => (one.type === 'step' && one.state === 'done' ? [one.step] : []));

test('07.A2 create redis on a local container server: it runs and answers; the second run changes nothing', async () => {
  expect((await observe(use('redis')))[0]).toMatchObject({
    state: 'absent',
    reasons: ['redis is not installed'],
  });
  const first = await create('redis');
  expect(first).toMatchObject({ service: 'redis', target: 'one', status: 'installed', changed: true });
  expect(first.version).toMatch(/^7\.0\./);
  expect(await host.sh('redis-cli ping')).toBe('PONG\n');
  const pid = await host.sh('systemctl show -p MainPID --value redis-server');

  const second = await create('redis');
  expect(second).toMatchObject({ changed: false, reasons: [], version: first.version });
  expect(steps()).toEqual(['check', 'health']);
  expect(await host.sh('systemctl show -p MainPID --value redis-server')).toBe(pid);
  expect((await observe(use('redis')))[0]).toMatchObject({ state: 'satisfied', reasons: [], drift: false });
  expect(await host.sh('ls -d /run/provisioning.*')).toBe('/run/provisioning.lock\n');
}, 180_000);

test('drift is told in words and exactly that is repaired', async () => {
  await host.sh('systemctl stop redis-server');
  expect((await observe(use('redis')))[0]).toMatchObject({
    state: 'drifted',
    drift: true,
    reasons: ['service redis-server is not running'],
  });
  expect(await create('redis')).toMatchObject({
    changed: true,
    reasons: ['service redis-server is not running'],
  });
  expect(steps()).not.toContain('packages');
  expect(await host.sh('redis-cli ping')).toBe('PONG\n');

  await host.sh('echo "# by hand" >> /etc/redis/redis.conf; systemctl disable -q redis-server');
  expect((await observe(use('redis')))[0]!.reasons).toEqual([
    'file /etc/redis/redis.conf differs',
    'service redis-server does not start at boot',
  ]);
  await create('redis');
  expect(steps()).not.toContain('packages');
  expect(await host.sh('grep -c "by hand" /etc/redis/redis.conf || systemctl is-enabled redis-server')).toBe(
    '0\nenabled\n',
  );

  await host.sh('apt-get remove -qq -y redis-server >/dev/null');
  expect((await observe(use('redis')))[0]!.reasons).toEqual([
    'package redis-server is not installed',
    'service redis-server is not running',
    'service redis-server does not start at boot',
  ]);
  expect(await create('redis')).toMatchObject({ changed: true });
  expect(await host.sh('redis-cli ping')).toBe('PONG\n');
}, 120_000);

test('a new definition is no drift, and a changed setting reaches the service', async () => {
  const config = { maxmemory: '64mb', password: 'pa55-word-of-redis' };
  const [seen] = await observe(use('redis', config));
  expect(seen).toMatchObject({ state: 'drifted', drift: false });
  expect(seen!.reasons).toEqual(['file /etc/redis/redis.conf differs', 'the definition of redis changed']);
  await create('redis', config);
  expect(await host.sh('REDISCLI_AUTH=pa55-word-of-redis redis-cli config get maxmemory | tail -n 1')).toBe(
    '67108864\n',
  );
  await create('redis');
});

test('secrets reach no process argument, no log and no file others can read', async () => {
  const secret = 'correct-horse-battery';
  await create('secretive', { API_KEY: secret });
  const said = JSON.stringify(bed.progress);
  expect(said).not.toContain(secret);
  expect(await host.sh(`grep -c ${secret} /root/secretive || true`)).toBe('0\n');
  expect(await host.sh(`journalctl -q --no-pager | grep -v grep | grep -c ${secret} || true`)).toBe('0\n');
  expect(
    await host.sh(
      `grep -rlE 'correct-horse-batter[y]' /run /tmp /var/lib/provisioning /etc 2>/dev/null || true`,
    ),
  ).toBe('');
});

test('07.A20 two workspaces on one host at once: the second is told who is at work', async () => {
  const first = create('slow');
  await host.sh('while ! grep -qs slow /run/provisioning.lock; do sleep 0.1; done');
  const other = { workspace: { name: 'another', path: bed.workspacePath } };
  await expect(create('slow', {}, other)).rejects.toMatchObject({
    code: 'HOST_BUSY',
    message: 'Host one is busy (taskserv create slow)',
    exitCode: 1,
  });
  // A run of the same workspace waits for its turn.
  expect(await create('slow')).toMatchObject({ changed: false });
  expect(await first).toMatchObject({ changed: true });
  // A lock whose owner died holds nobody.
  await host.sh('echo "ghost taskserv create ghost" > /run/provisioning.lock');
  expect(await create('slow', {}, other)).toMatchObject({ changed: false });
});

test('07.A7 health never green', async () => {
  await expect(create('sick')).rejects.toMatchObject({
    code: 'TASKSERV_UNHEALTHY',
    message: expect.stringContaining('Service failed health check after installation'),
    exitCode: 1,
  });
  expect((await observe(use('sick')))[0]).toMatchObject({ state: 'absent' });
});

test('an operating system the taskserv does not know is refused before anything is done', async () => {
  await expect(create('alpine-only')).rejects.toMatchObject({
    code: 'UNSUPPORTED_OS',
    message: 'Unsupported OS: debian. Supported: alpine',
  });
});

test('package mirror gone: a clear error, and the rerun continues', async () => {
  await host.sh(`mkdir /root/apt && mv /etc/apt/sources.list* /var/lib/apt/lists /root/apt/
    echo 'deb http://127.0.0.1:9/debian bookworm main' > /etc/apt/sources.list`);
  await expect(create('os', { packages: ['tree'] })).rejects.toMatchObject({
    code: 'PACKAGE_MIRROR_UNREACHABLE',
    retryable: true,
    message: expect.stringContaining('one cannot reach its package mirror'),
  });
  expect(await host.sh('redis-cli ping')).toBe('PONG\n');
  await host.sh(`rm -rf /etc/apt/sources.list /var/lib/apt/lists
    mv /root/apt/sources.list* /etc/apt/; mv /root/apt/lists /var/lib/apt/`);
  expect(await create('os', { packages: ['tree'] })).toMatchObject({ changed: true });
  expect(await host.sh('tree --version')).toContain('tree v');
  await expect(create('os', { packages: ['no-such-package-here'] })).rejects.toMatchObject({
    code: 'PACKAGE_NOT_FOUND',
  });
  const newer = { ...use('postgres'), version: '16.1' };
  await expect(
    taskservCreate.run(bed.context(), { server: host.target, taskserv: newer, references: [] }),
  ).rejects.toMatchObject({
    code: 'PACKAGE_NOT_FOUND',
    message: expect.stringContaining('have no package postgresql-16'),
    hint: expect.stringContaining('Set another version of postgres'),
  });
}, 120_000);

test('disk full: a clear error, and the rerun continues', async () => {
  await host.sh(`mkdir -p /dev/shm/archives/partial && head -c 99M /dev/zero > /dev/shm/fill 2>/dev/null || true
    echo 'Dir::Cache::archives "/dev/shm/archives";' > /etc/apt/apt.conf.d/99test`);
  await expect(create('os', { packages: ['tree', 'bc'] })).rejects.toMatchObject({
    code: 'HOST_DISK_FULL',
    message: expect.stringContaining('The disk of one is full'),
  });
  await host.sh('rm -r /dev/shm/fill /dev/shm/archives /etc/apt/apt.conf.d/99test');
  expect(await create('os', { packages: ['tree', 'bc'] })).toMatchObject({ changed: true });
}, 120_000);

test('os: users, keys, time zone', async () => {
  const config = {
    packages: ['tree', 'bc'],
    timezone: 'Europe/Madrid',
    users: [{ name: 'ann', groups: ['adm'], sudo: true, ssh_keys: ['ssh-ed25519 AAAAC3Nz ann@home'] }],
    sysctl: { 'net.core.somaxconn': 512 },
  };
  await create('os', config);
  expect(await host.sh('id -nG ann; date +%Z; sudo -l -U ann | tail -n 1')).toMatch(
    /^ann adm\nCES?T\n.*NOPASSWD: ALL/,
  );
  expect(await create('os', config)).toMatchObject({ changed: false });
  await host.sh('gpasswd -d ann adm >/dev/null; ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime');
  expect((await observe(use('os', config)))[0]!.reasons).toEqual([
    'timezone is Etc/UTC, not Europe/Madrid',
    'user ann in group adm is missing',
  ]);
  expect(await create('os', config)).toMatchObject({ changed: true });
  expect((await observe(use('os', config)))[0]!.state).toBe('satisfied');
});

test('SSH refused for 30 s is waited for; a wrong key is refused at once', async () => {
  // Timers are a minute inexact unless told otherwise.
  await host.sh(
    'systemd-run -q --on-active=30 --timer-property=AccuracySec=100ms systemctl start ssh.service; systemctl stop ssh.socket ssh.service || true',
  );
  await bed.reconnect();
  const started = performance.now();
  expect(await create('redis')).toMatchObject({ changed: false });
  expect(performance.now() - started).toBeGreaterThan(25_000);

  const stranger = await ensureWorkspaceKey(join(bed.workspacePath, 'stranger'));
  const transports = createTransports({
    knownHostsFile: join(bed.workspacePath, '.runtime', 'known_hosts'),
    defaultKeyFiles: [stranger.privateKeyFile],
  });
  await expect(create('redis', {}, { transports })).rejects.toMatchObject({
    code: 'TRANSPORT_AUTH',
    exitCode: 4,
    message: expect.stringContaining(stranger.privateKeyFile),
  });
  await transports.close();
}, 90_000);

test('07.A8 delete keeps the data unless told otherwise', async () => {
  await host.sh('redis-cli set kept yes >/dev/null; redis-cli save >/dev/null');
  expect(await remove('redis')).toMatchObject({ status: 'uninstalled', data_removed: false, warnings: [] });
  expect(
    await host.sh('dpkg-query -W -f "\\${db:Status-Status}" redis-server; ls -A /var/lib/redis | wc -l'),
  ).toMatch(/^config-files[1-9]/);
  expect(await remove('redis')).toMatchObject({ status: 'absent' });
  await create('redis');
  expect(await host.sh('redis-cli get kept')).toBe('yes\n');
  expect(await remove('redis', true)).toMatchObject({ status: 'uninstalled', data_removed: true });
  expect(await host.sh('test -e /var/lib/redis || echo gone')).toBe('gone\n');
}, 120_000);
