import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { EngineEnvironment } from '../engine/environment.ts';
import { findMirror, type Mirror, readAptSources } from './apt-sources.ts';
import { buildBase } from './build.ts';
import { baseRecipe } from './recipe.ts';

const run = promisify(execFile);

// A real mirror and a busy machine.
jest.setTimeout(180_000);

let folder: string;
let mirror: Mirror;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prov-build-'));
  mirror = findMirror(await readAptSources())!;
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function environment(cacheDir: string): EngineEnvironment {
  return { cacheDir, variables: {}, log: () => undefined };
}

function build(from: Mirror, cacheDir: string, signal?: AbortSignal): Promise<void> {
  return buildBase(baseRecipe(from, 'amd64', []), {}, environment(cacheDir), () => undefined, signal);
}

test('a mirror that is gone is named, and nothing half-made stays', async () => {
  const gone = { ...mirror, uri: 'http://127.0.0.1:9/debian' };
  await expect(build(gone, join(folder, 'gone'))).rejects.toMatchObject({
    message: expect.stringContaining('the package mirror http://127.0.0.1:9/debian does not serve'),
    hint: expect.stringContaining('apt-get update'),
  });
  const left = await readdir(join(folder, 'gone', 'images'));
  expect(left.filter((name) => name !== 'packages')).toEqual([]);
});

test('a full disk is named', async () => {
  const small = join(folder, 'small');
  await mkdir(small);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'prov-test-small', small]);
  try {
    await expect(build(mirror, small)).rejects.toMatchObject({
      message: 'The base image cannot be built: no space left on the disk',
      hint: expect.stringContaining('Free at least'),
    });
  } finally {
    await run('umount', [small]);
  }
});

test('an interrupted build ends its programs and removes its folder', async () => {
  const controller = new AbortController();
  const cacheDir = join(folder, 'interrupted');
  const building = build(mirror, cacheDir, controller.signal);
  setTimeout(() => controller.abort(), 1_500);
  await expect(building).rejects.toMatchObject({ name: 'AbortError' });
  expect((await readdir(join(cacheDir, 'images'))).filter((name) => name !== 'packages')).toEqual([]);
  while ((await run('ps', ['-eo', 'args'])).stdout.includes(cacheDir)) await sleep(50);
});
