import { readFile, readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Scratch } from '../testing/session.ts';
import { cleanPacks, listPacks, packOne } from './packs.ts';

let scratch: Scratch;
beforeAll(async () => {
  scratch = await Scratch.create();
});
afterAll(() => scratch.remove());

test('09.A15 a pack has its metadata, never changes, and old ones are cleaned', async () => {
  const folder = await scratch.extension('upcloud', { name: 'upcloud', type: 'provider' });
  const output = scratch.path('packs');
  const pack = (version: string) =>
    packOne({
      folder,
      kind: 'provider',
      manifest: { name: 'upcloud', version: '1.0.0', license: 'MIT' },
      version,
      output,
      now: () => new Date(0),
    });
  const { path, metadataPath, state } = await pack('0.0.1');
  expect([path, state]).toEqual([scratch.path('packs', 'upcloud_prov_0.0.1.tar'), 'created']);
  expect(Object.keys(JSON.parse(await readFile(metadataPath, 'utf8'))).sort()).toEqual([
    'created',
    'homepage',
    'license',
    'maintainer',
    'name',
    'package_file',
    'repository',
    'sha256',
    'signature',
    'version',
  ]);
  await rm(metadataPath);
  expect((await pack('0.0.1')).state).toBe('unchanged');
  expect(JSON.parse(await readFile(metadataPath, 'utf8'))).toMatchObject({
    package_file: 'upcloud_prov_0.0.1.tar',
  });
  for (const version of ['0.0.2', '0.0.3', '0.0.10', '0.1.0']) await pack(version);
  expect((await cleanPacks(output, { keepLatest: 3, dryRun: true })).map(({ version }) => version)).toEqual([
    '0.0.2',
    '0.0.1',
  ]);
  expect(await listPacks(output)).toHaveLength(5);
  await cleanPacks(output, { keepLatest: 3 });
  expect((await listPacks(output)).map(({ version }) => version)).toEqual(['0.1.0', '0.0.10', '0.0.3']);
  await scratch.write('upcloud/README.md', 'changed');
  await expect(pack('0.1.0')).rejects.toMatchObject({
    exitCode: 1,
    message: 'Package upcloud 0.1.0 already exists with different content',
  });
  expect((await readdir(output)).filter((name) => name.startsWith('.'))).toEqual([]);
});
