import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  copy,
  describe,
  emptyContent,
  emptyDescriptor,
  encodeExtension,
  encodeManifest,
  fromBytes,
  ImageLayout,
  mediaTypes,
  packExtension,
  RemoteRegistry,
} from '@provisioning/distribution';
import { type BenchRow, type BenchSuite, median, row } from './suite.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../../packages/core-cli/bin/provisioning.js');
const rounds = 7;
const many = 100;
const large = 1024;

/** Everything one run of the suite uses: a registry, a folder, an environment of its own. */
class Bed {
  readonly folder: string;
  readonly host: string;
  readonly #registry: ChildProcess;

  private constructor(folder: string, host: string, registry: ChildProcess) {
    this.folder = folder;
    this.host = host;
    this.#registry = registry;
  }

  static async create(): Promise<Bed> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-oci-'));
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port: free } = server.address() as { port: number };
        server.close(() => resolve(free));
      });
    });
    await writeFile(
      join(folder, 'config.yml'),
      `version: 0.1\nlog: { level: error, accesslog: { disabled: true } }\nstorage: { filesystem: { rootdirectory: ${folder}/registry } }\nhttp: { addr: 127.0.0.1:${port} }\n`,
    );
    const registry = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    const host = `127.0.0.1:${port}`;
    for (let attempt = 0; attempt < 200; attempt++) {
      if (
        await fetch(`http://${host}/v2/`).then(
          () => true,
          () => false,
        )
      )
        return new Bed(folder, host, registry);
      await delay(50);
    }
    registry.kill();
    throw new Error('docker-registry did not start');
  }

  environment(): NodeJS.ProcessEnv {
    const at = (name: string): string => join(this.folder, 'home', name);
    return {
      ...process.env,
      HOME: at(''),
      XDG_CONFIG_HOME: at('config'),
      XDG_CACHE_HOME: at('cache'),
      XDG_DATA_HOME: at('data'),
    };
  }

  /** Milliseconds of one whole process. */
  async time(file: string, words: readonly string[]): Promise<number> {
    const started = performance.now();
    await run(file, [...words], { cwd: this.folder, env: this.environment(), maxBuffer: 1 << 26 });
    return performance.now() - started;
  }

  ours(...words: readonly string[]): Promise<number> {
    return this.time(process.execPath, [program, ...words, '--registry', this.host]);
  }

  skopeo(from: string, to: string): Promise<number> {
    return this.time('skopeo', [
      'copy',
      '--quiet',
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
      from,
      to,
    ]);
  }

  /** An extension of about 30 kB as a folder, and the same in an image layout for skopeo. */
  async extension(group: string, name: string, version: string): Promise<string> {
    const folder = join(this.folder, group, `${name}-${version}`);
    await mkdir(join(folder, 'src'), { recursive: true });
    await writeFile(
      join(folder, 'manifest.yaml'),
      `name: ${name}\ntype: taskserv\nversion: ${version}\ndescription: d\nauthor: a\nlicense: MIT\n`,
    );
    await writeFile(join(folder, 'README.md'), '# x\n');
    await mkdir(join(folder, 'schema'));
    await writeFile(join(folder, 'schema/config.json'), '{"type":"object"}\n');
    await writeFile(join(folder, 'src/data.txt'), randomBytes(22_000).toString('base64'));
    const { target, root } = encodeExtension(await packExtension(folder));
    await copy(
      target,
      root.digest,
      new ImageLayout(join(this.folder, 'layouts', name)).repository(),
      version,
    );
    return folder;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#registry.once('exit', resolve));
    if (this.#registry.exitCode === null && this.#registry.kill()) await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * The least that a pull is: one manifest and one blob by Node's own client, a digest, decompression, a file. What a program
 * on Node.js cannot get below, however little it does besides.
 */
const leastPull = `
const [host, path] = process.argv.slice(1);
const [http, crypto, zlib, fs] = ['http', 'crypto', 'zlib', 'fs'].map((name) => process.getBuiltinModule(name));
const agent = new http.Agent({ keepAlive: true });
const accept = 'application/vnd.oci.image.manifest.v1+json';
const get = (rest) => new Promise((resolve, reject) => {
  http.get('http://' + host + '/v2/' + path + rest, { agent, headers: { accept } }, (answer) => {
    const chunks = [];
    answer.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
  }).on('error', reject);
});
(async () => {
  const { digest } = JSON.parse(await get('/manifests/1.0.0')).layers[0];
  const blob = await get('/blobs/' + digest);
  if (digest !== 'sha256:' + crypto.createHash('sha256').update(blob).digest('hex')) process.exit(1);
  fs.writeFileSync('least.tar', zlib.gunzipSync(blob));
  process.exit();
})();`;

async function small(bed: Bed): Promise<BenchRow[]> {
  const [push, pull, theirPush, theirPull, least]: number[][] = [[], [], [], [], []];
  for (let round = 0; round < rounds; round++) {
    const version = `1.0.${round}`;
    const folder = await bed.extension('small', 'small', version);
    push!.push(await bed.ours('oci', 'push', folder));
    pull!.push(await bed.ours('oci', 'pull', `small:${version}`, '--destination', `pulled-${round}`));
    theirPush!.push(
      await bed.skopeo(`oci:layouts/small:${version}`, `docker://${bed.host}/theirs/small:${version}`),
    );
    theirPull!.push(
      await bed.skopeo(`docker://${bed.host}/theirs/small:${version}`, `oci:theirs-${round}:x`),
    );
    least!.push(
      await bed.time(process.execPath, ['-e', leastPull, bed.host, 'provisioning-extensions/small']),
    );
  }
  return [
    row('push of one small extension, whole process', 'ms', median(push!), median(theirPush!), 'skopeo copy'),
    row('pull of one small extension, whole process', 'ms', median(pull!), median(theirPull!), 'skopeo copy'),
    row('the least of a pull in bare Node.js', 'ms', median(least!), median(theirPull!), 'skopeo copy'),
  ];
}

async function hundred(bed: Bed, say: (message: string) => void): Promise<BenchRow> {
  const [ours, theirs]: number[][] = [[], []];
  for (let round = 0; round < 5; round++) {
    say(`${many} extensions, round ${round + 1} of 5`);
    const group = `many-${round}`;
    for (let n = 0; n < many; n++) await bed.extension(group, `many-${round}-${n}`, '1.0.0');
    ours!.push(await bed.ours('oci', 'publish', '--all', group));
    let loop = 0;
    for (let n = 0; n < many; n++) {
      loop += await bed.skopeo(
        `oci:layouts/many-${round}-${n}:1.0.0`,
        `docker://${bed.host}/theirs/many-${round}-${n}:1.0.0`,
      );
    }
    theirs!.push(loop);
  }
  return row(
    `${many} extensions in one command`,
    'ms',
    median(ours!),
    median(theirs!),
    'a loop of skopeo copy',
  );
}

/** One layer of a gibibyte, pulled by the whole program and by curl. */
async function gibibyte(bed: Bed, say: (message: string) => void): Promise<BenchRow[]> {
  const block = randomBytes(1 << 20);
  const blocks = function* (from: number) {
    for (let n = from; n < large; n++) {
      const bytes = Buffer.from(block);
      bytes.writeUInt32LE(n);
      yield bytes;
    }
  };
  const hash = createHash('sha256');
  for (const bytes of blocks(0)) hash.update(bytes);
  const layer = {
    mediaType: mediaTypes.octetStream,
    digest: `sha256:${hash.digest('hex')}` as const,
    size: large << 20,
  };
  const remote = new RemoteRegistry(bed.host).repository('large/layer');
  await remote.push(layer, (offset) => Promise.resolve(Readable.from(blocks(offset >> 20))));
  await remote.push(emptyDescriptor, fromBytes(emptyContent));
  const manifest = encodeManifest({
    mediaType: mediaTypes.imageManifest,
    artifactType: 'application/x',
    config: emptyDescriptor,
    layers: [layer],
  });
  await remote.push(describe(mediaTypes.imageManifest, manifest), fromBytes(manifest), { reference: '1' });
  const [ours, theirs, memory, hashing, skopeo, oras]: number[][] = [[], [], [], [], [], []];
  const hasOras = await bed.time('oras', ['version']).then(
    () => true,
    () => false,
  );
  for (let round = 0; round < 5; round++) {
    say(`1 GiB layer, round ${round + 1} of 5`);
    const started = performance.now();
    memory!.push(
      await peakMemory(bed, [
        'oci',
        'copy',
        `${bed.host}/large/layer:1`,
        `layout:${bed.folder}/large/layer:1`,
      ]),
    );
    ours!.push(performance.now() - started);
    await rm(join(bed.folder, 'large'), { recursive: true });
    theirs!.push(
      await bed.time('curl', [
        '-s',
        '-o',
        'large.bin',
        `http://${bed.host}/v2/large/layer/blobs/${layer.digest}`,
      ]),
    );
    hashing!.push(await bed.time('openssl', ['dgst', '-sha256', 'large.bin']));
    await rm(join(bed.folder, 'large.bin'));
    skopeo!.push(await bed.skopeo(`docker://${bed.host}/large/layer:1`, 'oci:large-skopeo:1'));
    await rm(join(bed.folder, 'large-skopeo'), { recursive: true });
    if (!hasOras) continue;
    const reference = `${bed.host}/large/layer:1`;
    oras!.push(
      await bed.time('oras', ['copy', '--from-plain-http', reference, '--to-oci-layout', 'large-oras:1']),
    );
    await rm(join(bed.folder, 'large-oras'), { recursive: true });
  }
  return [
    row('1 GiB layer, verified, whole process', 'ms', median(ours!), median(theirs!), 'curl to a file'),
    row(
      '1 GiB layer, beside skopeo, which verifies too',
      'ms',
      median(ours!),
      median(skopeo!),
      'skopeo copy',
    ),
    ...(hasOras
      ? [row('1 GiB layer, beside oras, which verifies too', 'ms', median(ours!), median(oras!), 'oras copy')]
      : []),
    row('SHA-256 of 1 GiB alone, by openssl', 'ms', median(hashing!), median(theirs!), 'curl to a file'),
    row('1 GiB layer, memory at its peak', 'MiB', median(memory!), null, 'none: the limit is 150 MiB'),
  ];
}

/** Runs the program and reads its high-water mark from the kernel while it lives. */
async function peakMemory(bed: Bed, words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: bed.folder,
    env: bed.environment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let ended = false;
  const exit = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      ended = true;
      resolve(code);
    }),
  );
  let peak = 0;
  while (!ended) {
    const text = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(text)?.[1] ?? 0));
    await delay(20);
  }
  const code = await exit;
  if (code !== 0) throw new Error(`provisioning ${words.join(' ')} ended with ${code}`);
  return peak / 1024;
}

const suite: BenchSuite = {
  title: 'OCI: push, pull and large layers against docker-registry, beside skopeo and curl',
  async run(say) {
    const bed = await Bed.create();
    try {
      return { rows: [...(await small(bed)), await hundred(bed, say), ...(await gibibyte(bed, say))] };
    } finally {
      await bed.close();
    }
  },
};
export default suite;
