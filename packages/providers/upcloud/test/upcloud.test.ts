import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { type ProviderInstance, Secret } from '@provisioning/extensions-sdk';
import { formatReport, runProviderConformance } from '@provisioning/extensions-sdk/conformance';
import { answer, definedServer, startService } from '@provisioning/extensions-sdk/testing';
import provider, { makeProvisionUpcloud, makeServerUpcloud, makeStorageBackup } from '../src/index.ts';
import { addressRange, rangeText } from '../src/resources/address-range.ts';
import { recordingsAreThere, recordingsFolder } from './cassettes.ts';
import { type Fixture, fixture, password, smallest, spec, token } from './fixture.ts';
import { UpcloudMock } from './mock.ts';

test('makers fill what is not given', () => {
  expect(makeServerUpcloud({ storage_backups: [makeStorageBackup({ retention_days: 30 })] })).toEqual({
    name: '',
    plan: '1xCPU-1GB',
    zone: 'us-nyc1',
    storage_backups: [{ backup_id: '', frequency: 'daily', retention_days: 30 }],
  });
  expect(makeProvisionUpcloud()).toEqual({ api_key: '', api_password: '', servers: [] });
});

test.each([
  ['10.0.0.0/16', '10.0.0.0', '10.0.255.255'],
  ['192.0.2.7', '192.0.2.7', '192.0.2.7'],
  ['2001:db8::/64', '2001:db8:0:0:0:0:0:0', '2001:db8:0:0:ffff:ffff:ffff:ffff'],
])('%s is the range %s to %s and back', (network, start, end) => {
  expect(addressRange(network)).toEqual({ start, end });
  expect(addressRange(rangeText(start, end) ?? '')).toEqual({ start, end });
});

if (!recordingsAreThere()) {
  test('the recordings are not beside the repository: the UpCloud suite is left out', () => {
    process.stderr.write(`left out: ${recordingsFolder} is not there\n`);
  });
} else {
  describe('against a service of the recorded shape', suite);
}

function suite(): void {
  let mock: UpcloudMock;
  let setup: Fixture;
  let instance: ProviderInstance;
  const gone = { keepStorage: false, force: true, wait: true };

  beforeAll(async () => {
    mock = await UpcloudMock.start();
    setup = await fixture(mock.url);
    instance = await provider.init(setup.context);
  });
  afterAll(async () => {
    await instance.dispose();
    await setup[Symbol.asyncDispose]();
    await mock[Symbol.asyncDispose]();
  });

  test('passes the conformance kit', async () => {
    const { context } = setup;
    const wrong = { ...context.secrets, UPCLOUD_PASSWORD: new Secret('the-wrong-password') };
    const report = await runProviderConformance(provider, {
      folder: join(import.meta.dirname, '..'),
      context,
      withoutCredentials: { ...context, secrets: {} },
      wrongCredentials: { ...context, secrets: wrong },
      secrets: [password, 'the-wrong-password'],
      mock: {
        mutations: () => mock.mutations(),
        requests: () => mock.requests(),
        fail: (fault) => mock.fail(fault),
        foreignServer: mock.foreignServer,
      },
      spec: smallest,
      otherPlan: '2xCPU-4GB',
      infrastructure: [
        definedServer({ hostname: 'app-01', provider: 'upcloud', plan: '2xCPU-4GB', zone: 'de-fra1' }),
      ],
    });
    expect(formatReport(report)).toContain('Provider upcloud: conforms');
    expect(mock.state.servers.size).toBe(1);
  });

  test('rules, volumes and disks follow the server', async () => {
    const ref = { hostname: 'db-01' };
    await instance.createServer(
      spec({
        hostname: 'db-01',
        allowed_ports: [5432],
        volumes: [{ name: 'data', size: 50, mount_point: '/data' }],
      }),
      { wait: true },
    );
    expect(await instance.getFirewall?.(ref)).toHaveLength(4);
    const server = await instance.getServer(ref);
    expect(mock.state.rules.get(server?.id ?? '')?.at(-1)).toEqual({ direction: 'in', action: 'drop' });
    await instance.configureFirewall?.(ref, [
      { direction: 'ingress', protocol: 'tcp', port: '8000-8100', source: '10.0.0.0/8', action: 'allow' },
    ]);
    expect(await instance.getFirewall?.(ref)).toEqual([
      { direction: 'ingress', protocol: 'tcp', port: '8000-8100', source: '10.0.0.0/8', action: 'allow' },
    ]);
    const volume = await instance.volume?.ensure({ name: 'extra', size: 20 });
    expect(await instance.volume?.ensure({ name: 'extra', size: 20 })).toEqual(volume);
    await instance.volume?.attach(volume?.id ?? '', ref);
    expect(await instance.volume?.list()).toMatchObject([
      { name: 'shop-extra', size: 20, attached_to: 'db-01' },
    ]);
    await instance.volume?.resize(volume?.id ?? '', 30);
    await instance.volume?.delete(volume?.id ?? '');
    const normal = () => [...mock.state.storages.values()].filter(({ type }) => type === 'normal').length;
    expect(normal()).toBe(2);
    await instance.deleteServer(ref, gone);
    expect(normal()).toBe(0);
  });

  test('networks, snapshots, load balancers, limits and prices', async () => {
    const ref = { hostname: 'web-01' };
    const network = await instance.network?.ensure({ name: 'inside', cidr: '10.0.0.0/24', zone: 'fi-hel2' });
    await instance.createServer(spec({ network: { private_network: 'inside' } }), { wait: true });
    expect(await instance.getIp(ref, 'private')).toMatch(/^10\.0\.0\./);
    const snapshot = await instance.snapshot?.create(ref, 'before');
    expect(await instance.snapshot?.list()).toMatchObject([{ name: 'before' }]);
    await instance.snapshot?.restore(snapshot?.id ?? '');
    expect((await instance.getServer(ref))?.status).toBe('running');
    await instance.snapshot?.delete(snapshot?.id ?? '');

    const balancers = instance.loadBalancer!;
    const { id } = await balancers.ensure({ name: 'front', listeners: [{ port: 80, target_port: 8080 }] });
    expect((await balancers.ensure({ name: 'front', listeners: [{ port: 80, target_port: 8080 }] })).id).toBe(
      id,
    );
    expect(await balancers.list?.()).toMatchObject([{ id, name: 'front', ports: [80] }]);
    await balancers.setTargets(id, [{ ref, weight: 100 }]);
    expect(await balancers.health(id)).toEqual({ healthy: 1, total: 1 });
    const { id: server } = (await instance.getServer(ref))!;
    expect(await balancers.list?.()).toMatchObject([{ targets: [{ id: server, weight: 100 }] }]);
    await balancers.setTargets(id, [{ ref, weight: 30 }]);
    expect(await balancers.list?.()).toMatchObject([{ targets: [{ id: server, weight: 30 }] }]);
    await balancers.setTargets(id, [{ ref, weight: 0 }]);
    expect(await balancers.list?.()).toMatchObject([{ targets: [] }]);
    await balancers.setTargets(id, []);
    expect(await balancers.health(id)).toEqual({ healthy: 0, total: 0 });
    await balancers.delete(id);
    expect(await balancers.list?.()).toEqual([]);

    expect(await instance.getQuota?.()).toContainEqual({ name: 'cores', used: 2, limit: 200 });
    expect(await instance.getPricing({ plan: '2xCPU-4GB', zone: 'de-fra1' })).toMatchObject([
      { currency: 'EUR', hourly: 0.02976, storage_gb_month: 0.2263 },
    ]);
    await instance.deleteServer(ref, gone);
    await instance.network?.delete(network?.id ?? '');
    expect(await instance.network?.list()).toEqual([]);
  });

  test('an API token is enough, and goes before a password', async () => {
    const { UPCLOUD_USERNAME } = setup.context.secrets;
    const secrets = { UPCLOUD_TOKEN: new Secret(token), UPCLOUD_USERNAME: UPCLOUD_USERNAME! };
    const tokened = await provider.init({ ...setup.context, secrets });
    expect(await tokened.validateConfig({ online: true })).toMatchObject({ valid: true, warnings: [] });
    expect((await tokened.testConnection()).success).toBe(true);
    await tokened.dispose();
  });

  test('buckets stand in an object storage of the infrastructure, which goes with the last of them', async () => {
    const service = instance.bucket!;
    mock.lose({ kind: 'lost', method: 'POST' });
    const { id } = await service.ensure({ name: 'assets', encryption: 'AES256' });
    expect(await service.ensure({ name: 'assets' })).toEqual({ id });
    await service.ensure({ name: 'backups', region: 'europe-1' });
    const listed = () => service.list!().then((all) => all.map(({ name, region }) => [name, region]));
    expect(await listed()).toEqual([
      ['assets', 'europe-1'],
      ['backups', 'europe-1'],
    ]);
    expect(mock.state.objectStorages.size).toBe(1);
    const [storage] = [...mock.state.objectStorages.values()];
    storage!.buckets[0]!.total_objects = 3;
    await expect(service.delete(id)).rejects.toMatchObject({ providerCode: 'conflict' });
    storage!.buckets[0]!.total_objects = 0;
    await using store = await bucketStore();
    const keys = { access_key: 'key', secret_key: 'secret', endpoint: store.url };
    const keyed = await provider.init({
      ...setup.context,
      config: { ...setup.context.config, object_storage: keys },
    });
    // UpCloud counts none yet; the storage knows better.
    await expect(keyed.bucket!.delete(id)).rejects.toMatchObject({
      ...{ providerCode: 'conflict', message: expect.stringContaining('The bucket assets is not empty') },
    });
    expect(storage!.buckets).toHaveLength(2);
    store.objects = 0;
    await keyed.bucket!.delete(id);
    await keyed.dispose();
    expect(store.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array.from({ length: 2 }, () => 'DELETE /assets'),
    );
    expect(await listed()).toEqual([['backups', 'europe-1']]);
    storage!.labels = [];
    await expect(service.delete(`${String(storage!.uuid)}/backups`)).rejects.toThrow('does not belong');
    expect(storage!.buckets).toHaveLength(1);
    await expect(service.ensure({ name: 'x', versioning: true })).rejects.toMatchObject({
      providerCode: 'unsupported',
    });
    await expect(service.ensure({ name: 'x', region: 'mars-1' })).rejects.toThrow('regions are europe-1');
    mock.state.objectStorages.clear();
    const last = await service.ensure({ name: 'last' });
    await service.delete(last.id);
    expect(mock.state.objectStorages.size).toBe(0);
  });

  test('06.A5 a create that worked but never answered is found by its labels: one server', async () => {
    mock.lose({ kind: 'silent', method: 'POST' });
    const quick = await provider.init({
      ...setup.context,
      config: { ...setup.context.config, timeout: 0.2 },
    });
    mock.state.lag = 6;
    expect((await quick.createServer(spec(), { wait: true })).status).toBe('running');
    mock.state.lag = 0;
    expect(mock.state.servers.size).toBe(2);
    await quick.deleteServer({ hostname: 'web-01' }, gone);
    await quick.dispose();
  });
}

/** An object storage with one bucket that refuses to be deleted while it has objects, as S3 does. */
async function bucketStore() {
  const store = { objects: 2 };
  const service = await startService((_request, response) => {
    if (store.objects === 0) return answer(response, 204);
    response.writeHead(409, { 'content-type': 'application/xml' });
    response.end('<Error><Code>BucketNotEmpty</Code><Message>The bucket is not empty</Message></Error>');
  });
  return Object.assign(store, {
    url: service.url,
    requests: service.requests,
    [Symbol.asyncDispose]: () => service.close(),
  });
}
