import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportBundle, importBundle } from '../artifacts/bundle.ts';
import { pushExtension } from '../artifacts/push.ts';
import { type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { Scratch } from '../testing/session.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import type { Mode } from '../signing/policy.ts';
import { checkUpdates, validateDependencies } from './checks.ts';
import { readInstalled } from './installed.ts';
import { InstallJournal } from './journal.ts';
import { lockPath, readLock } from './lock-file.ts';
import { resolveDependencies, type ResolveOptions } from './resolve-workspace.ts';
import { dependencyTree, renderTree } from './tree.ts';
import { readDependencyBlock } from './workspace-block.ts';
import { cleanUp } from '../../../../tools/testing/clean-up.ts';

let registry: RunningRegistry;
let scratch: Scratch;

beforeAll(async () => {
  scratch = await Scratch.create();
  registry = await startDockerRegistry();
  await push('kubernetes', '1.28.0', { dependencies: { containerd: '>=1.7.0,<2.0.0', etcd: '^3.5.0' } });
  await push('containerd', '1.7.0', { dependencies: { runc: '>=1.1.0' } });
  await push('runc', '1.1.0');
  await push('etcd', '3.5.0');
  await push('etcd', '3.4.0');
  await push('legacy-app', '1.0.0', { dependencies: { etcd: '<3.5.0' } });
  await push('a', '1.0.0', { dependencies: { b: '*' } });
  await push('b', '1.0.0', { dependencies: { a: '*' } });
  await push('broken', '1.0.0', { dependencies: { x: '*' } });
});
afterAll(() =>
  cleanUp(
    () => registry?.stop(),
    () => scratch?.remove(),
  ),
);

async function push(
  name: string,
  version: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const path = await scratch.extension(
    `src/${name}-${version}`,
    { name, version, ...more },
    { 'src/index.ts': `// ${version}\n${'x'.repeat(5000)}` },
  );
  const session = scratch.session(registry.host);
  await pushExtension(session, { path });
  await session.close();
}

function blockOf(taskservs: readonly string[], mode: Mode = 'solo') {
  return readDependencyBlock({ extensions: { modules: { taskservs } } }, { mode });
}

let count = 0;
async function workspace(): Promise<string> {
  const path = scratch.path(`ws-${count++}`);
  await mkdir(join(path, 'config'), { recursive: true });
  return path;
}

async function resolve(
  path: string,
  modules: readonly string[],
  more: Partial<ResolveOptions> = {},
  session: ArtifactSession = scratch.session(registry.host),
) {
  try {
    return await resolveDependencies(session, {
      workspacePath: path,
      block: blockOf(modules),
      core: '3.5.0',
      ...more,
    });
  } finally {
    await session.close();
  }
}

async function snapshot(path: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    if (entry.isFile() && !full.includes('.runtime')) found[full] = await readFile(full, 'utf8');
  }
  return found;
}

test('09.A6 a chain is installed in order, shown as a tree, and a second run changes and downloads nothing', async () => {
  const ws = await workspace();
  const first = await resolve(ws, ['kubernetes:1.28.0']);
  expect(first).toMatchObject({ installed: 4, updated: 0, unchanged: 0 });
  const order = first.packages.map(({ name }) => name);
  expect(order.indexOf('runc')).toBeLessThan(order.indexOf('containerd'));
  expect(order.at(-1)).toBe('kubernetes');
  const lock = (await readLock(ws))!;
  expect(lock.packages.map(({ name, requested }) => [name, requested])).toEqual([
    ['containerd', false],
    ['etcd', false],
    ['kubernetes', true],
    ['runc', false],
  ]);
  expect(renderTree(dependencyTree(lock, await readInstalled(ws), 'kubernetes'))).toEqual([
    'kubernetes:1.28.0',
    '├── containerd:1.7.0',
    '│   └── runc:1.1.0',
    '└── etcd:3.5.0',
  ]);
  const before = await snapshot(ws);
  const session = scratch.session(registry.host, { cache: 'empty-cache' });
  expect(await resolve(ws, ['kubernetes:1.28.0'], {}, session)).toMatchObject({ installed: 0, unchanged: 4 });
  const large = (await session.cache.layout.blobs.list()).filter(({ size }) => size > 1500);
  expect(large).toEqual([]);
  expect(await snapshot(ws)).toEqual(before);
  expect(await validateDependencies({ workspacePath: ws, block: blockOf(['kubernetes:1.28.0']) })).toEqual(
    [],
  );
});

test('09.A7 a circle and an unknown dependency install nothing', async () => {
  const ws = await workspace();
  await expect(resolve(ws, ['a:1.0.0'])).rejects.toMatchObject({
    exitCode: 1,
    message: 'Circular dependency detected: a -> b -> a',
  });
  await expect(resolve(ws, ['broken:1.0.0'])).rejects.toMatchObject({
    exitCode: 5,
    message: 'Dependency not found: x',
  });
  expect(await readInstalled(ws)).toEqual(new Map());
  expect(await readLock(ws)).toBeUndefined();
});

test('09.A8 incompatible ranges name both requirers', async () => {
  await expect(resolve(await workspace(), ['kubernetes', 'legacy-app'])).rejects.toMatchObject({
    message:
      'Version conflict for etcd:\n  kubernetes 1.28.0 requires ^3.5.0\n  legacy-app 1.0.0 requires <3.5.0',
  });
});

test('09.A9 an interruption during the installation leaves workspace and lock as they were', async () => {
  const ws = await workspace();
  await resolve(ws, ['etcd:3.4.0']);
  const before = await snapshot(ws);
  const abort = new AbortController();
  const session = scratch.session(registry.host, { cache: `cache-${count}` });
  Object.defineProperty(session, 'call', { value: { signal: abort.signal } });
  const failing = resolve(ws, ['etcd:3.5.0', 'runc'], { onProgress: () => abort.abort() }, session);
  await expect(failing).rejects.toMatchObject({ exitCode: 130 });
  expect(await snapshot(ws)).toEqual(before);
});

test('09.A9 what a killed run left is restored first, at whatever step it was killed', async () => {
  for (const step of ['staged', 'aside', 'swapped', 'committed'] as const) {
    const ws = await workspace();
    await resolve(ws, ['etcd:3.4.0']);
    const before = await snapshot(ws);
    // The program is killed by its own hand in the middle of the change, as a power cut would.
    const script = `
      import { rename } from 'node:fs/promises';
      import { mkdir, writeFile } from 'node:fs/promises';
      import { InstallJournal } from ${JSON.stringify(new URL('journal.ts', import.meta.url).href)};
      const kill = () => process.kill(process.pid, 'SIGKILL');
      const folder = ${JSON.stringify(join(ws, 'extensions/taskservs/etcd'))};
      const staging = folder + '.staging';
      const journal = new InstallJournal(${JSON.stringify(ws)});
      await journal.staged(staging);
      await mkdir(staging);
      await writeFile(staging + '/half', 'x');
      if (${JSON.stringify(step)} === 'staged') kill();
      if (${JSON.stringify(step)} === 'aside') {
        const { appendFile } = await import('node:fs/promises');
        const aside = folder + '.aside';
        await appendFile(${JSON.stringify(join(ws, '.runtime/dep.journal'))}, JSON.stringify({ type: 'swap', folder, staging, aside }) + '\\n{"type":"swa');
        await rename(folder, aside);
        kill();
      }
      await journal.swap(staging, folder);
      if (${JSON.stringify(step)} === 'swapped') kill();
      const { appendFile } = await import('node:fs/promises');
      const lock = 'version: 1\\nconfig_hash: new\\npackages: []\\n';
      await appendFile(${JSON.stringify(join(ws, '.runtime/dep.journal'))}, JSON.stringify({ type: 'commit', lock }) + '\\n');
      kill();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    await new Promise((done) => child.once('exit', done));
    if (step === 'committed') {
      expect(await InstallJournal.recover(ws)).toBe('finished');
      expect((await readLock(ws))?.config_hash).toBe('new');
      expect(await readdir(join(ws, 'extensions/taskservs'))).toEqual(['etcd']);
      continue;
    }
    expect(await InstallJournal.recover(ws)).toBe('restored');
    expect(await snapshot(ws)).toEqual(before);
    expect(await InstallJournal.recover(ws)).toBeUndefined();
  }
});

test('09.A10 a frozen run wants the lock to fit the workspace, and installs exactly it', async () => {
  const ws = await workspace();
  await resolve(ws, ['etcd@^3.4.0']);
  await expect(resolve(ws, ['etcd@^3.5.0'], { frozen: true })).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringMatching(/^Lock file is out of date/),
  });
  const lock = await readFile(lockPath(ws), 'utf8');
  await rm(join(ws, 'extensions'), { recursive: true });
  expect(await resolve(ws, ['etcd@^3.4.0'], { frozen: true })).toMatchObject({ installed: 1 });
  expect(await readFile(lockPath(ws), 'utf8')).toBe(lock);
  await writeFile(lockPath(ws), 'version: 1\npackages: {');
  await expect(resolve(ws, ['etcd@^3.4.0'])).rejects.toMatchObject({ exitCode: 3, code: 'LOCK_INVALID' });
});

test('09.A13 a bundle made from a lock installs on a machine without a network, digests equal', async () => {
  const ws = await workspace();
  await resolve(ws, ['kubernetes:1.28.0']);
  const lock = await readFile(lockPath(ws), 'utf8');
  const session = scratch.session(registry.host);
  await exportBundle(
    session,
    scratch.path('lock.tar'),
    (await readLock(ws))!.packages.map(({ reference }) => reference),
  );
  await session.close();
  const isolated = scratch.session('127.0.0.1:1', { cache: 'far-away', offline: true });
  await importBundle(isolated, scratch.path('lock.tar'));
  await isolated.close();
  const other = await workspace();
  await writeFile(lockPath(other), lock);
  const offline = scratch.session('127.0.0.1:1', { cache: 'far-away', offline: true });
  expect(await resolve(other, ['kubernetes:1.28.0'], { frozen: true }, offline)).toMatchObject({
    installed: 4,
  });
  expect(await readFile(lockPath(other), 'utf8')).toBe(lock);
});

test('a locked version is kept until an update is asked for; orphans go only with prune', async () => {
  await push('moving', '1.0.0');
  const ws = await workspace();
  await resolve(ws, ['moving@^1.0.0', 'runc']);
  await push('moving', '1.1.0');
  expect(await resolve(ws, ['moving@^1.0.0', 'runc'])).toMatchObject({ unchanged: 2 });
  expect(
    await checkUpdates(scratch.session(registry.host), {
      workspacePath: ws,
      block: blockOf(['moving@^1.0.0', 'runc']),
      name: 'moving',
    }),
  ).toMatchObject([
    { name: 'moving', current: '1.0.0', latest: '1.1.0', wanted: '1.1.0', update_available: true },
  ]);
  expect(await resolve(ws, ['moving@^1.0.0'], { update: true })).toMatchObject({ updated: 1, removed: 0 });
  expect((await readInstalled(ws)).size).toBe(2);
  expect(await resolve(ws, ['moving@^1.0.0'], { prune: true })).toMatchObject({ removed: 1 });
  expect([...(await readInstalled(ws)).keys()]).toEqual(['taskserv/moving']);
  await writeFile(join(ws, 'extensions/taskservs/moving/README.md'), 'changed by hand');
  expect(await validateDependencies({ workspacePath: ws, block: blockOf(['moving@^1.0.0']) })).toMatchObject([
    { problem: 'modified' },
  ]);
  const unknown = { workspacePath: ws, block: blockOf(['moving@^1.0.0']), name: 'nope' };
  const refused = { exitCode: 5, message: 'Dependency not found: nope', hint: 'the lock has moving' };
  await expect(validateDependencies(unknown)).rejects.toMatchObject(refused);
  await expect(checkUpdates(scratch.session(registry.host), unknown)).rejects.toMatchObject(refused);
  await rm(lockPath(ws));
  await mkdir(lockPath(ws));
  await expect(validateDependencies(unknown)).rejects.toMatchObject({ exitCode: 3 });
});

test('a dry run changes nothing', async () => {
  const ws = await workspace();
  expect(await resolve(ws, ['runc'], { dryRun: true })).toMatchObject({ installed: 1, dryRun: true });
  expect((await readInstalled(ws)).size).toBe(0);
});

test('09.A11 enterprise installs nothing unsigned and takes no floating tag', async () => {
  const ws = await workspace();
  const session = scratch.session(registry.host, {
    mode: 'enterprise',
    config: { 'oci.namespace_prefix': 'provisioning', 'oci.signing.public_keys': [] },
  });
  await expect(resolve(ws, ['runc:1.1.0'], {}, session)).rejects.toMatchObject({
    exitCode: 3,
    code: 'NO_TRUSTED_KEYS',
  });
  expect(() => blockOf(['runc:latest'], 'enterprise')).toThrow('Floating tag not allowed: runc:latest');
  expect(blockOf(['runc:latest']).warnings).toHaveLength(1);
});

test('the core must fit', async () => {
  const block = readDependencyBlock(
    { core: { source: 'oci://h.example/provisioning-core:v9.0.0' } },
    { mode: 'solo' },
  );
  await expect(resolve(await workspace(), [], { block })).rejects.toMatchObject({
    message: 'Core version 3.5.0 is not compatible with 9.0.0',
  });
});
