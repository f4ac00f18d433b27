import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ProvisioningError, Secret } from '@provisioning/extensions-sdk';
import { readExtension } from '../extension/read.ts';
import { type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { Scratch } from '../testing/session.ts';
import { chooseTag, parseExtensionReference, sortTags } from './artifact-name.ts';
import { exportBundle, importBundle } from './bundle.ts';
import { deleteArtifact } from './delete.ts';
import { inspectArtifact, listArtifacts, listTags, searchArtifacts } from './listing.ts';
import { login, logout, readPassword } from './login.ts';
import { pullExtension } from './pull.ts';
import { pushExtension } from './push.ts';
import { copyArtifact, mirrorArtifacts } from './transfer.ts';
import { cleanUp } from '../../../../tools/testing/clean-up.ts';

let registry: RunningRegistry;
let scratch: Scratch;

beforeAll(async () => {
  scratch = await Scratch.create();
  registry = await startDockerRegistry();
});
afterAll(() =>
  cleanUp(
    () => registry?.stop(),
    () => scratch?.remove(),
  ),
);

async function push(name: string, version: string, more: Readonly<Record<string, unknown>> = {}) {
  const path = await scratch.extension(`src/${name}-${version}`, { name, version, ...more });
  const session = scratch.session(registry.host);
  try {
    return await pushExtension(session, { path });
  } finally {
    await session.close();
  }
}

test('09.A3 the manifest decides name and version, and a published version never changes', async () => {
  const path = await scratch.extension('src/redis', { name: 'redis' });
  const session = scratch.session(registry.host);
  await expect(pushExtension(session, { path, name: 'redis', version: '2.0.0' })).rejects.toMatchObject({
    exitCode: 2,
    message: 'Manifest says redis 1.0.0, not redis 2.0.0',
  });
  expect(await pushExtension(session, { path, name: 'redis', version: '1.0.0', latest: true })).toMatchObject(
    { state: 'pushed' },
  );
  expect(await pushExtension(session, { path })).toMatchObject({ state: 'unchanged' });
  await scratch.write('src/redis/README.md', 'changed');
  await expect(pushExtension(session, { path })).rejects.toMatchObject({
    exitCode: 1,
    message: `${registry.host}/provisioning-extensions/redis:1.0.0 already exists; versions are immutable`,
  });
  expect(await pushExtension(session, { path, force: true })).toMatchObject({ state: 'replaced' });
  const strict = scratch.session(registry.host, {
    mode: 'enterprise',
    config: { 'oci.signing.key_path': 'x' },
  });
  await expect(pushExtension(strict, { path, force: true })).rejects.toMatchObject({ exitCode: 4 });
});

test('09.A4 versions come in the order of SemVer, other tags behind them', async () => {
  for (const version of ['1.9.0', '1.10.0', '1.2.0-rc.1']) await push('ordered', version);
  const session = scratch.session(registry.host);
  expect((await listTags(session, 'ordered')).map(({ version }) => version)).toEqual([
    '1.10.0',
    '1.9.0',
    '1.2.0-rc.1',
  ]);
  expect(sortTags(['latest', 'v2.0.0', '1.0.0', `sha256-${'a'.repeat(64)}`])).toEqual([
    'v2.0.0',
    '1.0.0',
    'latest',
  ]);
  expect(chooseTag(['1.9.0', '1.10.0', '2.0.0'], { version: '1' })).toBe('1.10.0');
  expect(chooseTag(['v1.9.0'], { version: '1.9.0' })).toBe('v1.9.0');
  expect(chooseTag(['1.9.0', '2.0.0-rc.1'], {})).toBe('1.9.0');
});

test('a repository holds one kind', async () => {
  await push('etcd', '1.0.0');
  await expect(push('etcd', '2.0.0', { type: 'cluster' })).rejects.toMatchObject({
    message: 'Repository provisioning-extensions/etcd already holds a taskserv; push as etcd-cluster',
  });
});

test('an extension is listed, found, inspected and pulled; again it is current', async () => {
  await push('searchable', '1.0.0', { description: 'An in-memory cache', tags: ['speed'], type: 'cluster' });
  const session = scratch.session(registry.host);
  expect((await listArtifacts(session, { type: 'cluster' })).map(({ name }) => name)).toEqual(['searchable']);
  expect((await searchArtifacts(session, 'SPEED')).map(({ name }) => name)).toEqual(['searchable']);
  expect((await searchArtifacts(session, 'sea*')).map(({ version }) => version)).toEqual(['1.0.0']);
  expect(await inspectArtifact(session, 'searchable:1.0.0')).toMatchObject({ manifest: { type: 'cluster' } });
  const options = { cwd: scratch.path('pulled'), workspacePath: scratch.path('pulled') };
  expect(await pullExtension(session, 'searchable:1', options)).toMatchObject({
    state: 'pulled',
    path: scratch.path('pulled', 'extensions', 'clusters', 'searchable'),
  });
  expect(await pullExtension(session, 'searchable', options)).toMatchObject({ state: 'current' });
  const installed = scratch.path('pulled', 'extensions', 'clusters', 'searchable');
  await scratch.write('pulled/extensions/clusters/searchable/README.md', 'mine');
  await expect(pullExtension(session, 'searchable', options)).rejects.toMatchObject({
    code: 'PATH_EXISTS',
    message: `${installed} exists; use --force`,
    hint: 'files in it were edited since it was pulled',
  });
  const forced = await pullExtension(session, 'searchable', { ...options, force: true });
  expect(forced).toMatchObject({ state: 'pulled' });
  expect(await readFile(`${installed}/README.md`, 'utf8')).toBe('# searchable\n');
  await push('searchable', '1.1.0', { type: 'cluster' });
  await expect(pullExtension(scratch.session(registry.host), 'searchable', options)).rejects.toMatchObject({
    code: 'PATH_EXISTS',
    exitCode: 1,
  });
  await expect(session.locate('serchable:1.0.0')).rejects.toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
    exitCode: 5,
  });
  await session.close();
});

test('09.A5 a login that the registry accepts is stored beside what is there, a rejected one changes nothing', async () => {
  const passwords = await scratch.write(
    'htpasswd',
    '_token:$2b$04$ao1Y5GUHU63nXFdjrSZQu.HRB9e98U8jmP6UiS/qIQucoahFQj/W.\n',
  );
  const closed = await startDockerRegistry(`auth: { htpasswd: { realm: test, path: ${passwords} } }`);
  try {
    const config = await scratch.write(
      'docker/config.json',
      JSON.stringify({ HttpHeaders: { A: 'b' }, auths: { other: { auth: 'eDp5' } } }),
    );
    const session = scratch.session(closed.host);
    await expect(
      login(session, { host: closed.host, username: '_token', password: new Secret('wrong') }),
    ).rejects.toMatchObject({ exitCode: 4 });
    expect(Object.keys(JSON.parse(await readFile(config, 'utf8')).auths)).toEqual(['other']);
    const password = await readPassword({ stdin: Readable.from(['secret\n']) });
    expect(await login(session, { host: closed.host, username: '_token', password })).toEqual({
      file: config,
    });
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(config, 'utf8'))).toMatchObject({
      HttpHeaders: { A: 'b' },
      auths: { other: {} },
    });
    const fresh = scratch.session(closed.host);
    await pushExtension(fresh, { path: await scratch.extension('src/closed', { name: 'closed' }) });
    expect(await logout(fresh, closed.host)).toBe(true);
    expect(await logout(fresh, closed.host)).toBe(false);
    await expect(scratch.session(closed.host).locate('closed:1.0.0')).rejects.toMatchObject({ exitCode: 4 });
    await expect(listArtifacts(scratch.session(closed.host))).rejects.toMatchObject({
      exitCode: 4,
      message: 'unauthorized: authentication required',
    });
  } finally {
    await closed.stop();
  }
});

test('09.A12 a damaged cached blob is fetched again, offline it is an error', async () => {
  await push('cached', '1.0.0');
  const first = scratch.session(registry.host, { cache: 'cache12' });
  await pullExtension(first, 'cached:1.0.0', { cwd: scratch.path('a12') });
  const located = await first.locate('cached:1.0.0');
  const stored = await readExtension(located.place.source(located.repository), '1.0.0');
  const blob = first.cache.layout.blobs.path(stored.content.digest);
  await first.close();
  const good = await readFile(blob);
  await writeFile(blob, Buffer.concat([good.subarray(0, -1), Buffer.from([good.at(-1)! ^ 1])]));
  const offline = scratch.session(registry.host, { cache: 'cache12', offline: true });
  await expect(pullExtension(offline, 'cached:1.0.0', { cwd: scratch.path('b12') })).rejects.toMatchObject({
    code: expect.stringMatching(/NOT_IN_CACHE|DIGEST/),
  });
  expect(await readdir(scratch.path('b12')).catch(() => [])).toEqual([]);
  const again = scratch.session(registry.host, { cache: 'cache12' });
  expect(await pullExtension(again, 'cached:1.0.0', { cwd: scratch.path('c12') })).toMatchObject({
    state: 'pulled',
  });
  await again.close();
  expect((await readFile(blob)).equals(good)).toBe(true);
  expect(
    await pullExtension(scratch.session(registry.host, { cache: 'cache12', offline: true }), 'cached:1.0.0', {
      cwd: scratch.path('d12'),
    }),
  ).toMatchObject({ state: 'pulled' });
});

test('09.A13 a bundle carries artifacts and signatures to a machine without a network', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = await scratch.write(
    'bundle.key',
    privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  );
  const pub = await scratch.write('bundle.pub', publicKey.export({ type: 'spki', format: 'pem' }) as string);
  const path = await scratch.extension('src/carried', { name: 'carried' });
  const session = scratch.session(registry.host);
  const { digest } = await pushExtension(session, { path, sign: true, keyFile: key });
  await exportBundle(session, scratch.path('x.tar'), ['carried:1.0.0']);
  await exportBundle(session, scratch.path('y.tar'), ['carried:1.0.0']);
  expect((await readFile(scratch.path('x.tar'))).equals(await readFile(scratch.path('y.tar')))).toBe(true);
  const isolated = scratch.session('127.0.0.1:1', {
    cache: 'isolated',
    offline: true,
    config: { 'oci.signing.policy': 'require', 'oci.signing.public_keys': [pub] },
  });
  expect(await importBundle(isolated, scratch.path('x.tar'))).toMatchObject([{ state: 'copied', digest }]);
  await isolated.close();
  const later = scratch.session('127.0.0.1:1', {
    cache: 'isolated',
    offline: true,
    config: { 'oci.signing.policy': 'require', 'oci.signing.public_keys': [pub] },
  });
  expect(await pullExtension(later, 'carried:1.0.0', { cwd: scratch.path('isolated-ws') })).toMatchObject({
    digest,
    signedBy: expect.any(String),
  });
  await expect(importBundle(later, scratch.path('missing.tar'))).rejects.toMatchObject({ exitCode: 5 });
  await expect(
    pullExtension(later, 'other:1.0.0', { cwd: scratch.path('isolated-ws') }),
  ).rejects.toMatchObject({ exitCode: 5, message: expect.stringMatching(/^Not in cache: /) });
});

test('copies and mirrors keep digests, skip what is there and report what failed', async () => {
  await push('base', '1.0.0');
  await push('top', '1.0.0', { dependencies: { base: '>=1.0.0,<2.0.0' } });
  const session = scratch.session(registry.host);
  const layout = `layout:${scratch.path('layout')}/mirror/top:1.0.0`;
  const copied = await copyArtifact(session, 'top:1.0.0', layout, { recursive: true });
  expect(copied.map(({ to, state }) => [to.slice(to.indexOf('layout/') + 7), state])).toEqual([
    ['mirror/top:1.0.0', 'copied'],
    ['mirror/base:1.0.0', 'copied'],
  ]);
  const to = { place: session.place(), namespace: 'mirrored' };
  const first = await mirrorArtifacts(session, to, { include: '{base,top}' });
  expect(first.map(({ state }) => state)).toEqual(['copied', 'copied']);
  expect((await mirrorArtifacts(session, to, { include: '{base,top}' })).map(({ state }) => state)).toEqual([
    'present',
    'present',
  ]);
  expect((await inspectArtifact(session, `${registry.host}/mirrored/top:1.0.0`)).digest).toBe(
    copied[0]!.digest,
  );
});

test('a tag that shares its content is not deleted by accident', async () => {
  const path = await scratch.extension('src/gone', { name: 'gone' });
  const session = scratch.session(registry.host);
  await pushExtension(session, { path, latest: true });
  await expect(deleteArtifact(session, 'gone')).rejects.toMatchObject({ exitCode: 2 });
  const failure = await deleteArtifact(session, 'gone:1.0.0').catch((error: unknown) => error);
  if (failure instanceof ProvisioningError) {
    expect(failure.message).toMatch(/shares its content with latest$/);
    await deleteArtifact(session, 'gone:1.0.0', { force: true });
  }
  expect((await listArtifacts(session)).map(({ name }) => name)).toBeDefined();
});

test.each([
  ['redis', { form: 'name', name: 'redis' }],
  ['redis:1.0.0', { form: 'name', name: 'redis', version: '1.0.0' }],
  ['taskservs/redis@^1', { form: 'name', kind: 'taskserv', name: 'redis', range: '^1' }],
  ['localhost/a/b:1', { form: 'oci', host: 'localhost', repository: 'a/b', tag: '1' }],
  [
    'oci://h.example:5000/a/b@sha256:' + 'a'.repeat(64),
    { form: 'oci', host: 'h.example:5000', digest: `sha256:${'a'.repeat(64)}` },
  ],
  ['layout:./x/redis:1.0.0', { form: 'layout', folder: './x', repository: 'redis', tag: '1.0.0' }],
  [
    'npm:@provisioning/taskserv-redis@^1',
    { form: 'npm', package: '@provisioning/taskserv-redis', range: '^1' },
  ],
  ['gitea://org/repo@1.0.0', { form: 'gitea', organization: 'org', repository: 'repo', version: '1.0.0' }],
  ['https://x.example/a.tar.gz#sha256=' + 'b'.repeat(64), { form: 'archive', sha256: 'b'.repeat(64) }],
  ['./redis', { form: 'path', path: './redis' }],
])('%s is understood', (text, expected) => {
  expect(parseExtensionReference(text)).toMatchObject(expected);
});

test.each([
  '',
  'Redis',
  'a b',
  'host.example/UPPER:1',
  'x/y/z',
  'gadget/redis',
  'redis@not a range',
  'redis:-1',
  'layout:x',
])('%j is no reference: exit 2', (text) => {
  expect(() => parseExtensionReference(text)).toThrow(
    expect.objectContaining({ exitCode: 2, message: `Invalid artifact reference: ${text}` }),
  );
});

test('09.A11 --insecure is refused in enterprise', () => {
  expect(() => scratch.session('x', { mode: 'enterprise', insecure: true })).toThrow(
    expect.objectContaining({ exitCode: 4, message: '--insecure is not allowed in enterprise mode' }),
  );
});
