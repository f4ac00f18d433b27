import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { root, runProgram, runTarget } from '../testing/process.ts';
import { packExtensions } from './extension-archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'provisioning-ext-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an extension has an archive of its own, with its own version and equal bytes every time', async () => {
  const words = ['package-extensions', 'redis', 'cluster-web', '--output-dir', folder];
  const packed = await runTarget(...(words as [string, ...string[]]));
  expect(packed).toMatchObject({ code: 0 });
  const [web, redis] = packed.stdout
    .trim()
    .split('\n')
    .map((file) => basename(file))
    .sort() as [string, string];
  expect(web).toMatch(/^provisioning-ext-cluster-web-\d+\.\d+\.\d+\.tar\.gz$/);
  expect(redis).toMatch(/^provisioning-ext-taskserv-redis-\d+\.\d+\.\d+\.tar\.gz$/);
  const listed = await runProgram('tar', ['tzf', join(folder, redis)]);
  expect(listed.stdout).toMatch(/manifest\.yaml$/m);
  expect((await runProgram('sha256sum', ['-c', 'checksums.txt'], { cwd: folder })).code).toBe(0);
  const before = readFileSync(join(folder, redis));
  const again = join(folder, 'again');
  await packExtensions({ root, outputDir: again, names: ['redis'], modified: 1_700_000_000 });
  expect(readdirSync(again)).toEqual([redis]);
  expect(readFileSync(join(again, redis)).equals(before)).toBe(true);
});

test('a name that nothing has is refused', async () => {
  expect(await runTarget('package-extensions', 'nothing', '--output-dir', folder)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('No such extension: nothing'),
  });
});
