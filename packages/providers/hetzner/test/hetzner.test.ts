import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { type ProviderInstance, Secret } from '@provisioning/extensions-sdk';
import { formatReport, runProviderConformance } from '@provisioning/extensions-sdk/conformance';
import { definedServer } from '@provisioning/extensions-sdk/testing';
import provider from '../src/index.ts';
import { type Fixture, fixture, smallest, spec } from './fixture.ts';
import { HetznerMock, token } from './mock.ts';
import { descriptionFile, descriptionIsThere } from './openapi.ts';

if (!descriptionIsThere()) {
  test('the API description is not beside the repository: the Hetzner suite is left out', () => {
    process.stderr.write(`left out: ${descriptionFile} is not there\n`);
  });
} else {
  describe('against the published API description', suite);
}

function suite(): void {
  let mock: HetznerMock;
  let setup: Fixture;
  let instance: ProviderInstance;

  beforeAll(async () => {
    mock = await HetznerMock.start();
    setup = await fixture(mock);
    instance = await provider.init(setup.context);
  });
  afterEach(() => {
    expect(mock.violations).toEqual([]);
  });
  afterAll(async () => {
    await instance.dispose();
    await setup[Symbol.asyncDispose]();
    await mock[Symbol.asyncDispose]();
  });
  const gone = { keepStorage: false, force: true, wait: true };

  test('passes the conformance kit', async () => {
    const { context } = setup;
    const report = await runProviderConformance(provider, {
      folder: join(import.meta.dirname, '..'),
      context,
      withoutCredentials: { ...context, secrets: {} },
      wrongCredentials: { ...context, secrets: { HCLOUD_TOKEN: new Secret('the-wrong-token-98765') } },
      secrets: [token, 'the-wrong-token-98765'],
      mock: {
        mutations: () => mock.mutations(),
        requests: () => mock.requests(),
        fail: (fault) => mock.fail(fault),
        foreignServer: mock.foreignServer,
      },
      spec: smallest,
      otherPlan: 'cx32',
      infrastructure: [
        definedServer({ hostname: 'app-01', provider: 'hetzner', plan: 'cx22', zone: 'nbg1' }),
        definedServer({ hostname: 'app-02', provider: 'hetzner', plan: '2xCPU-4GB' }),
      ],
    });
    expect(formatReport(report)).toContain('Provider hetzner: conforms');
    expect(mock.state.everything('servers')).toHaveLength(1);
    expect(mock.state.everything('ssh_keys')).toHaveLength(0);
  });

  test('a server has its firewall, volumes and first boot, and takes them with it', async () => {
    const server = await instance.createServer(
      spec({
        hostname: 'db-01',
        user: 'admin',
        user_ssh_port: 2222,
        allowed_ports: [5432],
        volumes: [{ name: 'data', size: 50, mount_point: '/var/lib/data' }],
      }),
      { wait: true },
    );
    expect(await instance.getAccess({ hostname: 'db-01' })).toMatchObject({
      kind: 'ssh',
      user: 'admin',
      port: 2222,
      host: server.ip_addresses.public,
    });
    expect(await instance.getFirewall?.({ hostname: 'db-01' })).toEqual([
      { direction: 'ingress', protocol: 'tcp', port: 2222, source: '0.0.0.0/0', action: 'allow' },
      { direction: 'ingress', protocol: 'tcp', port: 5432, source: '0.0.0.0/0', action: 'allow' },
    ]);
    expect(await instance.volume?.list()).toMatchObject([
      { name: 'shop-db-01-data', size: 50, attached_to: 'db-01' },
    ]);
    await instance.deleteServer({ hostname: 'db-01' }, { ...gone, keepStorage: true });
    expect(await instance.volume?.list()).toHaveLength(1);
    expect(mock.state.everything('firewalls')).toHaveLength(0);
    await instance.deleteServer({ hostname: 'db-01' }, gone);
    expect(await instance.volume?.list()).toHaveLength(0);
  });

  test('a taken name that is not ours is told, not touched', async () => {
    mock.state.addServer({ name: 'shop-mail-01', server_type: 'cx22', image: 'debian-12' });
    await expect(instance.createServer(spec({ hostname: 'mail-01' }), { wait: true })).rejects.toMatchObject({
      providerCode: 'conflict',
      message: "Server 'mail-01' already exists",
    });
    await instance.deleteServer({ hostname: 'mail-01' }, gone);
    expect(mock.state.everything('servers').map(({ name }) => name)).toContain('shop-mail-01');
  });

  test('wrong plan and zone are refused before anything is sent', async () => {
    const before = mock.mutations();
    await expect(
      instance.createServer(spec({ plan: 'cx9000', zone: 'moon' }), { wait: true }),
    ).rejects.toMatchObject({
      providerCode: 'invalid',
      message: 'Invalid server configuration: Invalid plan: cx9000, Invalid zone: moon',
    });
    expect(mock.mutations()).toBe(before);
  });

  test('rules, tags and plan of a running server change in place', async () => {
    const ref = { hostname: 'web-01' };
    await instance.createServer(spec(), { wait: true });
    const changed = await instance.updateServer(ref, {
      plan: 'cx32',
      tags: { team: 'a b' },
      allowed_ports: [80, 443],
    });
    expect(changed).toMatchObject({ plan: 'cx32', cores: 4, memory: 8192, status: 'running' });
    expect(changed.tags.team).toMatch(/^a-b-[0-9a-f]{8}$/);
    expect((await instance.getFirewall?.(ref))?.map(({ port }) => port)).toEqual([22, 80, 443]);
    await instance.configureFirewall?.(ref, []);
    expect(await instance.getFirewall?.(ref)).toEqual([]);
    const deny = {
      direction: 'ingress',
      protocol: 'tcp',
      port: 25,
      source: '0.0.0.0/0',
      action: 'deny',
    } as const;
    await expect(
      instance.configureFirewall?.(ref, [deny, { ...deny, port: '*', action: 'allow' }]),
    ).rejects.toMatchObject({
      providerCode: 'unsupported',
    });
    await instance.deleteServer(ref, gone);
  });

  test('06 §9 quotas: the whole project against the limits that are configured, nothing where none are', async () => {
    expect(instance.getQuota).toBeUndefined();
    await using limited = await fixture(mock, { limits: { servers: 10, cores: 20, networks: 50 } });
    const held = await provider.init(limited.context);
    await instance.createServer(spec(), { wait: true });
    const everything = mock.state.everything('servers').length;
    expect(await held.getQuota?.()).toEqual([
      { name: 'servers', used: everything, limit: 10 },
      { name: 'networks', used: mock.state.everything('networks').length, limit: 50 },
      { name: 'cores', used: 2 * everything, limit: 20 },
    ]);
    await instance.deleteServer({ hostname: 'web-01' }, gone);
    expect((await held.getQuota?.())?.at(0)).toMatchObject({ used: everything - 1 });
    await held.dispose();
  });

  test('networks, snapshots, load balancers and records', async () => {
    const ref = { hostname: 'web-01' };
    const network = await instance.network?.ensure({ name: 'inside', cidr: '10.0.0.0/16' });
    expect(await instance.network?.ensure({ name: 'inside', cidr: '10.0.0.0/16' })).toEqual(network);
    await instance.createServer(spec({ network: { private_network: 'inside' } }), { wait: true });
    expect(await instance.getIp(ref, 'private')).toMatch(/^10\./);

    const snapshot = await instance.snapshot?.create(ref);
    expect(await instance.snapshot?.list()).toHaveLength(1);
    await instance.snapshot?.restore(snapshot?.id ?? '');
    await instance.snapshot?.delete(snapshot?.id ?? '');
    expect(await instance.snapshot?.list()).toHaveLength(0);

    const balancers = instance.loadBalancer!;
    const listeners = [
      { port: 80, target_port: 8080, protocol: 'http' },
      { port: 5432, target_port: 5432 },
    ];
    const { id } = await balancers.ensure({ name: 'front', listeners });
    expect((await balancers.ensure({ name: 'front', listeners })).id).toBe(id);
    expect(await balancers.list?.()).toMatchObject([{ id, name: 'front', ports: [80, 5432] }]);
    await balancers.setTargets(id, [{ ref, weight: 100 }]);
    expect(await balancers.health(id)).toEqual({ healthy: 1, total: 1 });
    const { id: server } = (await instance.getServer(ref))!;
    expect(await balancers.list?.()).toMatchObject([{ targets: [{ id: server, weight: 100 }] }]);
    await balancers.setTargets(id, [{ ref, weight: 0 }]);
    expect(await balancers.list?.()).toMatchObject([{ targets: [] }]);
    expect(await balancers.health(id)).toEqual({ healthy: 0, total: 0 });
    await balancers.delete(id);
    expect(await balancers.list?.()).toEqual([]);

    const record = {
      zone: 'example.com',
      name: 'web.example.com',
      type: 'A',
      value: '203.0.113.9',
      ttl: 300,
    };
    await instance.dns?.ensure(record);
    await instance.dns?.ensure(record);
    await instance.dns?.ensure({ ...record, value: '203.0.113.10', ttl: 60 });
    expect(await instance.dns?.list('example.com')).toEqual([
      { name: 'web', type: 'A', value: '203.0.113.10', ttl: 60 },
    ]);
    await instance.dns?.delete(record);

    await instance.deleteServer(ref, gone);
    await instance.network?.delete(network?.id ?? '');
    expect(await instance.network?.list()).toEqual([]);
  });

  test('06.A5 a create that worked but never answered is found by its labels: one server', async () => {
    mock.lose({ kind: 'silent', method: 'POST' });
    const quick = await provider.init({
      ...setup.context,
      config: { ...setup.context.config, timeout: 0.2 },
    });
    const before = mock.state.everything('servers').length;
    const keyed = spec({ ssh_public_keys: [] });
    expect((await quick.createServer(keyed, { wait: true })).status).toBe('running');
    expect(mock.state.everything('servers')).toHaveLength(before + 1);
    await quick.deleteServer({ hostname: 'web-01' }, gone);
    await quick.dispose();
  });
}
