import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Project } from '../project/project.ts';
import { guardProvider } from './guard.ts';
import { ProviderRegistry } from './registry.ts';

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'providers-'));
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

/** A provider in plain JavaScript; `body` may replace functions of its instance. */
async function extension(
  name: string,
  body = '',
  top = '',
  folder = join(workspace, 'extensions', 'providers', name),
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'manifest.yaml'),
    `name: ${name}\ntype: provider\nversion: 1.0.0\ndescription: Test\nentry_points: { provider: provider.js }\n`,
  );
  await writeFile(
    join(folder, 'provider.js'),
    `${top}
const server = (hostname) => ({ id: '1', name: hostname, hostname, provider: '${name}', status: 'running', plan: 'p', cores: 1,
  memory: 1024, disk: 10, zone: 'z', os: 'debian-12', ip_addresses: {}, created_at: '2026-01-01T00:00:00Z', tags: {} });
const functions = {
  validateConfig: async () => ({ valid: true, errors: [], warnings: [] }),
  testConnection: async () => ({ success: true, message: 'Connection successful' }),
  health: async () => ({ healthy: true, latency_ms: 1, checked_at: '2026-01-01T00:00:00Z' }),
  listPlans: async () => [], listZones: async () => [], listImages: async () => [], getPricing: async () => [],
  listServers: async () => [server('web-01')], getServer: async ({ hostname }) => server(hostname), serverExists: async () => true,
  createServer: async ({ hostname }) => server(hostname), deleteServer: async () => ({ deleted: true }),
  setServerState: async ({ hostname }) => server(hostname), resizeServer: async ({ hostname }) => server(hostname),
  updateServer: async ({ hostname }) => server(hostname), getIp: async () => null,
  getAccess: async () => ({ kind: 'local' }), dispose: async () => undefined,
};
const metadata = () => ({ name: '${name}', version: '1.0.0', type: 'provider', display_name: '${name}', description: 'Test', interface: 'API',
  category: 'cloud', capabilities: { server_management: true }, required_auth: [], auth_methods: [], supported_os: ['any'], regions: [], certified: true });
const provider = { apiVersion: '2.0', metadata, configSchema: {}, serverSchema: {}, defaults: { server: {} }, init: async () => functions };
${body}
export default provider;
`,
  );
}

function open(
  variables: Record<string, string> = {},
  config: Record<string, unknown> = {},
  ...products: readonly string[]
): Project {
  return new Project({
    workspace: { name: 'demo', path: workspace },
    infra: 'shop',
    environment: 'dev',
    configuration: { get: (path) => config[path] },
    moduleUrls: [pathToFileURL(join(import.meta.dirname, 'x')).href, ...products],
    variables,
    cachePath: join(workspace, 'cache'),
  });
}

test('06.A2 a provider without getIp is told, the others still work', async () => {
  await extension('acme', 'delete functions.getIp;');
  await extension('good');
  await using project = open();
  await expect(project.provider('acme')).rejects.toMatchObject({
    message: "Provider 'acme' does not implement: getIp",
  });
  expect(await (await project.provider('good')).listServers()).toHaveLength(1);
});

test('06.A2 providers that throw, lie or break while loading harm no other', async () => {
  await extension('throws', "functions.listServers = () => { throw 'a plain text'; };");
  await extension(
    'lies',
    "functions.listServers = async () => [{ hostname: 7 }]; functions.getServer = async () => 'yes';",
  );
  await extension('breaks', '', "throw new Error('on import');");
  await extension('halves', "provider.metadata = () => { throw new Error('no metadata'); };");
  await extension('refuses', "provider.init = () => { throw new TypeError('no init'); };");
  await extension('good');
  await using project = open();
  await expect((await project.provider('throws')).listServers()).rejects.toMatchObject({
    provider: 'throws',
    message: "Provider 'throws' failed in listServers: a plain text",
  });
  const lies = await project.provider('lies');
  await expect(lies.listServers()).rejects.toMatchObject({
    message: expect.stringContaining('gave a wrong answer to listServers'),
  });
  await expect(lies.getServer({ hostname: 'x' })).rejects.toMatchObject({
    message: expect.stringContaining('string is no server'),
  });
  await expect(project.provider('breaks')).rejects.toMatchObject({
    code: 'PROVIDER_LOAD_FAILED',
    message: expect.stringContaining('on import'),
  });
  await expect(project.provider('halves')).rejects.toMatchObject({
    message: expect.stringContaining('no metadata'),
  });
  await expect(project.provider('refuses')).rejects.toMatchObject({
    code: 'PROVIDER_LOAD_FAILED',
    message: expect.stringContaining('no init'),
  });
  const good = await project.provider('good');
  expect(await good.getServer({ hostname: 'web-01' })).toMatchObject({ hostname: 'web-01' });
  expect(Object.fromEntries(project.providerStatistics)).toMatchObject({
    throws: { calls: 1, errors: 1 },
    good: { errors: 0 },
  });
  const registry = new ProviderRegistry({
    catalogue: project.extensions,
    configuration: { get: () => undefined },
    profile: 'development',
    open: (name) => project.provider(name),
    metadata: (name) => project.providerMetadata(name),
  });
  const entries = Object.fromEntries((await registry.list()).map((entry) => [entry.name, entry]));
  expect(await registry.info('breaks')).toMatchObject({ status: 'error', available: false });
  expect(entries.good).toMatchObject({
    status: 'available',
    available: true,
    source: 'workspace',
    certified: false,
  });
  const health = await registry.health(['good', 'refuses']);
  expect(health).toMatchObject([
    { provider: 'good', healthy: true },
    { provider: 'refuses', healthy: false },
  ]);
});

test('06.A2 functions that are missing or vanish are told by name, and harm no other provider', async () => {
  await extension(
    'holes',
    "functions.network = { list: async () => [] }; functions.getAccess = 'ssh'; functions.snapshot = undefined;",
  );
  await extension('thin', 'functions.network = { list: async () => [] }; functions.volume = {};');
  await extension(
    'forgets',
    'functions.listServers = async () => { delete functions.getServer; return []; };',
  );
  await extension('empty', 'provider.init = async () => ({});');
  await extension('nothing', 'provider.init = async () => undefined;');
  await extension('good');
  await using project = open();
  await expect(project.provider('holes')).rejects.toThrow("Provider 'holes' does not implement: getAccess");
  await expect(project.provider('empty')).rejects.toThrow(
    /does not implement: validateConfig, .*, getAccess$/,
  );
  await expect(project.provider('nothing')).rejects.toMatchObject({ code: 'PROVIDER_LOAD_FAILED' });
  const thin = await project.provider('thin');
  expect(await thin.network?.list()).toEqual([]);
  await expect(thin.network?.ensure({ name: 'a' })).rejects.toMatchObject({
    providerCode: 'unsupported',
    message: "Provider 'thin' does not implement: network.ensure",
  });
  expect(thin.snapshot).toBeUndefined();
  const forgets = await project.provider('forgets');
  await forgets.listServers();
  await expect(forgets.getServer({ hostname: 'web-01' })).rejects.toMatchObject({ provider: 'forgets' });
  expect(await forgets.listServers()).toEqual([]);
  expect(await (await project.provider('good')).listServers()).toHaveLength(1);
});

test('a package of others that npm put beside the product runs in a process of its own, and dies alone', async () => {
  const modules = join(workspace, 'product', 'node_modules');
  const product = pathToFileURL(join(workspace, 'product', 'main.js')).href;
  const tell = 'globalThis.loadedHere = true; functions.listZones = async () => process.exit(3);';
  await extension('beside', tell, '', join(modules, 'provisioning-provider-beside'));
  await extension('scoped', tell, '', join(modules, '@acme', 'provisioning-provider-scoped'));
  await extension('good');
  await using project = open({}, {}, product);
  for (const name of ['beside', 'scoped']) {
    const provider = await project.provider(name);
    expect(await provider.listServers()).toHaveLength(1);
    await expect(provider.listZones()).rejects.toThrow('its process ended (exit 3)');
  }
  expect(Reflect.get(globalThis, 'loadedHere')).toBeUndefined();
  expect(await (await project.provider('good')).listServers()).toHaveLength(1);
});

test('06 §2 a provider that speaks by the names of the first API is understood', async () => {
  await extension(
    'elder',
    `const told = [];
    functions.query_servers = functions.listServers; delete functions.listServers;
    functions['get-server-info'] = functions.getServer; delete functions.getServer;
    functions.server_exists = functions.serverExists; delete functions.serverExists;
    functions['get-ssh-access'] = functions.getAccess; delete functions.getAccess;
    functions.get_ip = async () => told.join(' '); delete functions.getIp;
    functions['get-plans'] = functions.listPlans; delete functions.listPlans;
    functions['get-regions'] = functions.listZones; delete functions.listZones;
    functions['create-servers'] = async ({ count, size, zone }) => [server([count, size, zone].join('-'))]; delete functions.createServer;
    functions['delete-servers'] = async (ids) => { told.push('deleted', ...ids); }; delete functions.deleteServer;
    functions['start-server'] = async ({ hostname }) => { told.push('started'); return server(hostname); };
    functions['stop-server'] = async ({ hostname }) => { told.push('stopped'); return server(hostname); }; delete functions.setServerState;`,
  );
  await using project = open();
  const provider = await project.provider('elder');
  expect(await provider.listServers()).toHaveLength(1);
  expect(await provider.getServer({ hostname: 'db-01' })).toMatchObject({ hostname: 'db-01' });
  expect(await provider.serverExists({ hostname: 'db-01' })).toBe(true);
  expect(await provider.listPlans()).toEqual([]);
  const spec = { hostname: 'x', plan: 'small', zone: 'z' } as never;
  expect(await provider.createServer(spec, { wait: true })).toMatchObject({ hostname: '1-small-z' });
  await provider.setServerState({ hostname: 'x' }, 'rebooted', { wait: true, force: false });
  expect(
    await provider.deleteServer({ hostname: 'x' }, { keepStorage: false, force: false, wait: true }),
  ).toEqual({ deleted: true });
  expect(await provider.getIp({ hostname: 'x' }, 'public')).toBe('stopped started deleted x');
});

test('06.A2 a call that hangs ends with the name of the provider', async () => {
  const instance = { listServers: () => new Promise(() => undefined) };
  const guarded = guardProvider('sleepy', instance as never, {
    statistics: { calls: 0, errors: 0, total_ms: 0 },
    now: Date.now,
    queryLimit: 0.05,
  });
  await expect(guarded.listServers()).rejects.toMatchObject({
    providerCode: 'timeout',
    message: "Provider 'sleepy' did not answer listServers within 0.05 s",
  });
});

test('06.A2 what a provider prints does not reach standard output, what we print in its callbacks does', async () => {
  const source = `
    import { guardProvider } from ${JSON.stringify(join(import.meta.dirname, 'guard.ts'))};
    const noisy = {
      listServers: async () => { console.log('noise'); process.stdout.write('more noise\\n'); setTimeout(() => console.log('late noise'), 1); return []; },
      createServer: async (_spec, { onProgress }) => { onProgress('ours'); return undefined; },
    };
    const statistics = { calls: 0, errors: 0, total_ms: 0 };
    const guarded = guardProvider('noisy', noisy, { statistics, now: Date.now });
    await guarded.listServers();
    await guarded.createServer({}, { onProgress: (text) => console.log(text) }).catch(() => undefined);
    console.log('{"result":true}');
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('ours\n{"result":true}\n');
  expect(stderr).toContain('noise\nmore noise');
  expect(stderr).toContain('late noise');
});

test('06.A12 production takes certified providers only', async () => {
  await extension('acme');
  await using project = open({ PROVISIONING_PROFILE: 'production' });
  for (const name of ['local', 'rest', 'acme']) {
    await expect(project.provider(name)).rejects.toMatchObject({
      exitCode: 4,
      message: `Provider '${name}' is not allowed by profile 'production'`,
    });
  }
  expect((await project.providerMetadata('hetzner')).name).toBe('hetzner');
  await using wrong = open({ PROVISIONING_PROFILE: 'prod' });
  await expect(wrong.provider('hetzner')).rejects.toMatchObject({
    exitCode: 3,
    message: 'Invalid profile: prod',
  });
});

test('a disabled provider is told; a folder with rest.yaml is a provider without code', async () => {
  await extension('acme');
  const folder = join(workspace, 'extensions', 'providers', 'plain');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'manifest.yaml'),
    'name: plain\ntype: provider\nversion: 1.2.3\ndescription: Declared\n',
  );
  await writeFile(
    join(folder, 'rest.yaml'),
    'base_url: https://api.example.com/v1\nauth: { method: none }\nzones: [main]\nplans: []\n',
  );
  await using project = open({}, { 'providers.acme.enabled': false });
  await expect(project.provider('acme')).rejects.toMatchObject({ message: "Provider 'acme' is disabled" });
  expect(await project.providerMetadata('plain')).toMatchObject({ name: 'plain', version: '1.2.3' });
  expect(await (await project.provider('plain')).listZones()).toEqual([
    { name: 'main', region: 'main', available: true },
  ]);
  await writeFile(join(folder, 'rest.yaml'), 'operations: { listServers: { method: FETCH, path: /x } }\n');
  await using again = open();
  await expect(again.provider('plain')).rejects.toMatchObject({ message: 'Unsupported HTTP method: FETCH' });
});

test('06.A1 the built-in providers and one dropped into the workspace are listed', async () => {
  await extension('acme');
  await using project = open();
  const registry = new ProviderRegistry({
    catalogue: project.extensions,
    configuration: { get: () => undefined },
    profile: 'development',
  });
  const names = (await registry.list()).filter(({ available }) => available).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['acme', 'baremetal', 'hetzner', 'local', 'rest', 'upcloud']));
});

test('06 §8 every change at a provider is on record: who, what, how it ended; questions are not', async () => {
  await extension('books', "functions.deleteServer = async () => { throw new Error('no such thing'); };");
  const project = open({ USER: 'ana' });
  const provider = await project.provider('books');
  await provider.listServers();
  await provider.createServer({ hostname: 'web-01', idempotency_key: 'run/1' } as never, { wait: true });
  const gone = { keepStorage: false, force: false, wait: true };
  await expect(provider.deleteServer({ hostname: 'web-01' }, gone)).rejects.toThrow('no such thing');
  await project.close();
  const text = await readFile(join(workspace, '.runtime/audit/providers.jsonl'), 'utf8');
  const records = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const common = {
    time: expect.any(String),
    provider: 'books',
    resource: 'web-01',
    infra: 'shop',
    actor: 'ana',
  };
  expect(records).toEqual([
    { ...common, operation: 'createServer', result: 'success', request_id: 'run/1' },
    {
      ...common,
      operation: 'deleteServer',
      result: 'failure',
      error: expect.stringContaining('no such thing'),
    },
  ]);
});
