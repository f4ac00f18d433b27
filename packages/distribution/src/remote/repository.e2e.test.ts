import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Secret } from '@provisioning/extensions-sdk';
import { forHost } from '../credentials/credential.ts';
import { ImageLayout } from '../layout/layout.ts';
import { fetchBytes, fetchManifest, fromBytes } from '../oci/content.ts';
import { copy } from '../oci/copy.ts';
import {
  type Descriptor,
  describe as descriptorOf,
  emptyContent,
  emptyDescriptor,
} from '../oci/descriptor.ts';
import { encodeManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { MemoryTarget } from '../oci/memory.ts';
import { type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { RemoteRegistry } from './registry.ts';

const run = promisify(execFile);
let registry: RunningRegistry;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-oci-'));
  registry = await startDockerRegistry();
});
afterAll(async () => {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

/** An artifact of random layers in memory, tagged `v1`. */
async function artifact(
  layers: number,
  size: number,
  subject?: Descriptor,
): Promise<[MemoryTarget, Descriptor]> {
  const memory = new MemoryTarget();
  memory.add(emptyDescriptor, emptyContent);
  const described = Array.from({ length: layers }, () => {
    const bytes = randomBytes(size);
    const layer = descriptorOf('application/vnd.example.layer', bytes);
    memory.add(layer, bytes);
    return layer;
  });
  const bytes = encodeManifest({
    mediaType: mediaTypes.imageManifest,
    artifactType: 'application/vnd.example.thing',
    config: emptyDescriptor,
    layers: described,
    ...(subject === undefined ? {} : { subject }),
    annotations: { test: 'yes' },
  });
  const root = descriptorOf(mediaTypes.imageManifest, bytes);
  memory.add(root, bytes);
  await memory.tag(root, 'v1');
  return [memory, root];
}

test('an artifact goes memory → registry → layout → memory with one digest', async () => {
  const [memory, root] = await artifact(3, 50_000);
  const remote = new RemoteRegistry(registry.host).repository('round/trip');
  expect((await copy(memory, 'v1', remote)).digest).toBe(root.digest);
  const layout = new ImageLayout(join(folder, 'round'));
  await copy(remote, 'v1', layout.repository('round/trip'));
  const back = new MemoryTarget();
  await copy(layout.repository('round/trip'), 'v1', back);
  expect(await back.resolve('v1')).toEqual({
    mediaType: root.mediaType,
    digest: root.digest,
    size: root.size,
  });
  expect(await remote.tags()).toEqual(['v1']);
  expect(await new RemoteRegistry(registry.host).catalog()).toContain('round/trip');
});

test('skopeo reads what was pushed here and the other way round, digests equal', async () => {
  const [memory, root] = await artifact(2, 10_000);
  await copy(memory, 'v1', new RemoteRegistry(registry.host).repository('ours'));
  const digest = await run('skopeo', [
    'copy',
    '--src-tls-verify=false',
    `docker://${registry.host}/ours:v1`,
    `oci:${folder}/skopeo:v1`,
    '--preserve-digests',
  ]);
  expect(digest.stdout).toContain('');
  const theirs = new ImageLayout(join(folder, 'skopeo')).repository();
  expect((await theirs.resolve('v1')).digest).toBe(root.digest);
  await run('skopeo', [
    'copy',
    '--dest-tls-verify=false',
    `oci:${folder}/skopeo:v1`,
    `docker://${registry.host}/theirs:v1`,
    '--preserve-digests',
  ]);
  const back = new MemoryTarget();
  expect((await copy(new RemoteRegistry(registry.host).repository('theirs'), 'v1', back)).digest).toBe(
    root.digest,
  );
});

test('a second copy transfers nothing, a copy to a sibling repository mounts', async () => {
  const [memory] = await artifact(2, 20_000);
  const remote = new RemoteRegistry(registry.host);
  const outcomes: string[] = [];
  await copy(memory, 'v1', remote.repository('first'));
  await copy(memory, 'v1', remote.repository('first'), 'v2', {
    onContent: (_, outcome) => outcomes.push(outcome),
  });
  expect(outcomes).toEqual(['skipped']);
  outcomes.length = 0;
  await copy(remote.repository('first'), 'v1', remote.repository('second'), 'v1', {
    onContent: (_, outcome) => outcomes.push(outcome),
  });
  expect(outcomes.filter((outcome) => outcome === 'mounted')).toHaveLength(3);
});

test('large blobs go in chunks and come back verified', async () => {
  const [memory, root] = await artifact(1, 5_000_000);
  const remote = new RemoteRegistry(registry.host, { chunkBytes: 1_000_000 }).repository('chunked');
  await copy(memory, 'v1', remote);
  const manifest = await fetchManifest(remote, root);
  const layer = manifest.kind === 'manifest' ? manifest.layers[0]! : root;
  const bytes = await fetchBytes(remote, layer, { limit: 10_000_000 });
  expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(layer.digest);
});

test('an upload whose source breaks goes on where the registry stopped', async () => {
  const bytes = randomBytes(3_000_000);
  const descriptor = descriptorOf('application/octet-stream', bytes);
  const remote = new RemoteRegistry(registry.host, { chunkBytes: 1_000_000 }).repository('resumed');
  const opened: number[] = [];
  await remote.push(descriptor, async (offset) => {
    opened.push(offset);
    if (opened.length > 1) return Readable.from([bytes.subarray(offset)]);
    return Readable.from(
      (function* () {
        yield bytes.subarray(0, 1_500_000);
        throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
      })(),
    );
  });
  expect(opened[0]).toBe(0);
  expect(opened.length).toBeGreaterThan(1);
  expect(await remote.exists(descriptor)).toBe(true);
});

test('content that is not what its descriptor says is never stored', async () => {
  const descriptor = descriptorOf('application/octet-stream', randomBytes(1000));
  const remote = new RemoteRegistry(registry.host).repository('liar');
  await expect(remote.push(descriptor, fromBytes(randomBytes(1000)))).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  });
  expect(await remote.exists(descriptor)).toBe(false);
});

test('referrers are found through the fallback tag where the registry has no referrers API', async () => {
  const [memory, root] = await artifact(1, 100);
  const [signature, signed] = await artifact(1, 100, root);
  const remote = new RemoteRegistry(registry.host).repository('referred');
  await copy(memory, 'v1', remote);
  await copy(signature, 'v1', remote, 'signature');
  const fresh = new RemoteRegistry(registry.host).repository('referred');
  expect(await fresh.referrers(root)).toEqual([
    expect.objectContaining({ digest: signed.digest, artifactType: 'application/vnd.example.thing' }),
  ]);
  expect(await fresh.referrers(root, { artifactType: 'application/other' })).toEqual([]);
  const layout = new ImageLayout(join(folder, 'referred')).repository('r');
  await copy(fresh, 'v1', layout, 'v1', { referrers: true });
  expect(await layout.referrers(root)).toHaveLength(1);
});

test('tags and manifests are deleted, what is missing is named', async () => {
  const [memory, root] = await artifact(1, 100);
  const remote = new RemoteRegistry(registry.host).repository('deleted');
  await copy(memory, 'v1', remote);
  await remote.delete(root);
  await expect(remote.resolve('v1')).rejects.toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
    exitCode: 5,
    message: `Artifact not found: ${registry.host}/deleted:v1`,
  });
});

test('nothing listens: the message says how to start a registry', async () => {
  await expect(new RemoteRegistry('127.0.0.1:1').ping()).rejects.toMatchObject({
    message: 'Connection refused to 127.0.0.1:1',
    hint: 'Start the local registry: provisioning oci-registry start',
    exitCode: 1,
  });
});

test('basic credentials are sent when the registry asks for them', async () => {
  const passwords = join(folder, 'htpasswd');
  // bcrypt of "secret"
  await writeFile(passwords, 'ann:$2b$04$ao1Y5GUHU63nXFdjrSZQu.HRB9e98U8jmP6UiS/qIQucoahFQj/W.\n');
  const closed = await startDockerRegistry(`auth: { htpasswd: { realm: test, path: ${passwords} } }`);
  try {
    const [memory, root] = await artifact(1, 100);
    const known = (password: string) => ({
      credentials: forHost(closed.host, { username: 'ann', password: new Secret(password) }),
    });
    await expect(
      copy(memory, 'v1', new RemoteRegistry(closed.host).repository('closed')),
    ).rejects.toMatchObject({
      message: 'unauthorized: authentication required',
      hint: `provisioning oci login ${closed.host}`,
      exitCode: 4,
    });
    await expect(new RemoteRegistry(closed.host, known('wrong')).ping()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    const remote = new RemoteRegistry(closed.host, known('secret')).repository('closed');
    expect((await copy(memory, 'v1', remote)).digest).toBe(root.digest);
  } finally {
    await closed.stop();
  }
});
