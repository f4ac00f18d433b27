import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processLives, processStart, withFileLock } from './file-lock.ts';

const module = fileURLToPath(new URL('file-lock.ts', import.meta.url));

function start(code: string): ReturnType<typeof spawn> {
  const source = `const { withFileLock } = await import(${JSON.stringify(module)});
    const fs = await import('node:fs/promises');
    ${code}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

test('processes count to the same number without losing one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prov-lock-'));
  const counter = join(folder, 'counter');
  await writeFile(counter, '0');
  const code = `for (let i = 0; i < 15; i++) await withFileLock(${JSON.stringify(join(folder, 'lock'))}, async () => {
      const value = Number(await fs.readFile(${JSON.stringify(counter)}, 'utf8'));
      await new Promise((resolve) => setTimeout(resolve, 1));
      await fs.writeFile(${JSON.stringify(counter)}, String(value + 1));
    });`;
  const exits = [1, 2, 3, 4].map(async () => (await once(start(code), 'exit'))[0] as number);
  expect(await Promise.all(exits)).toEqual([0, 0, 0, 0]);
  expect(await readFile(counter, 'utf8')).toBe('60');
  expect(await readdir(folder)).toEqual(['counter']);
  await rm(folder, { recursive: true });
});

test('the lock of a killed process is taken over', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prov-lock-'));
  const lock = join(folder, 'lock');
  const holder = start(
    `await withFileLock(${JSON.stringify(lock)}, async () => {
      await fs.writeFile(${JSON.stringify(join(folder, 'held'))}, '');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`,
  );
  while (!(await readdir(folder)).includes('held')) await sleep(10);
  let waited = false as boolean;
  const mine = withFileLock(lock, async () => 'mine', { onWait: () => (waited = true) });
  while (!waited) await sleep(10);
  holder.kill('SIGKILL');
  expect(await mine).toBe('mine');
  expect((await readdir(folder)).sort()).toEqual(['held']);
  await rm(folder, { recursive: true });
});

test('waiting for a lock can be given up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prov-lock-'));
  const lock = join(folder, 'lock');
  await withFileLock(lock, async () => {
    const signal = AbortSignal.timeout(80);
    await expect(withFileLock(lock, async () => 'never', { signal })).rejects.toThrow();
  });
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

test('a process is known by its start, not by its number alone', () => {
  const start = processStart(process.pid);
  expect(processLives(process.pid, start)).toBe(true);
  if (process.platform === 'linux') expect(processLives(process.pid, '1')).toBe(false);
});
