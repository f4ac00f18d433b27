import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  copy,
  describe,
  emptyContent,
  emptyDescriptor,
  encodeManifest,
  mediaTypes,
  MemoryTarget,
  RegistryServer,
  RemoteRegistry,
} from '@provisioning/distribution';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const run = promisify(execFile);

/** Go modules of the peers; built once into a folder of the cache where a Go toolchain is there. */
const peers = {
  oras: 'oras.land/oras/cmd/oras@v1.2.3',
  crane: 'github.com/google/go-containerregistry/cmd/crane@v0.20.6',
} as const;

async function program(
  name: keyof typeof peers | 'skopeo',
  bin: string,
  say: (message: string) => void,
): Promise<string | undefined> {
  const works = (file: string): Promise<boolean> =>
    run(file, [name === 'skopeo' ? '--version' : 'version']).then(
      () => true,
      () => false,
    );
  for (const file of [name, join(bin, name)]) if (await works(file)) return file;
  if (name === 'skopeo') return undefined;
  say(`building ${name}`);
  const built = await run('go', ['install', peers[name]], {
    env: { ...process.env, GOBIN: bin, CGO_ENABLED: '0' },
  }).then(
    () => true,
    () => false,
  );
  return built ? join(bin, name) : undefined;
}

/** An artifact with one layer, in memory. */
async function artifact() {
  const memory = new MemoryTarget();
  memory.add(emptyDescriptor, emptyContent);
  const bytes = randomBytes(20_000);
  const layer = describe('application/vnd.example.data', bytes);
  memory.add(layer, bytes);
  const manifest = encodeManifest({
    mediaType: mediaTypes.imageManifest,
    artifactType: 'application/vnd.example',
    config: emptyDescriptor,
    layers: [layer],
  });
  const root = describe(mediaTypes.imageManifest, manifest);
  memory.add(root, manifest);
  await memory.tag(root, 'v1');
  return { memory, root, layer };
}

type Words = (host: string, name: string, folder: string) => readonly string[];

/** How each peer reads the manifest of an artifact and writes an artifact. */
const reading: Readonly<Record<string, Words>> = {
  skopeo: (host, name) => ['inspect', '--raw', '--tls-verify=false', `docker://${host}/${name}`],
  oras: (host, name) => ['manifest', 'fetch', '--plain-http', `${host}/${name}`],
  crane: (host, name) => ['manifest', '--insecure', `${host}/${name}`],
};
const copying: Readonly<Record<string, Words>> = {
  skopeo: (host, name) => [
    'copy',
    '--src-tls-verify=false',
    '--dest-tls-verify=false',
    '--preserve-digests',
    `docker://${host}/${name}`,
    `docker://${host}/by-skopeo:v1`,
  ],
  oras: (host, name) => [
    'cp',
    '--from-plain-http',
    '--to-plain-http',
    `${host}/${name}`,
    `${host}/by-oras:v1`,
  ],
  crane: (host, name) => ['copy', '--insecure', `${host}/${name}`, `${host}/by-crane:v1`],
};

const suite: ConformanceSuite = {
  title:
    'OCI: our registry and client with skopeo, oras and crane; the official distribution suite where it is installed',
  async run(say) {
    const folder = await mkdtemp(join(tmpdir(), 'conformance-oci-'));
    const bin = join(import.meta.dirname, '../../../../node_modules/.cache/provisioning/go');
    const server = new RegistryServer({ storage: join(folder, 'storage'), port: 0 });
    const host = `127.0.0.1:${(await server.listen()).port}`;
    const cases: CaseResult[] = [];
    const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
        cases.push({ name, status: 'passed' });
      } catch (error) {
        cases.push({ name, status: 'failed', reason: (error as Error).message.slice(0, 300) });
      }
    };
    try {
      const { memory, root } = await artifact();
      await copy(memory, 'v1', new RemoteRegistry(host).repository('ours'));
      for (const name of ['skopeo', 'oras', 'crane'] as const) {
        const file = await program(name, bin, say);
        if (file === undefined) {
          cases.push({
            name: `${name} reads and copies`,
            status: 'skipped',
            reason: `${name} is not installed and no Go toolchain built it`,
          });
          continue;
        }
        await attempt(`${name} reads what was pushed here, digest for digest`, async () => {
          const { stdout } = await run(file, [...reading[name]!(host, 'ours:v1', folder)]);
          const found = `sha256:${createHash('sha256').update(stdout.replace(/\n$/, '')).digest('hex')}`;
          if (found !== root.digest) throw new Error(`${found} is not ${root.digest}`);
        });
        await attempt(`what ${name} pushed is read here, digest for digest`, async () => {
          await run(file, [...copying[name]!(host, 'ours:v1', folder)]);
          const back = new MemoryTarget();
          const found = await copy(new RemoteRegistry(host).repository(`by-${name}`), 'v1', back);
          if (found.digest !== root.digest) throw new Error(`${found.digest} is not ${root.digest}`);
        });
      }
      cases.push(await official(host, folder, say));
      cases.push({
        name: 'zot as the registry',
        status: 'skipped',
        reason: 'its Go module is not on the module proxy',
      });
    } finally {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }
    return { cases };
  },
};
export default suite;

/** The distribution-spec's own suite; it has no module version, so its program is taken from `OCI_CONFORMANCE`. */
async function official(host: string, folder: string, say: (message: string) => void): Promise<CaseResult> {
  const name = 'the official distribution-spec conformance suite, all categories';
  const file = process.env['OCI_CONFORMANCE'];
  if (file === undefined)
    return {
      name,
      status: 'skipped',
      reason: 'set OCI_CONFORMANCE to the program of opencontainers/distribution-spec/conformance',
    };
  const log = join(folder, 'official.log');
  const env = {
    ...process.env,
    OCI_REGISTRY: host,
    OCI_TLS: 'disabled',
    OCI_REPO1: 'conformance/a',
    OCI_REPO2: 'conformance/b',
    OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
    OCI_API_BLOBS_DIGEST_HEADER: 'true',
    OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
    OCI_RESULTS_DIR: join(folder, 'results'),
  };
  const { stdout, stderr } = await run(file, [], { env, cwd: folder, maxBuffer: 1 << 26 }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  await writeFile(log, `${stdout}${stderr}`);
  const text = await readFile(log, 'utf8');
  const failed = /FAIL\.+:\s+(\d+)/.exec(text)?.[1];
  const total = /Total\.+:\s+(\d+)/.exec(text)?.[1];
  say(`official suite: ${total ?? '?'} checks, ${failed ?? '?'} failed`);
  return failed === '0'
    ? { name, status: 'passed' }
    : { name, status: 'failed', reason: `${failed ?? 'unknown'} of ${total ?? '?'} failed` };
}
