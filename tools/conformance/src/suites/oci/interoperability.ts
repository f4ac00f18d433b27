import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  anonymous,
  copy,
  encodeExtension,
  ExternalTransfers,
  MemoryTarget,
  packExtension,
  readSigningKey,
  readTrustedKeys,
  RemoteRegistry,
  signArtifact,
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
  const env = { ...environment, COSIGN_PASSWORD: '', HOME: keys };
  const plain = ['--allow-insecure-registry', '--allow-http-registry'];
  const pushed = async (repository: string) => {
    const { target, root } = await extension(folder, 'signed');
    const remote = new RemoteRegistry(registry.host).repository(repository);
    await target.tag(root, '1.0.0');
    await copy(target, '1.0.0', remote);
    return { remote, root, full: `${registry.host}/${repository}@${root.digest}` };
  };
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
  return [];
}
