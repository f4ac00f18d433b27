import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, utimes } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Secret } from '@provisioning/extensions-sdk';
import { pushExtension } from '../artifacts/push.ts';
import { forHost } from '../credentials/credential.ts';
import { encodeExtension, packExtension } from '../extension/pack.ts';
import { fromBytes } from '../oci/content.ts';
import { copyGraph } from '../oci/copy.ts';
import { describe as descriptorOf } from '../oci/descriptor.ts';
import { RemoteRegistry } from '../remote/registry.ts';
import { findProgram } from '../testing/registry-process.ts';
import { Scratch } from '../testing/session.ts';
import { htpasswdLine } from './htpasswd.ts';
import { RegistryServer } from './registry-server.ts';
import { collectGarbage, expiredTags } from './retention.ts';

const run = promisify(execFile);
let scratch: Scratch;
let server: RegistryServer;
let host: string;

beforeAll(async () => {
  scratch = await Scratch.create();
  server = new RegistryServer({ storage: scratch.path('storage'), port: 0 });
  host = `127.0.0.1:${(await server.listen()).port}`;
});
afterAll(async () => {
  await server.close();
  await scratch.remove();
});

async function push(name: string, version: string): Promise<string> {
  const path = await scratch.extension(`src/${name}-${version}`, { name, version });
  const session = scratch.session(host);
  const { digest } = await pushExtension(session, { path });
  await session.close();
  return digest;
}

test('a registry without users refuses what pages of other sites send', async () => {
  const page = { method: 'POST', headers: { origin: 'https://pages.example.org' } };
  const answer = await fetch(`http://${host}/v2/provisioning-extensions/page/blobs/uploads/`, page);
  expect([answer.status, await answer.json()]).toMatchObject([403, { errors: [{ code: 'DENIED' }] }]);
});

test('09.A2 the embedded registry serves what is pushed; the catalog names it; oras and skopeo read it', async () => {
  const digest = await push('redis', '1.0.0');
  const catalog = await fetch(`http://${host}/v2/_catalog`);
  expect(await catalog.json()).toEqual({ repositories: ['provisioning-extensions/redis'] });
  const name = `${host}/provisioning-extensions/redis:1.0.0`;
  const { stdout } = await run('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name}`]);
  expect(JSON.parse(stdout)).toMatchObject({ artifactType: 'application/vnd.provisioning.extension.v1' });
  await run('skopeo', [
    'copy',
    '--src-tls-verify=false',
    '--dest-tls-verify=false',
    '--preserve-digests',
    `docker://${name}`,
    `docker://${host}/copied/redis:2`,
  ]);
  expect((await new RemoteRegistry(host).repository('copied/redis').resolve('2')).digest).toBe(digest);
  const oras = await findProgram('oras');
  if (oras === undefined) return;
  const fetched = await run(oras, ['manifest', 'fetch', '--plain-http', name]);
  expect(JSON.parse(fetched.stdout).artifactType).toBe('application/vnd.provisioning.extension.v1');
});

test('a repository may have the word of an endpoint as part of its name', async () => {
  const { target, root } = encodeExtension(
    await packExtension(await scratch.extension('src/words', { name: 'words' })),
  );
  for (const word of ['manifests', 'blobs', 'tags', 'referrers', 'uploads']) {
    const remote = new RemoteRegistry(host).repository(`${word}x/${word}/y`);
    const same = new RemoteRegistry(host).repository(`x/${word}`);
    for (const repository of [remote, same]) {
      await copyGraph(target, repository, root);
      await repository.tag(root, '1');
      expect(await repository.tags()).toEqual(['1']);
      expect(await repository.resolve('1')).toMatchObject({ digest: root.digest });
      await repository.untag('1');
    }
  }
});

test('chunks out of order are refused with where to go on, a broken chunk keeps what arrived', async () => {
  const bytes = randomBytes(300_000);
  const opened = await fetch(`http://${host}/v2/chunks/blobs/uploads/`, { method: 'POST' });
  const location = `http://${host}${opened.headers.get('location')}`;
  const patch = (from: number, to: number) =>
    fetch(location, {
      method: 'PATCH',
      headers: { 'content-range': `${from}-${to - 1}` },
      body: bytes.subarray(from, to),
    });
  expect((await patch(0, 100_000)).status).toBe(202);
  const wrong = await patch(200_000, 300_000);
  expect([wrong.status, wrong.headers.get('range')]).toEqual([416, '0-99999']);
  await new Promise<void>((resolve) => {
    const broken = httpRequest(location, { method: 'PATCH', headers: { 'content-length': '100000' } });
    broken.on('error', () => resolve());
    broken.on('close', () => resolve());
    broken.write(bytes.subarray(100_000, 150_000), () => setTimeout(() => broken.destroy(), 100));
  });
  const descriptor = descriptorOf('application/octet-stream', bytes);
  const finish = async (): Promise<number> => {
    const status = await fetch(location);
    const arrived = Number(status.headers.get('range')!.slice(2)) + 1;
    expect(arrived).toBeGreaterThanOrEqual(100_000);
    const body = bytes.subarray(arrived);
    return (await fetch(`${location}?digest=${descriptor.digest}`, { method: 'PUT', body })).status;
  };
  let finished = await finish();
  // The session is busy until the registry has noticed that the connection broke.
  while (finished === 409) finished = await finish();
  expect(finished).toBe(201);
  const ranged = await fetch(`http://${host}/v2/chunks/blobs/${descriptor.digest}`, {
    headers: { range: 'bytes=10-19' },
  });
  expect([ranged.status, Buffer.from(await ranged.arrayBuffer()).equals(bytes.subarray(10, 20))]).toEqual([
    206,
    true,
  ]);
});

test('our client resumes a broken upload here instead of starting again', async () => {
  const bytes = randomBytes(3_000_000);
  const descriptor = descriptorOf('application/octet-stream', bytes);
  const opened: number[] = [];
  await new RemoteRegistry(host, { chunkBytes: 1_000_000 })
    .repository('resumed')
    .push(descriptor, async (offset) => {
      opened.push(offset);
      const stream = await fromBytes(bytes)(offset);
      if (opened.length === 1) {
        const { Readable } = await import('node:stream');
        return Readable.from(
          (function* () {
            yield bytes.subarray(0, 1_500_000);
            throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
          })(),
        );
      }
      return stream;
    });
  expect(opened[0]).toBe(0);
  expect(opened.at(-1)).toBeGreaterThanOrEqual(1_000_000);
});

test.each([
  ['GET', '/v2/..%2f..%2fetc/manifests/passwd'],
  ['GET', '/v2/a/blobs/sha256:..%2f..%2f..%2fetc%2fpasswd'],
  ['GET', '/v2/A/manifests/x'],
  ['PUT', '/v2/a/blobs/uploads/../../x?digest=sha256:0'],
  ['DELETE', '/v2/a/manifests/..'],
])('%s %s is refused', async (method, path) => {
  const status = await new Promise<number>((resolve, reject) => {
    const [name, port] = host.split(':');
    httpRequest({ host: name, port, method, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
});

test('a manifest that names missing content, or lies about its digest, is refused', async () => {
  const body = JSON.stringify({
    schemaVersion: 2,
    config: descriptorOf('application/x', randomBytes(10)),
    layers: [],
  });
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
  const missing = await fetch(`http://${host}/v2/bad/manifests/1`, { method: 'PUT', headers, body });
  expect(await missing.json()).toMatchObject({ errors: [{ code: 'MANIFEST_BLOB_UNKNOWN' }] });
  const lying = await fetch(`http://${host}/v2/bad/manifests/sha256:${'0'.repeat(64)}`, {
    method: 'PUT',
    headers,
    body,
  });
  expect(await lying.json()).toMatchObject({ errors: [{ code: 'DIGEST_INVALID' }] });
  expect((await fetch(`http://${host}/v2/bad/tags/list`)).status).toBe(404);
});

test('users of an htpasswd file and nobody else; an open address needs one', async () => {
  const users = await scratch.write('users', await htpasswdLine('ann', new Secret('secret')));
  const closed = new RegistryServer({ storage: scratch.path('closed'), port: 0, htpasswdFile: users });
  const { port } = await closed.listen();
  const name = `127.0.0.1:${port}`;
  const as = (password: string) =>
    new RemoteRegistry(name, {
      credentials: forHost(name, { username: 'ann', password: new Secret(password) }),
    });
  await expect(as('secret').ping()).resolves.toBeUndefined();
  await expect(as('secrets').ping()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(new RemoteRegistry(name).ping()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await closed.close();
  expect(() => new RegistryServer({ storage: scratch.path('open'), host: '0.0.0.0' })).toThrow(
    expect.objectContaining({ exitCode: 4 }),
  );
});

test('09.A18 retention removes exactly what is neither new nor among the newest', async () => {
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0']) await push('aging', version);
  const now = Date.now();
  const repository = server.layout.repository('provisioning-extensions/aging');
  for (const version of ['1.0.0', '1.1.0']) {
    const { digest } = await repository.resolve(version);
    await utimes(
      server.layout.blobs.path(digest),
      new Date(now - 8 * 86_400_000),
      new Date(now - 8 * 86_400_000),
    );
  }
  const policies = [
    { namespace: 'provisioning-extensions', description: '', publicRead: true, keepTags: 3, keepDays: 7 },
  ];
  const before = (await readdir(scratch.path('storage/blobs/sha256'))).length;
  expect(await collectGarbage(server.layout, policies, { now, dryRun: true })).toMatchObject({
    tags: [expect.any(String), expect.any(String)],
  });
  expect(await repository.tags()).toHaveLength(5);
  const result = await collectGarbage(server.layout, policies, { now, graceMs: 0 });
  expect(result.tags).toEqual(['provisioning-extensions/aging:1.0.0', 'provisioning-extensions/aging:1.1.0']);
  expect(await repository.tags()).toEqual(['1.2.0', '1.3.0', '1.4.0']);
  expect((await readdir(scratch.path('storage/blobs/sha256'))).length).toBeLessThan(before);
  expect((await scratch.session(host).locate('aging:1.2.0')).reference).toBe('1.2.0');
  expect(
    expiredTags(
      new Map([
        ['latest', 0],
        ['1.0.0', 0],
      ]),
      { keepTags: 0, keepDays: 1 },
      { now },
    ),
  ).toEqual(['1.0.0']);
});
