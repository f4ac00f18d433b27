import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fetchManifest, fromBytes } from '../oci/content.ts';
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
import { RemoteRegistry } from '../remote/registry.ts';
import { findProgram, type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { signArtifact, signatureTag, verifyArtifact } from './cosign.ts';
import { readSigningKey, readTrustedKeys } from './keys.ts';
import { effectivePolicy, SignatureGate } from './policy.ts';

const run = promisify(execFile);
let registry: RunningRegistry;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-sign-'));
  registry = await startDockerRegistry();
  for (const [name, pair] of [
    ['ec', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ed', generateKeyPairSync('ed25519')],
    ['other', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ] as const) {
    await writeFile(join(folder, `${name}.key`), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(join(folder, `${name}.pub`), pair.publicKey.export({ type: 'spki', format: 'pem' }));
  }
});
afterAll(async () => {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

async function pushed(name: string) {
  const memory = new MemoryTarget();
  memory.add(emptyDescriptor, emptyContent);
  const layer = randomBytes(100);
  memory.add(descriptorOf('application/x', layer), layer);
  const bytes = encodeManifest({
    mediaType: mediaTypes.imageManifest,
    artifactType: 'application/y',
    config: emptyDescriptor,
    layers: [descriptorOf('application/x', layer)],
  });
  const root = descriptorOf(mediaTypes.imageManifest, bytes);
  memory.add(root, bytes);
  await memory.tag(root, '1.0.0');
  const remote = new RemoteRegistry(registry.host).repository(name);
  await copy(memory, '1.0.0', remote);
  return { remote, root };
}

const trusted = (...names: readonly string[]) =>
  readTrustedKeys(names.map((name) => join(folder, `${name}.pub`)));

test.each(['ec', 'ed'])(
  '09.A11 an artifact signed with a %s key verifies, and with no other key',
  async (name) => {
    const { remote, root } = await pushed(`signed-${name}`);
    expect(await verifyArtifact(remote, root, await trusted(name))).toEqual({ state: 'unsigned' });
    const key = await readSigningKey(join(folder, `${name}.key`));
    await signArtifact(remote, root, `${registry.host}/signed-${name}`, key);
    expect(await verifyArtifact(remote, root, await trusted('other', name))).toEqual({
      state: 'signed',
      keyId: key.id,
    });
    expect(await verifyArtifact(remote, root, await trusted('other'))).toMatchObject({ state: 'invalid' });
    // A second signature joins the first.
    await signArtifact(remote, root, 'x', await readSigningKey(join(folder, 'other.key')));
    expect(await verifyArtifact(remote, root, await trusted(name))).toMatchObject({ state: 'signed' });
    expect(await verifyArtifact(remote, root, await trusted('other'))).toMatchObject({ state: 'signed' });
  },
);

test('09.A11 enterprise refuses the unsigned, then a signature with one byte changed', async () => {
  const { remote, root } = await pushed('gate');
  const settings = { policy: effectivePolicy('enterprise', 'off'), publicKeys: [join(folder, 'ec.pub')] };
  expect(settings.policy).toBe('require');
  const refused: string[] = [];
  const gate = () =>
    new SignatureGate(settings, { audit: ({ action, reason }) => refused.push(`${action}: ${reason}`) });
  await expect(gate().check(remote, root, 'host/gate:1.0.0')).rejects.toMatchObject({
    message: 'Unsigned artifact refused: host/gate:1.0.0',
    exitCode: 4,
  });
  await signArtifact(remote, root, 'host/gate', await readSigningKey(join(folder, 'ec.key')));
  await expect(gate().check(remote, root, 'host/gate:1.0.0')).resolves.toMatch(/^[0-9a-f]{16}$/);
  await damageSignature(remote, root);
  await expect(gate().check(remote, root, 'host/gate:1.0.0')).rejects.toMatchObject({
    message: 'Signature verification failed: host/gate:1.0.0',
    exitCode: 4,
  });
  expect(refused[0]).toBe('refused: unsigned');
});

/** Replaces the signature manifest by one whose signature differs in one byte, under the tag and as a referrer. */
async function damageSignature(
  remote: Awaited<ReturnType<typeof pushed>>['remote'],
  root: Descriptor,
): Promise<void> {
  const signed = await remote.resolve(signatureTag(root));
  const manifest = await fetchManifest(remote, signed);
  if (manifest.kind !== 'manifest') throw new Error('unexpected');
  const key = 'dev.cosignproject.cosign/signature';
  const layers = manifest.layers.map((layer) => {
    const signature = Buffer.from(layer.annotations![key]!, 'base64');
    signature[20]! ^= 1;
    return { ...layer, annotations: { [key]: signature.toString('base64') } };
  });
  const bytes = encodeManifest({ ...manifest, layers });
  await remote.delete(signed);
  await remote.push(descriptorOf(mediaTypes.imageManifest, bytes), fromBytes(bytes), {
    reference: signatureTag(root),
  });
}

test('a signature over another artifact counts for nothing', async () => {
  const a = await pushed('swap/a');
  const b = await pushed('swap/a');
  await signArtifact(a.remote, a.root, 'x', await readSigningKey(join(folder, 'ec.key')));
  const stolen = await fetchManifest(a.remote, await a.remote.resolve(signatureTag(a.root)));
  if (stolen.kind !== 'manifest') throw new Error('unexpected');
  const bytes = encodeManifest({ ...stolen, subject: b.root });
  await b.remote.push(descriptorOf(mediaTypes.imageManifest, bytes), fromBytes(bytes), {
    reference: signatureTag(b.root),
  });
  expect(await verifyArtifact(b.remote, b.root, await trusted('ec'))).toEqual({
    state: 'invalid',
    reason: 'the signature is over another artifact',
  });
});

test('no trusted key configured is a configuration error', async () => {
  await expect(readTrustedKeys([])).rejects.toMatchObject({
    message: 'No trusted keys configured (oci.signing.public_keys)',
    exitCode: 3,
  });
});

test('cosign verifies what is signed here, and what cosign signs is verified here', async () => {
  const cosign = await findProgram('cosign');
  // cosign is a Go module; where it is not built, the conformance suite says so.
  if (cosign === undefined) return;
  const env = { ...process.env, COSIGN_PASSWORD: '', HOME: folder };
  const { remote, root } = await pushed('cosign');
  const name = `${registry.host}/cosign@${root.digest}`;
  await signArtifact(remote, root, `${registry.host}/cosign`, await readSigningKey(join(folder, 'ec.key')));
  const common = ['--allow-insecure-registry', '--allow-http-registry'];
  const { stdout } = await run(
    cosign,
    ['verify', '--key', join(folder, 'ec.pub'), '--insecure-ignore-tlog', ...common, name],
    { env },
  );
  expect(stdout).toContain(root.digest);
  const theirs = await pushed('cosign-theirs');
  await run(cosign, ['generate-key-pair'], { env, cwd: folder });
  await run(
    cosign,
    [
      'sign',
      '--key',
      'cosign.key',
      '--tlog-upload=false',
      '--yes',
      ...common,
      `${registry.host}/cosign-theirs@${theirs.root.digest}`,
    ],
    { env, cwd: folder },
  );
  expect(
    await verifyArtifact(theirs.remote, theirs.root, await readTrustedKeys([join(folder, 'cosign.pub')])),
  ).toMatchObject({ state: 'signed' });
}, 60_000);
