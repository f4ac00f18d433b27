import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  anonymous,
  copy,
  describe,
  type Descriptor,
  emptyContent,
  emptyDescriptor,
  encodeExtension,
  encodeManifest,
  ExternalTransfers,
  fromBytes,
  mediaTypes,
  MemoryTarget,
  packExtension,
  readSigningKey,
  readTrustedKeys,
  RemoteRegistry,
  type RemoteRepository,
  signArtifact,
  SigningProgram,
  verifyArtifact,
} from '@provisioning/distribution';
import type { CaseResult } from '../../suite.ts';
import { environment, findPeer } from './programs.ts';
import type { Registry } from './registries.ts';

const run = promisify(execFile);
const clients = ['provisioning', 'skopeo', 'oras', 'crane'] as const;
type Client = (typeof clients)[number];

/** Notes what a case came to. */
export type Attempt = (name: string, work: () => Promise<void>) => Promise<boolean>;

/** An extension as it is published, different in every call. */
async function extension(folder: string, name: string) {
  const path = join(await mkdtemp(join(folder, 'extension-')), name);
  await mkdir(path);
  const manifest = {
    name,
    type: 'taskserv',
    version: '1.0.0',
    description: name,
    author: 'a',
    license: 'MIT',
  };
  await writeFile(join(path, 'manifest.yaml'), JSON.stringify(manifest));
  await writeFile(join(path, 'README.md'), `# ${name}\n`);
  return encodeExtension(await packExtension(path));
}

/** What one client pushed is pulled by every client, digest for digest, from one registry. */
export async function pushAndPull(
  registry: Registry,
  folder: string,
  present: ReadonlySet<string>,
  attempt: Attempt,
): Promise<readonly string[]> {
  const { host } = registry;
  const rows: string[] = [];
  const transfers = new Map<Client, ExternalTransfers>();
  for (const tool of ['skopeo', 'oras', 'crane'] as const) {
    const plainHttp = (): boolean => true;
    const options = { tool, environment, credentials: anonymous, plainHttp, insecure: false };
    transfers.set(tool, new ExternalTransfers(options));
  }
  for (const pusher of clients.filter((one) => present.has(one))) {
    const name = `by-${pusher}`;
    const { target: source, root } = await extension(folder, name);
    const remote = new RemoteRegistry(host).repository(`interop/${name}`);
    const outcomes: string[] = [];
    const pushed = await attempt(`${registry.name}: ${pusher} pushes`, async () => {
      const place = { host, repository: `interop/${name}`, tag: '1.0.0' };
      if (pusher === 'provisioning') {
        await source.tag(root, '1.0.0');
        await copy(source, '1.0.0', remote);
      } else await transfers.get(pusher)!.push(source, root, place);
    });
    for (const puller of clients.filter((one) => present.has(one) && pushed)) {
      const same = await attempt(`${registry.name}: ${pusher} → ${puller}, digests equal`, async () => {
        const outside = transfers.get(puller)?.source(host, `interop/${name}`, remote);
        const pulled = await copy(outside ?? remote, '1.0.0', new MemoryTarget());
        if (pulled.digest !== root.digest) throw new Error(`${pulled.digest} is not ${root.digest}`);
      });
      outcomes.push(`${puller} ${same ? 'equal' : 'DIFFERENT'}`);
    }
    rows.push(`${registry.name.padEnd(16)} ${pusher.padEnd(13)} ${outcomes.join(', ') || 'not pushed'}`);
  }
  for (const transfer of transfers.values()) await transfer.close();
  return rows;
}

interface Pushed {
  readonly remote: RemoteRepository;
  readonly root: Descriptor;
  readonly full: string;
}

async function push(registry: Registry, folder: string, repository: string): Promise<Pushed> {
  const { target, root } = await extension(folder, 'x');
  const remote = new RemoteRegistry(registry.host).repository(repository);
  await target.tag(root, '1.0.0');
  await copy(target, '1.0.0', remote);
  return { remote, root, full: `${registry.host}/${repository}@${root.digest}` };
}

/**
 * What refers to an artifact is found by either side, whoever attached it: through the referrers API, or through the tag
 * that stands in for it where a registry has none, as docker-registry.
 */
export async function referrers(
  registry: Registry,
  folder: string,
  say: (message: string) => void,
  attempt: Attempt,
): Promise<void> {
  const oras = await findPeer('oras', say);
  if (oras === undefined) return;
  const run = async (...words: readonly string[]): Promise<unknown> => {
    const options = { env: environment, cwd: folder };
    const { stdout } = await promisify(execFile)(oras, [...words, '--format', 'json'], options);
    return JSON.parse(stdout);
  };
  const byOras = async (full: string): Promise<readonly string[]> =>
    digestsIn(await run('discover', '--plain-http', full));
  const { remote, root, full } = await push(registry, folder, 'interop/referrers');
  const attachment = encodeManifest({
    mediaType: mediaTypes.imageManifest,
    artifactType: 'application/vnd.example.ours',
    config: emptyDescriptor,
    layers: [emptyDescriptor],
    subject: root,
  });
  const ours = describe(mediaTypes.imageManifest, attachment);
  const found = (digests: readonly string[], digest: string): void => {
    if (!digests.includes(digest)) throw new Error(`${digest} is not among ${digests.join(', ') || 'none'}`);
  };
  await attempt(`${registry.name}: attached here, discovered by oras`, async () => {
    await remote.push(emptyDescriptor, fromBytes(emptyContent));
    await remote.push(ours, fromBytes(attachment));
    found(await byOras(full), ours.digest);
  });
  await attempt(`${registry.name}: attached by oras, found here beside our own`, async () => {
    await writeFile(join(folder, 'bill.json'), '{}');
    const words = ['--artifact-type', 'application/vnd.example.theirs', full, 'bill.json'];
    const [theirs] = digestsIn(await run('attach', '--plain-http', ...words));
    const digests = (await remote.referrers(root)).map(({ digest }) => digest as string);
    found(digests, theirs!);
    found(digests, ours.digest);
    const filter = { artifactType: 'application/vnd.example.theirs' };
    const filtered = await remote.referrers(root, filter);
    if (filtered.length !== 1) throw new Error(`the filter leaves ${filtered.length}`);
  });
  await attempt(`${registry.name}: copied here with what refers to it, discovered by oras`, async () => {
    const copied = new RemoteRegistry(registry.host).repository('interop/referrers-copied');
    await copy(remote, '1.0.0', copied, '1.0.0', { referrers: true });
    const there = await byOras(`${registry.host}/${copied.name}@${root.digest}`);
    found(there, ours.digest);
    if (there.length !== 2) throw new Error(`${there.length} are there instead of 2`);
  });
  await attempt(`${registry.name}: removed here, no longer discovered by oras`, async () => {
    await remote.delete(ours);
    if ((await byOras(full)).includes(ours.digest)) throw new Error('it is still there');
  });
}

/** Digests of the artifacts that oras names, its subject left out. */
function digestsIn(answer: unknown): readonly string[] {
  const { referrers, digest } = answer as {
    readonly digest?: string;
    readonly referrers?: readonly { readonly digest: string }[];
  };
  return referrers === undefined ? [digest!] : referrers.map((one) => one.digest);
}

/** cosign verifies what is signed here, and what cosign signs is verified here. */
export async function signatures(
  registry: Registry,
  folder: string,
  say: (message: string) => void,
  attempt: Attempt,
): Promise<readonly CaseResult[]> {
  const cosign = await findPeer('cosign', say);
  const name = `${registry.name}: cosign signatures`;
  if (cosign === undefined)
    return [{ name, status: 'skipped', reason: 'cosign is not installed and no Go toolchain built it' }];
  const keys = join(folder, `keys-${registry.name}`);
  await mkdir(keys);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(keys, 'ours.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  await writeFile(join(keys, 'ours.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  const env: NodeJS.ProcessEnv = { ...environment, COSIGN_PASSWORD: '', HOME: keys };
  const plain = ['--allow-insecure-registry', '--allow-http-registry'];
  const pushed = (repository: string): Promise<Pushed> => push(registry, folder, repository);
  await attempt(`${registry.name}: signed here, verified by cosign`, async () => {
    const { remote, root, full } = await pushed('interop/signed-here');
    const signer = await readSigningKey(join(keys, 'ours.key'));
    await signArtifact(remote, root, `${registry.host}/interop/signed-here`, signer);
    const words = ['verify', '--key', join(keys, 'ours.pub'), '--insecure-ignore-tlog', ...plain, full];
    const { stdout } = await run(cosign, words, { env });
    if (!stdout.includes(root.digest)) throw new Error('cosign names another digest');
  });
  await attempt(`${registry.name}: signed by cosign, verified here`, async () => {
    const { remote, root, full } = await pushed('interop/signed-there');
    await run(cosign, ['generate-key-pair'], { env, cwd: keys });
    const words = ['sign', '--key', 'cosign.key', '--tlog-upload=false', '--yes', ...plain, full];
    await run(cosign, words, { env, cwd: keys });
    const { state } = await verifyArtifact(remote, root, await readTrustedKeys([join(keys, 'cosign.pub')]));
    if (state !== 'signed') throw new Error(`the signature is ${state}`);
  });
  await throughCosign(
    registry,
    keys,
    { ...env, PATH: `${dirname(cosign)}${delimiter}${env['PATH']}` },
    pushed,
    attempt,
  );
  return [];
}

/** `oci.signing.tool = cosign`: the program itself signs and checks for us (09 §8). */
async function throughCosign(
  registry: Registry,
  keys: string,
  env: NodeJS.ProcessEnv,
  pushed: (repository: string) => Promise<Pushed>,
  attempt: Attempt,
): Promise<void> {
  const trusting = (key: string): SigningProgram =>
    new SigningProgram(
      'cosign',
      { publicKeys: [join(keys, key)], identities: [], allowedSigners: {} },
      { environment: env, credentials: anonymous, plainHttp: () => true, insecure: false },
    );
  const repository = `${registry.host}/interop/through-cosign`;
  const { remote, root } = await pushed('interop/through-cosign');
  const state = async (key: string): Promise<string | undefined> =>
    (await trusting(key).check(root, `${repository}:1.0.0`))?.state;
  const expectState = async (key: string, wanted: string): Promise<void> => {
    const found = await state(key);
    if (found !== wanted) throw new Error(`it is ${found}, not ${wanted}`);
  };
  await attempt(`${registry.name}: cosign as oci.signing.tool finds nothing unsigned to be signed`, () =>
    expectState('cosign.pub', 'unsigned'),
  );
  await attempt(`${registry.name}: cosign as oci.signing.tool signs with an encrypted key`, async () => {
    await trusting('cosign.pub').sign(repository, root, { key: join(keys, 'cosign.key') });
    await expectState('cosign.pub', 'signed');
    const builtin = await verifyArtifact(remote, root, await readTrustedKeys([join(keys, 'cosign.pub')]));
    if (builtin.state !== 'signed') throw new Error(`checked here it is ${builtin.state}`);
  });
  await attempt(`${registry.name}: cosign as oci.signing.tool refuses another key`, () =>
    expectState('ours.pub', 'invalid'),
  );
}
