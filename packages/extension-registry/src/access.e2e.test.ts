import { spawn } from 'node:child_process';
import { createSign, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  copy,
  encodeExtension,
  packExtension,
  RegistryServer,
  RemoteRegistry,
} from '@provisioning/distribution';
import { readSettings } from './service/settings.ts';
import { createBackends, type RunningService, startService } from './service/start.ts';
import { cleanUp } from '../../../tools/testing/clean-up.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
let folder: string;
let oci: RegistryServer;
let ociHost: string;
const running: RunningService[] = [];

interface Started {
  readonly service: RunningService;
  readonly root: string;
}

async function start(text: string, mode: string): Promise<Started> {
  const file = join(folder, `${running.length}.toml`);
  await writeFile(
    file,
    `[server]\nport = 0\nhost = "127.0.0.1"\n[logging]\nlevel = "silent"\n[[distributions.oci]]\nid = "oci"\nregistry = "${ociHost}"\nnamespace = "ns"\n${text}`,
  );
  const settings = await readSettings({ file, environment: { HOME: folder }, flags: { mode } });
  const service = await startService(settings, '0.1.0');
  running.push(service);
  return { service, root: `http://127.0.0.1:${service.port}` };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: object = {}, key = rsa.privateKey): string {
  const seconds = Math.floor(Date.now() / 1000);
  const body = {
    iss: 'control-center',
    aud: 'extension-registry',
    sub: 'ana',
    roles: ['Viewer'],
    jti: 't1',
    exp: seconds + 600,
    ...claims,
  };
  const isRsa = key.asymmetricKeyType === 'rsa';
  const signed = `${encode({ alg: isRsa ? 'RS256' : 'EdDSA', typ: 'JWT' })}.${encode(body)}`;
  const signature = isRsa
    ? createSign('sha256').update(signed).sign(key)
    : sign(null, Buffer.from(signed), key);
  return `${signed}.${signature.toString('base64url')}`;
}

async function status(url: string, bearer?: string, method = 'GET'): Promise<number> {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  const response = await fetch(url, { method, headers });
  await response.arrayBuffer();
  return response.status;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-extreg-access-'));
  oci = new RegistryServer({ storage: join(folder, 'oci'), port: 0 });
  ociHost = `127.0.0.1:${(await oci.listen()).port}`;
  const path = join(folder, 'redis');
  await mkdir(path);
  await writeFile(
    join(path, 'manifest.yaml'),
    '{"name":"redis","type":"taskserv","version":"1.1.0","description":"d","author":"a","license":"MIT"}',
  );
  const { target, root } = encodeExtension(await packExtension(path));
  await copy(target, root.digest, new RemoteRegistry(ociHost).repository('ns/redis'), '1.1.0');
  const pem = (key: typeof rsa.publicKey): string => key.export({ type: 'spki', format: 'pem' }).toString();
  await writeFile(join(folder, 'rsa.pem'), pem(rsa.publicKey));
  await writeFile(join(folder, 'ed.pem'), pem(ed.publicKey));
  await writeFile(join(folder, 'revoked'), 'gone\n');
});
afterAll(() =>
  cleanUp(
    ...running.map((service) => () => service.stop()),
    () => oci?.close(),
    () => rm(folder, { recursive: true, force: true }),
  ),
);

test('10.A17 cicd: no token 401, health open, forged tokens counted, good ones served', async () => {
  const { root } = await start(
    `[auth]\njwt_public_key_path = "${folder}/rsa.pem"\nrevoked_path = "${folder}/revoked"\n[metrics]\nallow_ips = ["127.0.0.1"]\n`,
    'cicd',
  );
  const list = `${root}/api/v1/extensions`;
  const failures = async (): Promise<number> => {
    const text = await (await fetch(`${root}/metrics`)).text();
    return Number(/registry_auth_failures_total\{backend=""\} (\d+)/.exec(text)?.[1]);
  };
  expect(await status(list)).toBe(401);
  expect(await status(`${root}/health`)).toBe(200);
  expect(await status(list, token())).toBe(200);
  expect(await failures()).toBe(0);
  const [head, body] = token().split('.');
  const bad = [
    token({}, other.privateKey),
    token({ iss: 'somebody' }),
    token({ aud: 'vault' }),
    token({ exp: 1 }),
    token({ jti: 'gone' }),
    `${encode({ alg: 'none' })}.${body}.`,
    `${encode({ alg: 'HS256' })}.${body}.AAAA`,
    `${head}.${encode({ sub: 'root', roles: ['Admin'] })}.${token().split('.')[2]}`,
  ];
  for (const [index, one] of bad.entries()) {
    expect([index, await status(list, one)]).toEqual([index, 401]);
    expect(await failures()).toBe(index + 1);
  }
  expect(await status(`${root}/api/v1/cache`, token(), 'DELETE')).toBe(403);
  expect(await status(`${root}/api/v1/cache`, token({ roles: ['Operator'] }), 'DELETE')).toBe(204);
  expect(await status(`${root}/api/v1/extensions/taskserv/redis`, token(), 'PUT')).toBe(405);
});

test('10.A17 multiuser reads without a token, changes nothing without one, checks one that is given; EdDSA', async () => {
  const { root } = await start(
    `[auth]\njwt_public_key_path = "${folder}/ed.pem"\n[rate_limit]\nper_minute = 8\n`,
    'multiuser',
  );
  const list = `${root}/api/v1/extensions`;
  expect(await status(list)).toBe(200);
  expect(await status(list, token({}, ed.privateKey))).toBe(200);
  expect(await status(list, token())).toBe(401);
  expect(await status(`${root}/api/v1/cache`, undefined, 'DELETE')).toBe(401);
  expect(await status(`${root}/metrics`)).toBe(401);
  const statuses: number[] = [];
  for (let call = 0; call < 10; call++) statuses.push(await status(list));
  expect(statuses).toContain(429);
  await expect(start('', 'multiuser')).rejects.toMatchObject({ code: 'IDENTITY_REQUIRED', exitCode: 3 });
});

test('10.A8 a backend that takes longer than its limit counts as failed, the others are returned', async () => {
  const slow = createServer((_request, response) => {
    const timer = setTimeout(() => response.end('[]'), 30_000);
    response.once('close', () => clearTimeout(timer));
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const { port } = slow.address() as AddressInfo;
  const { root } = await start(
    `[[sources.gitea]]\nid = "slow"\nurl = "http://127.0.0.1:${port}"\norganization = "ext"\ntimeout_seconds = 1\n`,
    'solo',
  );
  const response = await fetch(`${root}/api/v1/extensions`);
  const { data, metadata } = (await response.json()) as { data: object[]; metadata: object };
  expect([response.status, data]).toMatchObject([200, [{ name: 'redis', available_in: ['oci'] }]]);
  expect(metadata).toMatchObject({
    partial: true,
    errors: [{ id: 'slow', error: 'no answer within 1 s' }],
  });
  slow.closeAllConnections();
  await new Promise((resolve) => slow.close(resolve));
});

test('10 §1 a registry that limits the rate is not asked again before the time it named', async () => {
  let requests = 0;
  const limiting = createServer((request, response) => {
    requests++;
    // Tags are told, what they are is not.
    if (request.url!.includes('/tags/list')) response.end('{"name":"ns/redis","tags":["1.0.0"]}');
    else response.writeHead(429, { 'retry-after': '3600' }).end();
  });
  await new Promise<void>((resolve) => limiting.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = limiting.address() as AddressInfo;
    const { root } = await start(
      `[[distributions.oci]]\nid = "limiting"\nregistry = "127.0.0.1:${port}"\nnamespace = "ns"\nrepositories = ["ns/redis"]\n`,
      'solo',
    );
    const asked = async (path: string): Promise<unknown> => {
      const response = await fetch(`${root}/api/v1/extensions${path}`);
      return ((await response.json()) as { readonly metadata: { readonly errors: unknown } }).metadata.errors;
    };
    const paused = [{ id: 'limiting', error: expect.stringMatching(/^rate limited until \d{4}-.*Z$/) }];
    expect(await asked('')).toEqual(paused);
    const before = requests;
    expect(before).toBeGreaterThan(1);
    expect(await asked('/taskserv/redis/versions')).toEqual(paused);
    expect(requests).toBe(before);
  } finally {
    limiting.closeAllConnections();
    await new Promise((resolve) => limiting.close(resolve));
  }
});

test('10.A12 token files: too open is refused in enterprise, whitespace in every mode', async () => {
  const open = join(folder, 'open');
  const spaced = join(folder, 'spaced');
  await writeFile(open, 'secret\n');
  await chmod(open, 0o644);
  await writeFile(spaced, 'two words\n', { mode: 0o600 });
  const outcome = async (mode: string, path: string): Promise<number | undefined> => {
    const file = join(folder, `token-${mode}.toml`);
    await writeFile(
      file,
      `[server.tls]\ncert_path = "c"\nkey_path = "k"\nclient_ca_path = "ca"\n[[sources.gitea]]\nurl = "https://git.example"\norganization = "o"\ntoken_path = "${path}"\n`,
    );
    const settings = await readSettings({ file, environment: { HOME: folder }, flags: { mode } });
    return createBackends(settings).then(
      () => 0,
      (error: { exitCode?: number }) => error.exitCode,
    );
  };
  expect(await outcome('enterprise', open)).toBe(4);
  for (const mode of ['solo', 'multiuser', 'cicd', 'enterprise'])
    expect([mode, await outcome(mode, spaced)]).toEqual([mode, 3]);
  await chmod(open, 0o600);
  expect(await outcome('enterprise', open)).toBe(0);
});

test('10 §5 backends are asked with the token that the file has now, once the service was told to read it', async () => {
  const seen: (string | undefined)[] = [];
  const git = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('[]');
  });
  await new Promise<void>((resolve) => git.listen(0, '127.0.0.1', resolve));
  const file = join(folder, 'changing');
  await writeFile(file, 'first', { mode: 0o600 });
  try {
    const url = `http://127.0.0.1:${(git.address() as AddressInfo).port}`;
    const { root, service } = await start(
      `[cache]\nttl_seconds = 0\n[[sources.gitea]]\nurl = "${url}"\norganization = "o"\ntoken_path = "${file}"\n`,
      'solo',
    );
    const asked = async (): Promise<string | undefined> => {
      expect(await status(`${root}/api/v1/extensions`)).toBe(200);
      return seen.at(-1);
    };
    expect(await asked()).toBe('token first');
    await writeFile(file, 'second');
    expect(await asked()).toBe('token first');
    await service.reload();
    expect(await asked()).toBe('token second');
    await writeFile(file, 'no token at all');
    await service.reload('warn');
    expect(await asked()).toBe('token second');
    const metrics = await fetch(`${root}/metrics`).then((response) => response.text());
    expect(metrics).toMatch(
      /registry_backend_requests_total\{id="gitea-0",operation="list",outcome="ok"\} 4/,
    );
    expect(metrics).toMatch(/http_request_duration_seconds_count\{.*route="\/extensions".*\} 4/);
  } finally {
    git.closeAllConnections();
    await new Promise((resolve) => git.close(resolve));
  }
});

test('10 §5 SIGHUP makes the program read tokens and log level again, SIGTERM ends it', async () => {
  const seen: (string | undefined)[] = [];
  const git = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('[]');
  });
  await new Promise<void>((resolve) => git.listen(0, '127.0.0.1', resolve));
  const [token, file] = [join(folder, 'hup-token'), join(folder, 'hup.toml')];
  const configure = (level: string): Promise<void> =>
    writeFile(
      file,
      `[server]\nport = 0\nhost = "127.0.0.1"\n[cache]\nttl_seconds = 0\n[logging]\nlevel = "${level}"\n[[sources.gitea]]\nurl = "http://127.0.0.1:${(git.address() as AddressInfo).port}"\norganization = "o"\ntoken_path = "${token}"\n`,
    );
  await writeFile(token, 'first', { mode: 0o600 });
  await configure('info');
  const program = spawn(
    process.execPath,
    [join(import.meta.dirname, '../bin/provisioning-extension-registry.js'), '--config', file],
    { env: { PATH: process.env['PATH'], HOME: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: program.stdout });
  const logged: Record<string, unknown>[] = [];
  lines.on('line', (line) => logged.push(JSON.parse(line) as Record<string, unknown>));
  const entry = async (message: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = logged.find(({ msg }) => msg === message);
      if (found !== undefined) return found;
      if (program.exitCode !== null) throw new Error(`the program ended with ${program.exitCode}`);
      await once(lines, 'line');
    }
  };
  try {
    const list = `http://127.0.0.1:${String((await entry('serving'))['port'])}/api/v1/extensions`;
    expect(await status(list)).toBe(200);
    await writeFile(token, 'second');
    await configure('debug');
    program.kill('SIGHUP');
    await entry('tokens and log level were read again');
    const headers = { 'x-request-id': 'list-1' };
    expect((await fetch(list, { headers })).status).toBe(200);
    expect([...new Set(seen)]).toEqual(['token first', 'token second']);
    expect(await entry('answered')).toMatchObject({ id: 'list-1', route: '/extensions', status: 200 });
    expect(await entry('backend asked')).toMatchObject({ id: 'list-1', backend: 'gitea-0', outcome: 'ok' });
    const ended = once(program, 'exit');
    program.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    program.kill('SIGKILL');
    git.closeAllConnections();
    await new Promise((resolve) => git.close(resolve));
  }
}, 120_000);

test('packages on disk: kept after their digest matched, used again, never beyond the limit', async () => {
  const path = join(folder, 'packages');
  const { root } = await start(`[cache.blobs]\nenabled = true\npath = "${path}"\n`, 'solo');
  const url = `${root}/api/v1/extensions/taskserv/redis/latest`;
  const first = await fetch(url);
  const bytes = Buffer.from(await first.arrayBuffer());
  const kept = await readdir(join(path, 'blobs/sha256'));
  expect(kept).toEqual([first.headers.get('x-checksum-sha256')]);
  expect(first.headers.get('content-disposition')).toBe('attachment; filename="redis-1.1.0.tar.gz"');
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true);
  const index = (await (await fetch(`${root}/index.json`)).json()) as { extensions: object[] };
  expect(index.extensions).toMatchObject([
    { name: 'redis', type: 'taskserv', latest: '1.1.0', versions: [{ version: '1.1.0', sha256: kept[0] }] },
  ]);
  const entry = await fetch(`${root}/catalog/taskservs/redis.json`);
  expect(await entry.json()).toMatchObject({ name: 'redis', versions: [{ version: '1.1.0' }] });
  expect(await status(`${root}/catalog/taskservs/none.json`)).toBe(404);
  const text = await (await fetch(`${root}/metrics`)).text();
  expect(text).toContain('registry_downloads_total{type="taskserv",backend="oci"} 2');
  expect(text).toContain(`registry_download_bytes_total ${2 * bytes.length}`);
});
