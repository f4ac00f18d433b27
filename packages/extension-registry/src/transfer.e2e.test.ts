import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer, request as httpsRequest, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  copy,
  encodeExtension,
  packExtension,
  RegistryServer,
  RemoteRegistry,
} from '@provisioning/distribution';
import { readRange } from './registry/range.ts';
import { readSettings } from './service/settings.ts';
import { type RunningService, startService } from './service/start.ts';
import { cleanUp } from '../../../tools/testing/clean-up.ts';

let folder: string;
let oci: RegistryServer;
let ociHost: string;
let archive: Buffer;
let service: RunningService;
let root: string;

async function start(text: string): Promise<RunningService> {
  const file = join(folder, `${randomBytes(4).toString('hex')}.toml`);
  await writeFile(
    file,
    `[server]\nport = 0\nhost = "127.0.0.1"\n${text}\n[logging]\nlevel = "silent"\n[[distributions.oci]]\nid = "oci"\nregistry = "${ociHost}"\nnamespace = "ns"\n`,
  );
  const settings = await readSettings({ file, environment: { HOME: folder }, flags: { mode: 'solo' } });
  return startService(settings, '0.1.0');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-extreg-transfer-'));
  oci = new RegistryServer({ storage: join(folder, 'oci'), port: 0 });
  ociHost = `127.0.0.1:${(await oci.listen()).port}`;
  const path = join(folder, 'redis');
  await mkdir(join(path, 'docs'), { recursive: true });
  await writeFile(
    join(path, 'manifest.yaml'),
    JSON.stringify({
      name: 'redis',
      type: 'taskserv',
      version: '1.1.0',
      description: 'An in-memory store. '.repeat(100),
      author: 'a',
      license: 'MIT',
    }),
  );
  // What does not shrink, and more than fits into the buffers between two programs.
  await writeFile(join(path, 'docs/noise.bin'), randomBytes(8 * 1024 * 1024));
  const packed = await packExtension(path);
  archive = packed.archive;
  const { target, root: digest } = encodeExtension(packed);
  await copy(target, digest.digest, new RemoteRegistry(ociHost).repository('ns/redis'), '1.1.0');
  service = await start('');
  root = `http://127.0.0.1:${service.port}/api/v1`;
});
afterAll(() =>
  cleanUp(
    () => service?.stop(),
    () => oci?.close(),
    () => rm(folder, { recursive: true, force: true }),
  ),
);

const packagePath = '/extensions/taskserv/redis/1.1.0';

async function download(headers: Record<string, string>) {
  const response = await fetch(`${root}${packagePath}`, { headers });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** The raw answer: what `fetch` would decompress on its own stays as it was sent. */
function get(url: string, headers: Record<string, string>, options: RequestOptions = {}) {
  return new Promise<{ readonly response: IncomingMessage; readonly body: Buffer }>((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const sent = send(url, { ...options, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ response, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    sent.on('error', reject).end();
  });
}

test('10 §3 a part of a package: from a byte on, the last bytes, a piece, and put together the whole', async () => {
  const size = archive.length;
  const whole = await download({});
  expect(whole.response.status).toBe(200);
  expect(whole.response.headers.get('accept-ranges')).toBe('bytes');
  expect(whole.response.headers.get('content-type')).toBe('application/gzip');
  const half = size >> 1;
  const first = await download({ range: `bytes=0-${half - 1}` });
  expect(first.response.status).toBe(206);
  expect(first.response.headers.get('content-range')).toBe(`bytes 0-${half - 1}/${size}`);
  expect(first.response.headers.get('content-length')).toBe(String(half));
  const second = await download({ range: `bytes=${half}-` });
  expect(createHash('sha256').update(first.bytes).update(second.bytes).digest('hex')).toBe(
    whole.response.headers.get('x-checksum-sha256'),
  );
  const last = await download({ range: 'bytes=-10' });
  expect(last.bytes.equals(archive.subarray(-10))).toBe(true);
});

test('10 §3 a part that is not there is 416, an unreadable one the whole, one of other content the whole', async () => {
  const beyond = await download({ range: `bytes=${archive.length}-` });
  expect([beyond.response.status, beyond.response.headers.get('content-range')]).toEqual([
    416,
    `bytes */${archive.length}`,
  ]);
  for (const headers of [
    { range: 'bytes=5-2' },
    { range: 'lines=1-2' },
    { range: 'bytes=0-1,4-5' },
    { range: 'bytes=0-1', 'if-range': '"sha256:other"' },
  ] as Record<string, string>[]) {
    const { response, bytes } = await download(headers);
    expect([response.status, bytes.length]).toEqual([200, archive.length]);
  }
  const etag = (await download({})).response.headers.get('etag')!;
  expect((await download({ range: 'bytes=0-1', 'if-range': etag })).response.status).toBe(206);
});

test('10 §3 the head of a package says what a download would', async () => {
  const response = await fetch(`${root}${packagePath}`, { method: 'HEAD' });
  expect([
    response.status,
    response.headers.get('content-length'),
    response.headers.get('x-backend-id'),
  ]).toEqual([200, String(archive.length), 'oci']);
});

test.each([
  ['bytes=0-0', 10, { first: 0, last: 0 }],
  ['bytes=9-100', 10, { first: 9, last: 9 }],
  ['bytes=-100', 10, { first: 0, last: 9 }],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-', 10, undefined],
  ['bytes=a-b', 10, undefined],
  [undefined, 10, undefined],
])('the range %s of %d bytes', (header, size, range) => {
  expect(readRange(header, size)).toEqual(range);
});

test('10 §3 texts are compressed for who takes it, packages pass as they are', async () => {
  const url = `${root}/extensions`;
  const plain = await get(url, {});
  expect(plain.response.headers['content-encoding']).toBeUndefined();
  const brotli = await get(url, { 'accept-encoding': 'gzip, br' });
  expect(brotli.response.headers).toMatchObject({
    'content-encoding': 'br',
    vary: expect.stringContaining('Accept-Encoding'),
  });
  const data = (text: Buffer): unknown => (JSON.parse(text.toString()) as { data: unknown }).data;
  expect(data(brotliDecompressSync(brotli.body))).toEqual(data(plain.body));
  const gzip = await get(url, { 'accept-encoding': 'gzip' });
  expect(gzip.response.headers['content-encoding']).toBe('gzip');
  expect(data(gunzipSync(gzip.body))).toEqual(data(plain.body));
  expect(gzip.body.length).toBeLessThan(plain.body.length / 2);
  const packed = await get(`${root}${packagePath}`, { 'accept-encoding': 'gzip, br' });
  expect(packed.response.headers['content-encoding']).toBeUndefined();
  expect(packed.body.equals(archive)).toBe(true);
});

test('10 §5 compression can be turned off', async () => {
  const quiet = await start('enable_compression = false');
  try {
    const url = `http://127.0.0.1:${quiet.port}/api/v1/extensions`;
    const { response } = await get(url, { 'accept-encoding': 'gzip' });
    expect(response.headers['content-encoding']).toBeUndefined();
  } finally {
    await quiet.stop();
  }
});

test('10 §2 a package that is not what its checksum says breaks off, and counts against its backend', async () => {
  const content = randomBytes(300_000);
  const checksum = createHash('sha256').update('something else').digest('hex');
  const git = createServer((request, response) => {
    const address = `http://${request.headers.host!}`;
    const asset = (id: number, name: string, size: number) => ({
      id,
      name,
      size,
      browser_download_url: `${address}/files/${name}`,
    });
    const path = request.url!.split('?')[0]!;
    if (path.endsWith('.tar.gz')) response.end(content);
    else if (path.endsWith('.sha256')) response.end(checksum);
    else if (path.endsWith('/releases')) {
      const assets = [asset(1, 'odd-1.0.0.tar.gz', content.length), asset(2, 'odd-1.0.0.tar.gz.sha256', 64)];
      response.end(JSON.stringify([{ id: 1, tag_name: 'v1.0.0', draft: false, prerelease: false, assets }]));
    } else if (path.endsWith('/repos/o/odd_taskserv')) response.end('{"name":"odd_taskserv"}');
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => git.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(git.address() as AddressInfo).port}`;
  const running = await start(
    `[circuit_breaker]\nfailure_threshold = 1\n[[sources.gitea]]\nid = "git"\nurl = "${url}"\norganization = "o"`,
  );
  try {
    const base = `http://127.0.0.1:${running.port}/api/v1`;
    const broken = await get(`${base}/extensions/taskserv/odd/1.0.0`, {}).catch((error: Error) => error);
    expect(broken).toMatchObject({ code: 'ECONNRESET' });
    const { body } = await get(`${base}/backends`, {});
    const backends = (
      JSON.parse(body.toString()) as { data: { id: string; circuit: string; last_error: string }[] }
    ).data;
    expect(backends.find(({ id }) => id === 'git')).toMatchObject({
      circuit: 'open',
      last_error: expect.stringContaining('Digest mismatch'),
    });
  } finally {
    await running.stop();
    git.closeAllConnections();
    await new Promise((resolve) => git.close(resolve));
  }
});

/** A certificate authority with a server's and a client's certificate. */
function certificates(): (name: string) => string {
  const at = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): void =>
    void execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  writeFileSync(at('san.cnf'), 'subjectAltName=IP:127.0.0.1\n');
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test', '-days', '2');
  for (const name of ['server', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    execFileSync(
      'openssl',
      [
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        '2',
        '-out',
        `${name}.pem`,
        '-extfile',
        'san.cnf',
      ],
      { cwd: folder, stdio: 'ignore' },
    );
  }
  return at;
}

test('10 §5 TLS: only who trusts the certificate, and with an authority for clients only who has one of it', async () => {
  const at = certificates();
  const files = `cert_path = "${at('server.pem')}"\nkey_path = "${at('server.key')}"`;
  const open = await start(`[server.tls]\n${files}`);
  const mutual = await start(`[server.tls]\n${files}\nclient_ca_path = "${at('ca.pem')}"`);
  const ca = readFileSync(at('ca.pem'));
  const health = (running: RunningService, options: RequestOptions) =>
    get(`https://127.0.0.1:${running.port}/health`, {}, options).then(({ response }) => response.statusCode);
  try {
    expect(await health(open, { ca })).toBe(200);
    await expect(health(open, {})).rejects.toMatchObject({
      code: expect.stringMatching(/CERT|SIGNED|VERIFY/),
    });
    await expect(get(`http://127.0.0.1:${open.port}/health`, {})).rejects.toThrow();
    const own = { cert: readFileSync(at('client.pem')), key: readFileSync(at('client.key')) };
    expect(await health(mutual, { ca, ...own })).toBe(200);
    await expect(health(mutual, { ca })).rejects.toThrow();
  } finally {
    await Promise.all([open.stop(), mutual.stop()]);
  }
});

test('10 §5 a Git host whose certificate nobody knows is read only where verify_ssl says so', async () => {
  const at = certificates();
  const git = createTlsServer(
    { cert: readFileSync(at('server.pem')), key: readFileSync(at('server.key')) },
    (request, response) => {
      const isVersion = request.url === '/api/v1/version';
      response.writeHead(isVersion ? 200 : 404, { 'content-type': 'application/json' });
      response.end(isVersion ? '{"version":"1.0"}' : '{}');
    },
  );
  await new Promise<void>((resolve) => git.listen(0, '127.0.0.1', resolve));
  const { port } = git.address() as AddressInfo;
  const source = (id: string, verify: boolean): string =>
    `[[sources.gitea]]\nid = "${id}"\nurl = "https://127.0.0.1:${port}"\norganization = "o"\nverify_ssl = ${verify}\n`;
  const running = await start(`${source('verified', true)}${source('unverified', false)}`);
  try {
    const { body } = await get(`http://127.0.0.1:${running.port}/health?deep=true`, {});
    const { backends } = JSON.parse(body.toString()) as {
      backends: { gitea: { instances: { id: string; healthy: boolean; error: string | null }[] } };
    };
    const [verified, unverified] = backends.gitea.instances;
    expect([verified!.id, verified!.healthy]).toEqual(['verified', false]);
    expect(unverified).toMatchObject({ id: 'unverified', healthy: true, error: null });
  } finally {
    await running.stop();
    git.closeAllConnections();
    await new Promise((resolve) => git.close(resolve));
  }
});

test('10 §9 a service that stops ends the download under way, says so to who asks, takes nothing new', async () => {
  const stopping = await start('');
  const base = `http://127.0.0.1:${stopping.port}`;
  const received: Buffer[] = [];
  const download = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(`${base}/api/v1${packagePath}`, { agent: false }, resolve).on('error', reject).end();
  });
  // Nobody reads yet, so the transfer is in the middle.
  const stopped = stopping.stop();
  expect((await get(`${base}/health`, {})).response.statusCode).toBe(503);
  const refused = await get(`${base}/api/v1/extensions`, {});
  expect([refused.response.statusCode, refused.body.toString()]).toEqual([
    503,
    expect.stringContaining('SHUTTING_DOWN'),
  ]);
  for await (const chunk of download as AsyncIterable<Buffer>) received.push(chunk);
  expect(Buffer.concat(received).equals(archive)).toBe(true);
  await stopped;
  await expect(get(`${base}/health`, {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
