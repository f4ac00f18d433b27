import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  copy,
  encodeExtension,
  packExtension,
  RegistryServer,
  RemoteRegistry,
} from '@provisioning/distribution';
import { readSettings } from './service/settings.ts';
import { type RunningService, startService } from './service/start.ts';
import { cleanUp } from '../../../tools/testing/clean-up.ts';

let folder: string;
let gitea: Server;
let giteaUrl: string;
let asked: string[] = [];
let oci: RegistryServer;
let ociHost: string;
let service: RunningService;
/** Every service that a test started; one that fails does not get to stop its own. */
const started: RunningService[] = [];
let api: string;

interface FakeRelease {
  readonly tag: string;
  readonly draft?: boolean;
  readonly prerelease?: boolean;
  readonly asset?: string;
}
/** What the Git host holds: repository → releases. */
const repositories: Readonly<Record<string, readonly FakeRelease[]>> = {
  redis_taskserv: [
    { tag: 'v1.0.0', asset: 'redis-1.0.0.tar.gz' },
    { tag: 'v0.9.0' },
    { tag: 'v3.0.0', asset: 'redis-3.0.0.tar.gz', draft: true },
    { tag: 'v2.0.0-rc.1', asset: 'redis-2.0.0-rc.1.tar.gz' },
  ],
  aws_prov: [{ tag: '1.0.0', asset: 'aws-1.0.0.tar.gz' }],
  buildkit_cluster: [{ tag: 'v1.0.0', asset: 'buildkit_cluster_1.0.0.tar' }],
  website: [{ tag: 'v1.0.0', asset: 'website-1.0.0.tar.gz' }],
};
const archive = gzipSync('package');
/** Stands at the tag of `aws_prov`; the other repositories have none. */
const manifest = {
  ...{ name: 'aws', type: 'provider', version: '1.0.0', author: 'ada', license: 'MIT', category: 'cloud' },
  ...{ platforms: ['linux/amd64'], dependencies: { os: '^1' } },
};

function giteaAnswer(path: string): { readonly status: number; readonly body: unknown } {
  if (path === '/api/v1/version') return { status: 200, body: { version: '1.22' } };
  if (path.startsWith('/api/v1/orgs/ext/repos')) {
    return {
      status: 200,
      body: Object.keys(repositories).map((name) => ({
        name,
        description: `from git: ${name}`,
        topics: ['git'],
      })),
    };
  }
  const [, name = '', rest = ''] = /^\/api\/v1\/repos\/ext\/([^/?]+)\/?([^?]*)/.exec(path) ?? [];
  const releases = repositories[name];
  if (releases === undefined) return { status: 404, body: {} };
  if (rest === '') return { status: 200, body: { name, description: 'd' } };
  if (rest === 'releases') {
    return {
      status: 200,
      body: releases.map(({ tag, draft = false, prerelease = false, asset }) => ({
        tag_name: tag,
        draft,
        prerelease,
        published_at: '2026-01-01T00:00:00Z',
        assets:
          asset === undefined
            ? []
            : [
                {
                  id: 1,
                  name: asset,
                  size: archive.length,
                  browser_download_url: `${giteaUrl}/files/${asset}`,
                },
              ],
      })),
    };
  }
  if (name === 'aws_prov' && rest === 'raw/manifest.yaml') return { status: 200, body: manifest };
  return { status: 404, body: {} };
}

async function startGitea(port = 0): Promise<void> {
  gitea = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url!.startsWith('/files/')) {
      response.writeHead(200, { 'content-length': archive.length }).end(archive);
      return;
    }
    const { status, body } = giteaAnswer(request.url!);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => gitea.listen(port, '127.0.0.1', resolve));
  giteaUrl = `http://127.0.0.1:${(gitea.address() as AddressInfo).port}`;
}

async function stopGitea(): Promise<void> {
  gitea.closeAllConnections();
  await new Promise((resolve) => gitea.close(resolve));
}

async function pushOci(repository: string, name: string, version: string): Promise<void> {
  const path = join(folder, `${repository.replace('/', '-')}-${version}`);
  const { mkdir } = await import('node:fs/promises');
  await mkdir(path, { recursive: true });
  await writeFile(
    join(path, 'manifest.yaml'),
    JSON.stringify({
      name,
      type: 'taskserv',
      version,
      description: 'from oci',
      author: 'a',
      license: 'MIT',
      dependencies: { os: '*' },
    }),
  );
  const { target, root } = encodeExtension(await packExtension(path));
  await copy(target, root.digest, new RemoteRegistry(ociHost).repository(repository), version);
}

async function config(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

async function start(ttl = 300): Promise<RunningService> {
  const file = await config(
    'config.toml',
    `[server]\nport = 0\n[cache]\nttl_seconds = ${ttl}\n[[sources.gitea]]\nid = "git"\nurl = "${giteaUrl}"\norganization = "ext"\ntimeout_seconds = 30\n[[distributions.oci]]\nid = "oci"\nregistry = "${ociHost}"\nnamespace = "ns"\ntimeout_seconds = 30\n[logging]\nlevel = "silent"\n`,
  );
  const running = await startService(await readSettings({ file, environment: {}, flags: {} }), '0.1.0');
  started.push(running);
  return running;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-extreg-'));
  await startGitea();
  oci = new RegistryServer({ storage: join(folder, 'oci'), port: 0 });
  ociHost = `127.0.0.1:${(await oci.listen()).port}`;
  await pushOci('ns/redis', 'redis', '1.1.0');
  await pushOci('ns/redis-taskserv', 'redis', '1.0.5');
  service = await start();
  api = `http://127.0.0.1:${service.port}/api/v1`;
});
afterAll(() =>
  cleanUp(
    () => cleanUp(...started.map((one) => () => one.stop())),
    () => oci?.close(),
    () => stopGitea(),
    () => rm(folder, { recursive: true, force: true }),
  ),
);

async function get(path: string, base = api) {
  const response = await fetch(`${base}${path}`);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text === '' ? '{}' : text) };
}

test('10.A1 10.A13 one entry a name with the highest version and every backend that has it', async () => {
  const { body } = await get('/extensions');
  expect(body.data.map(({ type, name, version }: never) => `${type}/${name} ${version}`)).toEqual([
    'provider/aws 1.0.0',
    'cluster/buildkit 1.0.0',
    'taskserv/redis 1.1.0',
  ]);
  expect(body.data[2].available_in).toEqual(['git', 'oci']);
  const versions = await get('/extensions/taskservs/redis/versions');
  expect(versions.body.data.map(({ version }: { version: string }) => version)).toEqual(['1.1.0', '1.0.0']);
});

test('10.A14 drafts and releases without a package are absent, pre-releases are asked for', async () => {
  const { body } = await get('/extensions/taskserv/redis/versions?prerelease=true');
  expect(body.data.map(({ version }: { version: string }) => version)).toEqual([
    '2.0.0-rc.1',
    '1.1.0',
    '1.0.0',
  ]);
});

test('10.A2 pages with their headers; limits are checked', async () => {
  const second = await get('/extensions?limit=1&offset=1');
  expect(second.body.data.map(({ name }: { name: string }) => name)).toEqual(['buildkit']);
  expect([second.headers.get('x-total-count'), second.headers.get('link')]).toEqual([
    '3',
    expect.stringContaining('rel="next"'),
  ]);
  expect((await get('/extensions?limit=1&offset=2')).headers.get('link')).toBeNull();
  expect(await get('/extensions?limit=0')).toMatchObject({
    status: 400,
    body: { error: { code: 'INVALID_PARAMETER', message: 'limit must be between 1 and 1000' } },
  });
  expect((await get('/extensions?limit=1001')).headers.get('x-limit')).toBe('1000');
});

test('10.A3 unknown kinds and names', async () => {
  expect(await get('/extensions?type=foo')).toMatchObject({
    status: 400,
    body: {
      error: {
        code: 'INVALID_TYPE',
        message: 'Invalid extension type: foo. Valid types: provider, taskserv, cluster',
      },
    },
  });
  expect(await get('/extensions/taskserv/none')).toMatchObject({
    status: 404,
    body: { error: { message: 'Extension not found: taskserv/none' } },
  });
  expect(await get('/extensions/search')).toMatchObject({
    status: 400,
    body: { error: { message: 'Query parameter q is required' } },
  });
});

test('10.A5 a package comes with backend, checksum and ETag, and is not sent twice', async () => {
  const response = await fetch(`${api}/extensions/taskserv/redis/1.1.0`);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('x-backend-id')).toBe('oci');
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(response.headers.get('x-checksum-sha256'));
  const again = await fetch(`${api}/extensions/taskserv/redis/1.1.0`, {
    headers: { 'if-none-match': response.headers.get('etag')! },
  });
  expect(again.status).toBe(304);
  const fromGit = await fetch(`${api}/extensions/taskserv/redis/1.0.0`);
  expect([
    fromGit.headers.get('x-backend-id'),
    Buffer.from(await fromGit.arrayBuffer()).equals(archive),
  ]).toEqual(['git', true]);
  expect((await get('/extensions/taskserv/redis/9.9.9')).body.error.message).toBe(
    'Version not found: taskserv/redis 9.9.9',
  );
});

test('10 §1 10 §3 lists say what manifests say; without one the repository is what there is', async () => {
  const { body } = await get('/extensions');
  const [aws, buildkit, redis] = body.data;
  const { name: _name, version: _version, ...said } = manifest;
  expect(aws).toMatchObject({ ...said, description: 'from git: aws_prov', tags: ['git'] });
  expect(buildkit).toMatchObject({
    description: 'from git: buildkit_cluster',
    incomplete: true,
    platforms: [],
  });
  expect(redis).toMatchObject({ author: 'a', dependencies: { os: '*' } });
  const cloud = await get('/extensions?category=cloud');
  expect(cloud.body.data.map(({ name }: { name: string }) => name)).toEqual(['aws']);
  expect((await get('/extensions/cluster/buildkit')).body.data).toMatchObject({
    incomplete: true,
    description: 'd',
  });
});

test('10 §2 what nobody has is not asked for again for a while, what one has is asked of that one first', async () => {
  for (const [kind, status] of [
    ['MISS', 404],
    ['known', 404],
  ] as const) {
    asked = [];
    expect([kind, (await get('/extensions/taskserv/nowhere')).status]).toEqual([kind, status]);
    expect([kind, asked.length > 0]).toEqual([kind, kind === 'MISS']);
  }
  const download = async (): Promise<readonly string[]> => {
    asked = [];
    const response = await fetch(`${api}/extensions/taskserv/redis/1.0.5`);
    await response.arrayBuffer();
    return [response.headers.get('x-backend-id') ?? String(response.status), ...asked];
  };
  await pushOci('ns/redis', 'redis', '1.0.5');
  expect((await download()).length).toBeGreaterThan(1);
  expect(await download()).toEqual(['oci']);
  const first = await get('/extensions/taskserv/redis/1.1.0/manifest');
  const second = await get('/extensions/taskserv/redis/1.1.0/manifest');
  expect([first, second].map(({ headers }) => headers.get('x-cache'))).toEqual(['MISS', 'HIT']);
});

test('search ranks names before descriptions', async () => {
  expect((await get('/extensions/search?q=redis')).body.data[0].name).toBe('redis');
  expect((await get('/extensions/search?q=b*')).body.data.map(({ name }: { name: string }) => name)).toEqual([
    'buildkit',
  ]);
});

test('10.A6 10.A7 a cold list asks each backend once however many ask, a warm one asks nobody', async () => {
  const other = await start();
  const base = `http://127.0.0.1:${other.port}/api/v1`;
  asked = [];
  await Promise.all(Array.from({ length: 50 }, () => get('/extensions', base)));
  expect(asked.filter((path) => path.includes('/orgs/'))).toHaveLength(1);
  const before = await get('/cache/stats', base);
  expect((await get('/extensions', base)).headers.get('x-cache')).toBe('HIT');
  const after = await get('/cache/stats', base);
  expect(after.body.list_hits).toBe(before.body.list_hits + 1);
  expect((await fetch(`${base}/cache`, { method: 'DELETE' })).status).toBe(204);
  expect((await get('/extensions', base)).headers.get('x-cache')).toBe('MISS');
  await other.stop();
});

test('10.A4 10.A16 what is left is served while a backend is down; a failing one is not asked for a while', async () => {
  const other = await start(0);
  const base = `http://127.0.0.1:${other.port}/api/v1`;
  const port = Number(new URL(giteaUrl).port);
  await stopGitea();
  const partial = await get('/extensions', base);
  expect(partial).toMatchObject({
    status: 200,
    body: { metadata: { partial: true, errors: [{ id: 'git' }] } },
  });
  expect(partial.body.metadata.errors[0].error).not.toContain('fetch failed');
  expect(await get('/health?deep=true', base)).toMatchObject({
    status: 200,
    body: { status: 'degraded', backends: { gitea: { healthy: false }, oci: { healthy: true } } },
  });
  for (let call = 0; call < 5; call++) await get('/extensions', base);
  const { body } = await get('/backends', base);
  expect(body.data.find(({ id }: { id: string }) => id === 'git').circuit).toBe('open');
  await startGitea(port);
  asked = [];
  await get('/extensions', base);
  expect(asked).toEqual([]);
  await other.stop();
});

test('10.A9 10.A10 10.A11 10.A15 configuration: older forms, mistakes, environment, modes', async () => {
  const old = await config(
    'old.toml',
    '[gitea]\nurl = "http://a"\norg = "o"\n[oci]\nregistry = "r.example"\nnamespace = "n"\n',
  );
  const settings = await readSettings({
    file: old,
    environment: { REGISTRY_SERVER_PORT: '9081', REGISTRY_GITEA_URL: 'http://b' },
    flags: {},
  });
  expect(settings.migrated).toEqual([
    'Migrated legacy [gitea] to sources.gitea[0]',
    'Migrated legacy [oci] to distributions.oci[0]',
  ]);
  expect([
    settings.server.port,
    settings.sources.gitea[0]!.url,
    settings.sources.gitea[0]!.organization,
  ]).toEqual([9081, 'http://b', 'o']);
  const set = (environment: Record<string, string>) => readSettings({ environment, flags: {} });
  expect(
    await set({
      REGISTRY_CACHE_TTL: '7',
      REGISTRY_CACHE_ENABLE_LIST_CACHE: 'false',
      REGISTRY_SERVER_TLS_CERT_PATH: '/cert',
      REGISTRY_SERVER_TLS_KEY_PATH: '/key',
      REGISTRY_RATE_LIMIT_PER_MINUTE: '9',
      REGISTRY_LOGGING_LEVEL: 'warn',
    }),
  ).toMatchObject({
    server: { tls: { cert_path: '/cert', key_path: '/key' } },
    cache: { ttl_seconds: 7, enable_list_cache: false },
    rate_limit: { per_minute: 9 },
    logging: { level: 'warn' },
  });
  await expect(set({ REGISTRY_SERVER_PORT: 'many' })).rejects.toMatchObject({
    exitCode: 3,
    message: 'REGISTRY_SERVER_PORT: expected a whole number',
  });
  const twice = await config(
    'twice.toml',
    '[sources.gitea]\n[[sources.gitea]]\nurl = "http://a"\norganization = "o"\n',
  );
  await expect(readSettings({ file: twice, environment: {}, flags: {} })).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining('sources.gitea is defined twice: remove the line [sources.gitea]'),
  });
  const loose = await config(
    'loose.toml',
    '[[distributions.oci]]\nid = "far"\nregistry = "r.example"\nnamespace = "n"\nverify_ssl = false\n',
  );
  await expect(
    readSettings({ file: loose, environment: {}, flags: { mode: 'enterprise' } }),
  ).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('far') });
});
