import { mkdir, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pullExtension } from '../artifacts/pull.ts';
import { pushExtension } from '../artifacts/push.ts';
import { type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { Scratch } from '../testing/session.ts';
import { findExternalProgram } from './program.ts';
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

const left = async (): Promise<readonly string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('provisioning-transfer-'));

test('09.A19 without a tool on PATH, oci.tool=external says what to install', async () => {
  const path = await scratch.extension('none', { name: 'none' });
  await mkdir(scratch.path('bin'));
  const session = scratch.session(registry.host, {
    config: { 'oci.tool': 'external' },
    path: scratch.path('bin'),
  });
  const missing = { exitCode: 1, message: 'No OCI tool found. Install oras, crane, or skopeo' };
  await expect(pushExtension(session, { path })).rejects.toMatchObject(missing);
  await expect(pullExtension(session, 'none:1.0.0', { cwd: scratch.folder })).rejects.toMatchObject(missing);
  await session.close();
  await expect(findExternalProgram('oras', { PATH: scratch.path('bin') })).rejects.toMatchObject({
    exitCode: 1,
    message: 'OCI tool oras not found. Install it',
  });
});

test('09.A19 a tool pushes and pulls what the built-in client pulls and pushes, with equal digests', async () => {
  const path = await scratch.extension('redis', { name: 'redis' }, { 'src/index.ts': 'export {};\n' });
  const config = { 'oci.tool': 'skopeo' };
  const before = await left();
  const outside = scratch.session(registry.host, { config, cache: 'cache-outside' });
  const pushed = await pushExtension(outside, { path });
  const builtin = scratch.session(registry.host, { cache: 'cache-builtin' });
  const cwd = scratch.path('by-builtin');
  const first = await pullExtension(builtin, 'redis:1.0.0', { cwd });
  const second = await pullExtension(outside, 'redis:1.0.0', { cwd: scratch.path('by-tool') });
  expect([first.digest, second.digest]).toEqual([pushed.digest, pushed.digest]);
  expect(await readFile(scratch.path('by-tool/redis/src/index.ts'), 'utf8')).toBe('export {};\n');
  expect((await pushExtension(builtin, { path })).digest).toBe(pushed.digest);
  await outside.close();
  await builtin.close();
  expect(await left()).toEqual(before);
});
