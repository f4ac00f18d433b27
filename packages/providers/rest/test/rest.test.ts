import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProviderContext, Secret, type ServerSpec } from '@provisioning/extensions-sdk';
import { formatReport, runProviderConformance } from '@provisioning/extensions-sdk/conformance';
import { answer, definedServer, ManualClock, startService } from '@provisioning/extensions-sdk/testing';
import { parse } from 'yaml';
import rest, { type Declaration, fromDeclaration } from '../src/index.ts';
import { DropletMock, token } from './droplets.ts';

const examples = join(import.meta.dirname, '..', 'examples');
const smallest = {
  plan: 's-1vcpu-1gb',
  cores: 1,
  memory: 1024,
  disk: 25,
  zone: 'fra1',
  os: 'debian-12-x64',
} as const;
const gone = { keepStorage: false, force: true, wait: true };

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'rest-'));
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

async function example(name: string) {
  const declaration = parse(await readFile(join(examples, name, 'rest.yaml'), 'utf8')) as Declaration;
  const manifest = parse(await readFile(join(examples, name, 'manifest.yaml'), 'utf8')) as Record<
    string,
    string
  >;
  const { version = '', description = '' } = manifest;
  return fromDeclaration(declaration, { name, version, description });
}

function context(config: Record<string, unknown>, secrets: Record<string, string> = {}): ProviderContext {
  const clock = new ManualClock();
  return {
    config: { rate_limit: { requests_per_minute: 60_000, burst_size: 1000 }, ...config },
    workspace: { name: 'demo', path: '/nowhere' },
    infra: 'shop',
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)])),
    environment: {},
    cacheDir,
    log: () => undefined,
    now: () => clock.now(),
    clock,
  };
}

function spec(overrides: Partial<ServerSpec> = {}): ServerSpec {
  return {
    ...smallest,
    hostname: 'web-01',
    ssh_public_keys: [],
    allowed_ports: [],
    time_zone: 'UTC',
    tags: {},
    extra: {},
    idempotency_key: 'workflow-1/web-01',
    ...overrides,
  };
}

test('06.A10 the DigitalOcean declaration passes the conformance kit, lists with paging, maps states', async () => {
  await using mock = await DropletMock.start();
  const provider = await example('digitalocean');
  const right = context({ base_url: mock.url }, { DO_TOKEN: token });
  const report = await runProviderConformance(provider, {
    folder: join(examples, 'digitalocean'),
    context: right,
    withoutCredentials: { ...right, secrets: {} },
    wrongCredentials: { ...right, secrets: { DO_TOKEN: new Secret('a-wrong-token-98765') } },
    secrets: [token, 'a-wrong-token-98765'],
    mock: {
      mutations: () => mock.mutations(),
      requests: () => mock.requests(),
      fail: (fault) => mock.fail(fault),
      foreignServer: mock.foreignServer,
    },
    spec: smallest,
    otherPlan: 's-2vcpu-4gb',
    infrastructure: [
      definedServer({ hostname: 'app-01', provider: 'digitalocean', plan: '1xCPU-1GB', zone: 'fra1' }),
    ],
  });
  expect(formatReport(report)).toContain('Provider digitalocean: conforms');
  expect(mock.droplets).toHaveLength(3);
  const instance = await provider.init(right);
  expect(await instance.listServers({ all: true })).toMatchObject([
    {
      name: 'foreign-01',
      status: 'running',
      ip_addresses: { public: '203.0.113.1', private: '10.0.0.1' },
      memory: 1024,
    },
    { name: 'foreign-02' },
    { name: 'foreign-03' },
  ]);
  await instance.dispose();
});

test('06.A5 a droplet that was made without an answer is found, not made again', async () => {
  await using mock = await DropletMock.start();
  const instance = await (
    await example('digitalocean')
  ).init(context({ base_url: mock.url, timeout: 0.2 }, { DO_TOKEN: token }));
  mock.silent = true;
  expect((await instance.createServer(spec(), { wait: true })).status).toBe('running');
  expect(mock.droplets).toHaveLength(4);
  await instance.deleteServer({ hostname: 'web-01' }, gone);
  expect(mock.droplets).toHaveLength(3);
  await instance.dispose();
});

test('06.A10 a wrong method is told', () => {
  const declaration = { operations: { listServers: { method: 'FETCH', path: '/x' } } };
  expect(() => fromDeclaration(declaration, { name: 'acme', version: '1.0.0', description: 'x' })).toThrow(
    'Unsupported HTTP method: FETCH',
  );
});

test('06.A18 medium with 50 GB costs 0.15 an hour', async () => {
  const instance = await (await example('custom-cloud')).init(context({}, { PROVIDER_TOKEN: 'x-y-z-token' }));
  const [price] = await instance.getPricing({ plan: 'medium' });
  expect(price).toMatchObject({ hourly: 0.1, currency: 'USD' });
  expect((price?.hourly ?? 0) + (50 * (price?.storage_gb_month ?? 0)) / 730).toBeCloseTo(0.15, 8);
  await instance.dispose();
});

test('a service without tags: our servers are the ones we made, others of the same name are left alone', async () => {
  const servers = [{ id: 1, name: 'web-01', status: 'running', plan: 'small', zone: 'main' }];
  await using service = await startService(({ method, body }, response) => {
    if (method === 'GET') return answer(response, 200, { servers });
    if (method === 'DELETE') return (void servers.pop(), answer(response, 204));
    servers.push({ id: 2, status: 'running', ...(body as { name: string; plan: string; zone: string }) });
    answer(response, 201, { server: servers[1] });
  });
  const settings = { base_url: service.url, zones: ['main'], plans: [], auth: { method: 'none' } };
  const instance = await rest.init(context(settings));
  expect(await instance.listServers()).toEqual([]);
  await expect(instance.createServer(spec(), { wait: true })).rejects.toMatchObject({
    providerCode: 'conflict',
  });
  expect((await instance.createServer(spec({ hostname: 'web-02' }), { wait: true })).id).toBe('2');
  expect(await instance.listServers()).toMatchObject([{ hostname: 'web-02' }]);
  expect(await instance.deleteServer({ hostname: 'web-01' }, gone)).toEqual({ deleted: false });
  expect(await instance.deleteServer({ hostname: 'web-02' }, gone)).toEqual({ deleted: true });
  expect(servers).toHaveLength(1);
  await instance.dispose();
});

test('records by declaration', async () => {
  const records: Record<string, unknown>[] = [];
  await using service = await startService(({ method, path, body }, response) => {
    const id = path.split('/')[4];
    const index = records.findIndex((record) => record.id === id);
    if (path === '/zones') return answer(response, 200, { result: [{ id: 'z1', name: 'example.com' }] });
    if (!path.startsWith('/zones/z1/dns_records'))
      return answer(response, 404, { errors: [{ message: path }] });
    if (method === 'GET') return answer(response, 200, { result: records });
    if (method === 'POST') records.push({ id: `r${records.length + 1}`, ...(body as object) });
    if (method === 'PATCH') Object.assign(records[index] ?? {}, body);
    if (method === 'DELETE') records.splice(index, 1);
    answer(response, 200, { success: true });
  });
  const provider = await example('cloudflare');
  const instance = await provider.init(
    context({ base_url: service.url }, { CLOUDFLARE_API_TOKEN: 'cf-token-1234' }),
  );
  expect(provider.metadata().capabilities).toMatchObject({ dns_management: true, server_management: false });
  const record = { zone: 'example.com', name: 'web', type: 'A', value: '203.0.113.9', ttl: 300 };
  await instance.dns?.ensure(record);
  await instance.dns?.ensure(record);
  await instance.dns?.ensure({ ...record, value: '203.0.113.10' });
  expect(await instance.dns?.list('example.com')).toEqual([
    { name: 'web.example.com', type: 'A', value: '203.0.113.10', ttl: 300 },
  ]);
  await instance.dns?.delete(record);
  expect(records).toEqual([]);
  await instance.dispose();
});
