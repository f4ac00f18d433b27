import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runProgram, runTarget } from '../testing/process.ts';

let folder: string;
const sums = (name: string): string[] =>
  readFileSync(join(folder, name, 'checksums.txt'), 'utf8')
    .trim()
    .split('\n');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'provisioning-lines-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('11.A2 the core line is built alone', async () => {
  const built = await runTarget(
    'build-core',
    '--version',
    '9.9.9',
    '--output-dir',
    join(folder, 'core'),
    '--force',
  );
  expect(built).toMatchObject({ code: 0, stdout: expect.stringContaining('core built') });
  expect(readdirSync(join(folder, 'core')).filter((name) => name.endsWith('.tar.gz'))).toEqual([
    'provisioning-core-9.9.9.tar.gz',
  ]);
}, 600_000);

test('11.A1 a build gives the packages of four lines and checksums that hold', async () => {
  const built = await runTarget(
    'build',
    '--version',
    '9.9.9',
    '--output-dir',
    join(folder, 'all'),
    '--force',
  );
  expect(built).toMatchObject({ code: 0, stdout: expect.not.stringContaining('cache') });
  const lines = ['core', 'extensions', 'platform', 'templates'];
  const archives = lines.map((line) => `provisioning-${line}-9.9.9.tar.gz`);
  expect(readdirSync(join(folder, 'all')).filter((name) => name.endsWith('.tar.gz'))).toEqual(archives);
  const checked = await runProgram('sha256sum', ['--strict', '-c', 'checksums.txt'], {
    cwd: join(folder, 'all'),
  });
  expect(checked.code).toBe(0);
  expect(checked.stdout.match(/: OK$/gm)).toHaveLength(5);
}, 600_000);

test('11.A1 the second run comes from the cache', async () => {
  const again = await runTarget('build', '--version', '9.9.9', '--output-dir', join(folder, 'all'));
  expect(again.code).toBe(0);
  expect(again.stdout.match(/from the cache/g)).toHaveLength(4);
}, 120_000);

test('11.A4 equal times give equal bytes, another time does not', async () => {
  const core = (name: string) => sums(name).find((line) => line.includes('provisioning-core-'));
  expect(core('core')).toBe(core('all'));
  const [record] = (
    await runProgram('tar', ['tvzf', join(folder, 'all/provisioning-core-9.9.9.tar.gz'), '--utc'])
  ).stdout
    .split('\n')
    .filter((line) => line.includes('core/line.json'));
  expect(record).toContain('2023-11-14 22:13');
});

test('11.A3 status says what is built', async () => {
  const { stdout } = await runTarget('status', '--output-dir', join(folder, 'all'));
  expect(stdout).toContain('Core package: ✅ Built');
  expect(stdout).toContain('Templates package: ✅ Built');
  expect(stdout).toMatch(/provisioning-core-9\.9\.9\.tar\.gz +\d+\.\d MiB/);
});
