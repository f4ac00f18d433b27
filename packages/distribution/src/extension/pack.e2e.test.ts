import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ImageLayout } from '../layout/layout.ts';
import { fetchBytes } from '../oci/content.ts';
import { copy } from '../oci/copy.ts';
import { RemoteRegistry } from '../remote/registry.ts';
import { findProgram, type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { stageExtension, swapIn } from './install.ts';
import { artifactTypes } from './media-types.ts';
import { encodeExtension, packExtension } from './pack.ts';
import { inspectArchive, readExtension } from './read.ts';
import { cleanUp } from '../../../../tools/testing/clean-up.ts';

const run = promisify(execFile);
let registry: RunningRegistry;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-pack-'));
  registry = await startDockerRegistry();
});
afterAll(() =>
  cleanUp(
    () => registry?.stop(),
    () => rm(folder, { recursive: true, force: true }),
  ),
);

async function extension(name: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = join(folder, name);
  const all: Record<string, string> = {
    'manifest.yaml':
      'name: redis\ntype: taskservs\nversion: 1.0.0\ndescription: Cache\nauthor: A\nlicense: MIT\ntags: [cache]\ndependencies: { os: ">=1.0.0,<2.0.0" }\nx-own: kept\n',
    'README.md': '# redis\n',
    'scripts/install.sh': '#!/bin/sh\necho hi\n',
    'templates/redis.conf.hbs': 'port {{config.port}}\n',
    'tests/a.test.sh': 'never packed\n',
    'node_modules/x/index.js': 'never packed\n',
    'notes.txt': 'not in the tree of an extension\n',
    '.env.local': 'SECRET=1\n',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

test('09.A1 packing the same content twice gives the same digest, whatever its times and modes were', async () => {
  const first = await packExtension(await extension('one'));
  const root = await extension('two');
  await utimes(join(root, 'README.md'), 1, 1);
  await chmod(join(root, 'scripts/install.sh'), 0o755);
  const second = await packExtension(root);
  expect(second.digest).toBe(first.digest);
  expect(first.fileName).toBe('redis-1.0.0.tar.gz');
  const archive = await inspectArchive(() => Readable.from([first.archive]), 'x');
  expect(archive.package).toMatchObject({
    name: 'redis',
    type: 'taskserv',
    version: '1.0.0',
    'x-own': 'kept',
  });
  expect(archive.files.map(({ path }) => path)).toEqual([
    'README.md',
    'manifest.yaml',
    'oci-manifest.json',
    'scripts/install.sh',
    'templates/redis.conf.hbs',
  ]);
});

test('a private key stops packing and names the file', async () => {
  const key = `-----BEGIN PRIVATE KEY-----\n${'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg'.repeat(3)}\n-----END PRIVATE KEY-----\n`;
  await expect(packExtension(await extension('leaky', { 'docs/notes.md': key }))).rejects.toMatchObject({
    code: 'SECRET_FOUND',
    message: 'Secret found in docs/notes.md',
  });
});

test('a link that leaves the folder stops packing', async () => {
  const root = await extension('linked');
  await symlink('../../etc/passwd', join(root, 'docs'));
  await mkdir(join(root, 'examples'), { recursive: true });
  await symlink('/etc/passwd', join(root, 'examples/x'));
  await expect(packExtension(root)).rejects.toMatchObject({ code: 'UNSAFE_ARCHIVE' });
});

test.each([
  ['version: v1', 'version'],
  ['version: latest', 'version'],
  ['name: Redis_1', 'name'],
  ['type: gadget', 'type'],
  ['dependencies: { a: "not a range" }', 'dependencies.a'],
])('a manifest with %s is refused with its key', async (line, key) => {
  const base = { name: 'name: redis', type: 'type: taskserv', version: 'version: 1.0.0' };
  const text = Object.values({ ...base, [line.split(':')[0]!]: line }).join('\n');
  const root = await extension(`bad-${key}-${line.length}`, { 'manifest.yaml': text });
  await expect(packExtension(root)).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringMatching(new RegExp(`^manifest.yaml: ${key}: `)),
  });
});

test('09.A2 a pushed extension has our artifact type, its manifest in the config, and unpacks as it was', async () => {
  const packed = await packExtension(await extension('pushed'));
  const { target, root } = encodeExtension(packed);
  const remote = new RemoteRegistry(registry.host).repository('provisioning-extensions/redis');
  await target.tag(root, '1.0.0');
  await copy(target, '1.0.0', remote);
  expect(await new RemoteRegistry(registry.host).catalog({ under: 'provisioning-extensions' })).toEqual([
    'provisioning-extensions/redis',
  ]);
  const { stdout } = await run('skopeo', [
    'inspect',
    '--raw',
    '--tls-verify=false',
    `docker://${registry.host}/provisioning-extensions/redis:1.0.0`,
  ]);
  expect(JSON.parse(stdout)).toMatchObject({
    artifactType: artifactTypes.extension,
    annotations: {
      'dev.provisioning.extension.kind': 'taskserv',
      'org.opencontainers.image.version': '1.0.0',
    },
  });
  const stored = await readExtension(remote, '1.0.0');
  expect(stored.package).toMatchObject({ name: 'redis', dependencies: { os: '>=1.0.0,<2.0.0' } });
  const place = join(folder, 'installed', 'redis');
  await swapIn(await stageExtension(remote, stored, place), place);
  expect(await readFile(join(place, 'scripts/install.sh'), 'utf8')).toBe('#!/bin/sh\necho hi\n');
});

test('an extension that oras pushed as a plain file is accepted', async () => {
  const packed = await packExtension(await extension('plain'));
  await writeFile(join(folder, packed.fileName), packed.archive);
  const oras = await findProgram('oras');
  const remote = new RemoteRegistry(registry.host).repository('plain/redis');
  if (oras === undefined) {
    const { target, root } = encodeExtension(packed);
    await copy(target, root.digest, remote, '1.0.0');
  } else {
    await run(
      oras,
      ['push', '--plain-http', `${registry.host}/plain/redis:1.0.0`, `${packed.fileName}:application/gzip`],
      { cwd: folder },
    );
  }
  expect((await readExtension(remote, '1.0.0')).package.version).toBe('1.0.0');
});

test('a changed blob in a layout is noticed when it is used', async () => {
  const { target, root } = encodeExtension(await packExtension(await extension('damaged')));
  const layout = new ImageLayout(join(folder, 'damaged-layout'));
  await copy(target, root.digest, layout.repository('r'), '1.0.0');
  const stored = await readExtension(layout.repository('r'), '1.0.0');
  const path = layout.blobs.path(stored.content.digest);
  const bytes = await readFile(path);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(path, bytes);
  await expect(fetchBytes(layout.repository('r'), stored.content)).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  });
  await expect(stageExtension(layout.repository('r'), stored, join(folder, 'never'))).rejects.toBeDefined();
});
