import { expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Engine } from '../docker/client.ts';
import { makeBed } from '../testing/bed.ts';
import { cleanEverything } from './clean.ts';
import { ensureEngine } from './ensure.ts';
import { prepareImage } from './prepare.ts';
import { probeRepository, probeRootFilesystem, probeTag } from './probe-image.ts';
import { serviceSocket } from './service.ts';

const run = promisify(execFile);

// Real containers on a busy machine.
jest.setTimeout(180_000);

test('cleaning removes every container, network, volume, image and process of ours and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prov-clean-'));
  await using _storage = { [Symbol.asyncDispose]: () => removeStorage(folder) };
  await using bed = await makeBed({ storage_root: join(folder, 'storage') });
  const options = { config: bed.config, cacheDir: bed.cacheDir, variables: { PATH: process.env.PATH ?? '' } };
  const engine = await ensureEngine({ ...options, interactive: false });
  expect(engine).toMatchObject({ installed: [], server: expect.stringMatching(/^(Libpod|Docker)\//) });
  const image = await prepareImage(options);
  const provider = await bed.open();
  const volumes = [{ name: 'db', size: 5 }];
  await provider.createServer(bed.spec('one', { volumes }), { wait: false });
  await provider.createServer(bed.spec('two'), { wait: false });
  await provider.snapshot!.create({ hostname: 'one' });
  const raw = await Engine.connect({
    kind: 'socket',
    path: serviceSocket({ ...options, log: () => undefined }),
  });
  const foreign = await raw.createContainer('foreign', { Image: image, Cmd: ['/bin/true'] });

  // Networks are the machine's, whatever the storage: only this workspace's may go.
  const clean = () => cleanEverything({ ...options, workspace: bed.workspace });
  const first = await clean();
  expect(first.containers).toHaveLength(2);
  expect(first.networks).toHaveLength(1);
  expect(first.volumes).toHaveLength(1);
  expect(first.images).toHaveLength(2); // the snapshot and the probe
  expect(first.kept).toEqual([image]); // somebody's container uses it
  expect(first.service).toBe(true);

  const again = await Engine.connect(
    { kind: 'socket', path: serviceSocket({ ...options, log: () => undefined }) },
    1_000,
  ).catch(() => undefined);
  expect(again).toBeUndefined();
  const restarted = await bed.open();
  expect(await restarted.listServers({ all: true })).toEqual([]);
  expect(await raw.inspectContainer(foreign)).toBeDefined();
  await raw.removeContainer(foreign);
  const second = await clean();
  expect(second).toMatchObject({ containers: [], networks: [], volumes: [], kept: [] });
  expect(second.images).toContain(image);
  raw.close();
  while ((await run('ps', ['-eo', 'args'])).stdout.includes(bed.cacheDir)) await sleep(50);
});

test('images and containers are listed, made and removed while somebody else does the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prov-images-'));
  await using _storage = { [Symbol.asyncDispose]: () => removeStorage(folder) };
  await using bed = await makeBed({ storage_root: join(folder, 'storage') });
  const environment = {
    cacheDir: bed.cacheDir,
    variables: { PATH: process.env.PATH ?? '' },
    log: () => undefined,
  };
  await ensureEngine({ ...environment, config: bed.config, interactive: false });
  await using stack = new AsyncDisposableStack();
  const engine = await Engine.connect({ kind: 'socket', path: serviceSocket(environment) });
  stack.defer(() => engine.close());
  const repository = 'localhost/prov-side-by-side';
  const others = [1, 2, 3].map(async (other) => {
    for (let i = 0; i < 6; i++) {
      // Every file system is another: images that share a layer are a matter of Podman's own.
      const tar = await folderOf(`${other}-${i}`);
      await engine.importImage(tar, repository, `v${other}-${i}`, []);
      expect(await engine.inspectImage(`${repository}:v${other}-${i}`)).toBeDefined();
      await engine.removeImage(`${repository}:v${other}-${i}`);
    }
  });
  // Two remove one container: to both it is gone, and whoever looks at it meanwhile sees it or nothing.
  const twice = [1, 2].map(async (other) => {
    for (let i = 0; i < 4; i++) {
      const spec = { Image: `${probeRepository}:${probeTag}`, Cmd: ['/exit'], Labels: { side: 'by-side' } };
      const id = await engine.createContainer(`side-${other}-${i}`, spec);
      await Promise.all([engine.removeContainer(id), engine.removeContainer(id)]);
      expect(await engine.inspectContainer(id)).toBeUndefined();
    }
  });
  let done = false;
  const all = Promise.all([...others, ...twice]).finally(() => (done = true));
  while (!done) {
    await engine.listImages({});
    for (const { Id } of await engine.listContainers({ side: 'by-side' })) await engine.inspectContainer(Id);
  }
  await all;
  const tags = (await engine.listImages({})).flatMap(({ RepoTags }) => RepoTags ?? []);
  expect(tags.filter((tag) => tag.startsWith(repository))).toEqual([]);
});

test('the program of the probe runs on this machine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prov-probe-'));
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const tar = await buffer(await probeRootFilesystem(architecture));
  const size = Number.parseInt(tar.subarray(124, 135).toString('latin1'), 8);
  const program = join(folder, 'exit');
  await writeFile(program, tar.subarray(512, 512 + size));
  await chmod(program, 0o755);
  await run(program);
  await rm(folder, { recursive: true });
});

/** A file system of one file, as tar. */
async function folderOf(content: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'prov-tar-'));
  await writeFile(join(folder, 'name'), content);
  const { stdout } = await run('tar', ['-c', '-C', folder, 'name'], { encoding: 'buffer' });
  await rm(folder, { recursive: true });
  return stdout;
}

/** Podman mounts its storage over itself and leaves that behind. */
async function removeStorage(folder: string): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8');
  for (const line of mounts.split('\n').reverse()) {
    const target = line.split(' ')[1] ?? '';
    if (target.startsWith(`${folder}/`)) await run('umount', [target]);
  }
  await rm(folder, { recursive: true, force: true });
}
