import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeFolder, withFileLock, writeFileAtomic } from './atomic.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('an atomic write leaves the file and nothing beside it', async () => {
  await writeFileAtomic(join(folder, 'deep/state.json'), '{}');
  expect(await readdir(join(folder, 'deep'))).toEqual(['state.json']);
});

test('folders are made with those above them; a place that takes none is told at once', async () => {
  expect(await makeFolder(join(folder, 'a/b/c'))).toBe(join(folder, 'a'));
  expect(await makeFolder(join(folder, 'a/b'))).toBeUndefined();
  expect(await Promise.all([1, 2, 3].map(() => makeFolder(join(folder, 'x/y'))))).toHaveLength(3);
  await writeFile(join(folder, 'file'), '');
  await expect(writeFileAtomic(join(folder, 'file/below'), '')).rejects.toMatchObject({
    code: 'FILE_ENOTDIR',
  });
  if (process.platform !== 'linux') return;
  await expect(writeFileAtomic('/proc/provisioning/a/b', '')).rejects.toMatchObject({
    message: 'No folder can be made here: /proc/provisioning',
    hint: 'Use a folder that can be written.',
  });
});

test('work under one lock never overlaps', async () => {
  const file = join(folder, 'counter');
  await writeFile(file, '0');
  await Promise.all(
    Array.from({ length: 20 }, () =>
      withFileLock(file, async () => {
        const value = Number(await readFile(file, 'utf8'));
        await new Promise((resolve) => setImmediate(resolve));
        await writeFile(file, String(value + 1));
      }),
    ),
  );
  expect(await readFile(file, 'utf8')).toBe('20');
  expect(await readdir(folder)).toEqual(['counter']);
});

test('the lock of a dead process is taken over, that of a living one is named', async () => {
  const file = join(folder, 'state');
  await writeFile(`${file}.lock`, '999999999\n');
  expect(await withFileLock(file, async () => 'done')).toBe('done');
  await writeFile(`${file}.lock`, `${process.pid}\n`);
  await expect(withFileLock(file, async () => 'done', 0.1)).rejects.toMatchObject({
    code: 'RESOURCE_BUSY',
    message: `Resource busy: ${file} (pid ${process.pid})`,
  });
});
