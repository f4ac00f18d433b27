import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProviderContext, Secret, type ServerSpec } from '@provisioning/extensions-sdk';
import { formatReport, runProviderConformance } from '@provisioning/extensions-sdk/conformance';
import { definedServer, ManualClock } from '@provisioning/extensions-sdk/testing';
import provider from '../src/index.ts';

let folder: string;
let listener: Listener;
let port: number;
const gone = { keepStorage: false, force: true, wait: true };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baremetal-'));
  listener = createServer((socket) => socket.end());
  port = await listen(0);
});
afterEach(async () => {
  if (listener.listening) await new Promise((resolve) => listener.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function listen(wished: number): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(wished, '127.0.0.1', resolve));
  return (listener.address() as AddressInfo).port;
}

async function context(
  inventory: string,
  overrides: Partial<ProviderContext> = {},
): Promise<ProviderContext> {
  const clock = new ManualClock();
  const files = new Map([['infra/office/inventory.baremetal.yaml', inventory]]);
  return {
    config: { timeout: 0.5 },
    workspace: { name: 'demo', path: folder },
    infra: 'office',
    secrets: {},
    environment: { PATH: process.env.PATH ?? '' },
    cacheDir: join(folder, 'cache'),
    log: () => undefined,
    now: () => clock.now(),
    clock,
    readWorkspaceFile: async (path) => files.get(path),
    ...overrides,
  };
}

const inventory = (extra = '') => `servers:
  - { hostname: nas-01, ip_address: 127.0.0.1, port: ${port}, os: debian-12, cost_monthly: 73${extra} }
  - { hostname: gone-01, ip_address: 127.0.0.1, port: 1, zone: cellar }
`;

const spec: ServerSpec = {
  hostname: 'nas-01',
  plan: 'host:nas-01',
  cores: 2,
  memory: 4096,
  disk: 25,
  zone: 'default',
  os: 'debian-12',
  ssh_public_keys: [],
  allowed_ports: [],
  time_zone: 'UTC',
  tags: {},
  extra: {},
  idempotency_key: 'k',
};

test('passes the conformance kit', async () => {
  const report = await runProviderConformance(provider, {
    folder: join(import.meta.dirname, '..'),
    context: await context(inventory()),
    spec,
    withoutPower: true,
    infrastructure: [
      definedServer({ hostname: 'gone-01', provider: 'baremetal', plan: 'host:gone-01', zone: 'cellar' }),
    ],
  });
  expect(formatReport(report)).toContain('Provider baremetal: conforms');
});

test('06.A9 a host is adopted with its facts, released without being touched; an unknown one is told, exit 5', async () => {
  const instance = await provider.init(await context(inventory()));
  const asked: string[] = [];
  const adopted = await instance.createServer(spec, {
    wait: true,
    onHost: (access, command) => {
      asked.push(`${access.kind === 'ssh' ? access.port : ''}`);
      return new Promise((resolve) => {
        execFile('sh', ['-c', command], (error, stdout) => resolve({ code: error === null ? 0 : 1, stdout }));
      });
    },
  });
  expect(asked).toEqual([String(port)]);
  expect(adopted).toMatchObject({ status: 'running', raw: { os: expect.stringMatching(/^[a-z]+-\d/) } });
  expect(adopted.cores).toBeGreaterThan(0);
  expect(adopted.memory).toBeGreaterThan(100);
  expect(await instance.listServers()).toHaveLength(1);
  expect(await instance.listServers({ all: true })).toMatchObject([
    { status: 'running' },
    { status: 'unknown' },
  ]);
  expect(await instance.deleteServer({ hostname: 'nas-01' }, gone)).toEqual({ deleted: true });
  expect(listener.listening).toBe(true);
  expect(await instance.listServers()).toEqual([]);
  await expect(instance.createServer({ ...spec, hostname: 'moon-01' }, { wait: true })).rejects.toMatchObject(
    {
      message: 'Server not found in inventory: moon-01',
      exitCode: 5,
    },
  );
});

test('a host that accepts nothing ends in a timeout, not in an adoption', async () => {
  const instance = await provider.init(await context(inventory()));
  await expect(instance.createServer({ ...spec, hostname: 'gone-01' }, { wait: true })).rejects.toMatchObject(
    {
      providerCode: 'timeout',
      message: expect.stringContaining('Timeout waiting for server gone-01'),
    },
  );
  expect(await instance.serverExists({ hostname: 'gone-01' })).toBe(false);
});

test('power goes through the inventory: commands without a shell, ipmi without the password in arguments', async () => {
  const mark = join(folder, 'mark');
  const script = join(folder, 'ipmitool');
  await writeFile(script, `#!/bin/sh\nprintf '%s|%s' "$*" "$IPMI_PASSWORD" > ${mark}\n`);
  await chmod(script, 0o755);
  const power = `, power: { type: ipmi, host: 10.9.9.9, user: admin }`;
  const setup = await context(inventory(power), {
    secrets: { IPMI_PASSWORD: new Secret('bmc-password') },
    environment: { PATH: `${folder}:/usr/bin:/bin` },
  });
  const instance = await provider.init(setup);
  await instance.createServer(spec, { wait: true });
  await instance.setServerState({ hostname: 'nas-01' }, 'rebooted', { wait: true, force: false });
  expect(await readFile(mark, 'utf8')).toBe(
    '-I lanplus -H 10.9.9.9 -U admin -E chassis power cycle|bmc-password',
  );

  const without = await provider.init(await context(inventory()));
  await expect(
    without.setServerState({ hostname: 'nas-01' }, 'stopped', { wait: true, force: false }),
  ).rejects.toMatchObject({ providerCode: 'unsupported' });

  const touch = `, power: { type: command, stop: [touch, "${mark}; rm -rf x"] }`;
  const commands = await provider.init(await context(inventory(touch)));
  await commands.setServerState({ hostname: 'nas-01' }, 'stopped', { wait: false, force: false });
  expect(await readFile(`${mark}; rm -rf x`, 'utf8')).toBe('');
});

test('wake on LAN sends the magic packet', async () => {
  const socket = createSocket('udp4');
  const received = new Promise<Buffer>((resolve) => socket.once('message', resolve));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const power = `power: { type: wol, mac: "00:11:22:33:44:55", broadcast: 127.0.0.1, port: ${socket.address().port} }`;
  try {
    const instance = await provider.init(await context(inventory(`, ${power}`)));
    await instance.createServer(spec, { wait: true });
    await new Promise((resolve) => listener.close(resolve));
    await instance.setServerState({ hostname: 'nas-01' }, 'running', { wait: false, force: false });
    const packet = (await received).toString('hex');
    expect(packet).toBe('ff'.repeat(6) + '001122334455'.repeat(16));
  } finally {
    socket.close();
  }
});

test('a wrong inventory is told with its place', async () => {
  const instance = await provider.init(await context('servers:\n  - { hostname: a }\n'));
  await expect(instance.listServers()).rejects.toMatchObject({
    message: expect.stringContaining('infra/office/inventory.baremetal.yaml: servers.0'),
  });
  const none = await provider.init({
    ...(await context('')),
    readWorkspaceFile: async () => '# generated by provisioning\n',
  });
  await expect(none.listServers()).rejects.toMatchObject({
    message: expect.stringContaining('No inventory'),
  });
});
