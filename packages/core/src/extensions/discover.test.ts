import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadModules } from '../modules/load.ts';
import { ExtensionCatalogue } from './discover.ts';
import { registerExtension } from './registrations.ts';
import { TestFolder } from './testing/extension-folder.ts';

function catalogue(folder: TestFolder, more: object = {}, options: object = {}): ExtensionCatalogue {
  return new ExtensionCatalogue(
    {
      workspacePath: join(folder.path, 'ws'),
      infra: 'prod',
      dataPath: join(folder.path, 'data'),
      userConfigPath: join(folder.path, 'config'),
      moduleUrls: [`file://${folder.path}/product/dist/main.js`],
      ...more,
    },
    options,
  );
}

test('08.A5 a higher root shadows a lower one, and removal brings the lower one back', async () => {
  await using folder = await TestFolder.create();
  const one = { name: 'redis', type: 'taskserv' };
  await folder.extension('product/node_modules/@provisioning/taskservs/databases/redis', {
    ...one,
    version: '1.0.0',
  });
  await folder.extension('data/extensions/taskservs/redis/2.0.0', { ...one, version: '2.0.0' });
  await folder.extension('data/extensions/taskservs/redis/2.10.0', { ...one, version: '2.10.0' });
  await folder.extension('data/extensions/taskservs/redis/9.0.0', {
    ...one,
    version: '9.0.0',
    compatibility: { provisioning: '>=99' },
  });
  await folder.extension('ws/extensions/taskservs/databases/redis', { ...one, version: '3.0.0' });
  await folder.extension('ws/infra/prod/.taskservs/redis', { ...one, version: '4.0.0' });
  const layers = await catalogue(folder).layers('taskserv', 'redis');
  expect(layers.map(({ layer, version }) => `${layer} ${version}`)).toEqual([
    'infrastructure 4.0.0',
    'workspace 3.0.0',
    'installed 2.10.0',
    'core 1.0.0',
  ]);
  await rm(join(folder.path, 'ws/infra/prod/.taskservs'), { recursive: true });
  expect((await catalogue(folder).get('taskserv', 'redis')).version).toBe('3.0.0');
});

test('only packages of the product are core: what others publish beside it is installed, and isolated', async () => {
  await using folder = await TestFolder.create();
  const modules = 'product/node_modules';
  const provider = (name: string) => ({ name, type: 'provider' });
  await folder.extension(`${modules}/@provisioning/provider-own`, provider('own'));
  await folder.extension(`${modules}/@acme/provisioning-provider-theirs`, provider('theirs'));
  await folder.extension(`${modules}/provisioning-provider-plain`, provider('plain'));
  await folder.extension('node_modules/provisioning-provider-above', provider('above'));
  const found = catalogue(folder);
  const seen = (await found.list('provider')).map(({ name, layer, builtIn }) => ({ name, layer, builtIn }));
  expect(seen).toEqual([
    { name: 'above', layer: 'installed', builtIn: false },
    { name: 'own', layer: 'core', builtIn: true },
    { name: 'plain', layer: 'installed', builtIn: false },
    { name: 'theirs', layer: 'installed', builtIn: false },
  ]);
});

test('a package that npm put there takes no name of the product, unless the workspace loads it', async () => {
  await using folder = await TestFolder.create();
  const modules = 'product/node_modules';
  const stranger = `${modules}/provisioning-provider-own`;
  const own = { name: 'own', type: 'provider' };
  await folder.extension(`${modules}/@provisioning/provider-own`, own);
  await folder.extension(stranger, { ...own, version: '9.9.9' });
  // `aws` is the product's too, also where its package is not installed.
  await folder.extension('ws/extensions/npm/node_modules/provisioning-provider-aws', {
    name: 'aws',
    type: 'provider',
  });
  await folder.extension(`${modules}/@provisioning/taskservs/kubernetes`, {
    name: 'kubernetes',
    type: 'taskserv',
    aliases: ['k8s'],
  });
  await folder.extension('data/extensions/taskservs/thief/1.0.0', {
    name: 'thief',
    type: 'taskserv',
    aliases: ['k8s'],
  });
  const found = catalogue(folder);
  expect(await found.get('provider', 'own')).toMatchObject({ version: '1.0.0', builtIn: true });
  await expect(found.get('provider', 'aws')).rejects.toMatchObject({ code: 'PROVIDER_NOT_INSTALLED' });
  expect((await found.get('taskserv', 'k8s')).name).toBe('kubernetes');
  expect(found.warnings).toEqual([
    expect.stringMatching(/provider-aws calls itself provider 'aws'.*load provider \. aws --source local$/),
    expect.stringMatching(
      /provider-own calls itself provider 'own'.*load provider \. own --source installed$/,
    ),
  ]);

  const target = {
    base: join(folder.path, 'ws'),
    layer: 'workspace' as const,
    workspacePath: join(folder.path, 'ws'),
    name: 'ws',
  };
  const load = (source?: 'installed') =>
    loadModules({
      catalogue: catalogue(folder),
      kind: 'provider',
      target,
      names: ['own'],
      source,
      force: true,
    });
  expect(await load()).toMatchObject([{ version: '1.0.0', source: 'core' }]);
  expect(await load('installed')).toMatchObject([{ version: '9.9.9', source: 'installed' }]);
  const again = catalogue(folder);
  expect(await again.get('provider', 'own')).toMatchObject({ version: '9.9.9', builtIn: false });
  expect(again.outranked.map(({ name }) => name)).toEqual(['aws']);
});

test('08.A14 an extension for another version of the product is listed as incompatible, not loaded', async () => {
  await using folder = await TestFolder.create();
  await folder.extension('ws/extensions/taskservs/future', {
    name: 'future',
    type: 'taskserv',
    compatibility: { provisioning: '>=99' },
  });
  const found = catalogue(folder);
  expect(await found.list('taskserv')).toEqual([]);
  expect(found.rejected).toMatchObject([
    { name: 'future', status: 'incompatible', reason: expect.stringContaining('needs provisioning >=99') },
  ]);
  await expect(found.get('taskserv', 'future')).rejects.toMatchObject({
    exitCode: 5,
    hint: expect.stringContaining('>=99'),
  });
});

test('08.A19 a link out of the roots is not followed, and a path is no name', async () => {
  await using folder = await TestFolder.create();
  await folder.extension('elsewhere/evil', { name: 'evil', type: 'taskserv' });
  await folder.extension('ws/extensions/taskservs/good', { name: 'good', type: 'taskserv' });
  await mkdir(join(folder.path, 'ws/.taskservs'), { recursive: true });
  await symlink('../../elsewhere/evil', join(folder.path, 'ws/.taskservs/evil'));
  await symlink('../extensions/taskservs/good', join(folder.path, 'ws/.taskservs/good'));
  const found = catalogue(folder);
  expect((await found.list('taskserv')).map(({ name }) => name)).toEqual(['good']);
  expect(found.rejected[0]?.reason).toContain('outside the allowed directories');
  for (const name of ['../../etc/passwd', '/etc/passwd']) {
    await expect(found.get('taskserv', name)).rejects.toThrow(`Path outside allowed directories: ${name}`);
  }
});

test('a link that a manifest records is followed', async () => {
  await using folder = await TestFolder.create();
  await folder.extension('elsewhere/mine', { name: 'mine', type: 'provider' });
  await folder.write({
    'ws/.manifest/providers.yaml': {
      loaded_providers: [{ name: 'mine', mode: 'link', target: '../elsewhere/mine' }],
    },
  });
  await mkdir(join(folder.path, 'ws/.providers'), { recursive: true });
  await symlink('../../elsewhere/mine', join(folder.path, 'ws/.providers/mine'));
  expect((await catalogue(folder).get('provider', 'mine')).path).toBe(
    join(folder.path, 'ws/.providers/mine'),
  );
});

test('two of one name in one root are an error that names both', async () => {
  await using folder = await TestFolder.create();
  await folder.extension('ws/extensions/taskservs/a/twin', { name: 'twin', type: 'taskserv' });
  await folder.extension('ws/extensions/taskservs/b/twin', { name: 'twin', type: 'taskserv' });
  const error = (await catalogue(folder)
    .get('taskserv', 'twin')
    .catch((cause: unknown) => cause)) as Error;
  expect(error.message).toContain('taskservs/a/twin');
  expect(error.message).toContain('taskservs/b/twin');
});

test('a broken manifest leaves the others alone', async () => {
  await using folder = await TestFolder.create();
  await folder.write({
    'ws/extensions/taskservs/broken/manifest.yaml': 'name: [',
    'ws/extensions/taskservs/old/provider.nu': '',
  });
  await folder.extension('ws/extensions/taskservs/fine', { name: 'fine', type: 'taskserv', aliases: ['ok'] });
  const found = catalogue(folder);
  expect((await found.get('taskserv', 'ok')).name).toBe('fine');
  expect(found.rejected.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining([expect.stringContaining('does not parse'), 'legacy implementation']),
  );
});

test("a person's own extensions come before the workspace's", async () => {
  await using folder = await TestFolder.create();
  await folder.extension('ws/extensions/taskservs/ana/redis', {
    name: 'redis',
    type: 'taskserv',
    version: '2.0.0',
  });
  await folder.extension('ws/extensions/taskservs/databases/redis', { name: 'redis', type: 'taskserv' });
  expect((await catalogue(folder, { user: 'ana' }).get('taskserv', 'redis')).version).toBe('2.0.0');
});

test('a registered folder ranks as workspace level', async () => {
  await using folder = await TestFolder.create();
  await folder.extension('elsewhere/mine', { name: 'mine', type: 'cluster' });
  await registerExtension(join(folder.path, 'config'), join(folder.path, 'elsewhere/mine'), 'cluster');
  expect(await catalogue(folder).get('cluster', 'mine')).toMatchObject({ layer: 'workspace' });
});

test('the cache spares reading, and notices every change', async () => {
  await using folder = await TestFolder.create();
  const options = { cachePath: join(folder.path, 'cache') };
  for (let index = 0; index < 20; index++) {
    await folder.extension(`ws/extensions/taskservs/t${index}`, { name: `t${index}`, type: 'taskserv' });
  }
  const first = catalogue(folder, {}, options);
  expect(await first.list('taskserv')).toHaveLength(20);
  expect(first.manifestsRead).toBe(20);
  const second = catalogue(folder, {}, options);
  expect(await second.list('taskserv')).toHaveLength(20);
  expect(second.manifestsRead).toBe(0);
  await folder.extension('ws/extensions/taskservs/t3', { name: 't3', type: 'taskserv', version: '1.1.0' });
  await utimes(
    join(folder.path, 'ws/extensions/taskservs/t3/manifest.yaml'),
    new Date(),
    new Date(Date.now() + 5000),
  );
  const third = catalogue(folder, {}, options);
  expect((await third.get('taskserv', 't3')).version).toBe('1.1.0');
  expect(third.manifestsRead).toBe(1);
  expect(
    await catalogue(folder, {}, { ...options, now: () => Date.now() + 400_000 }).list('taskserv'),
  ).toHaveLength(20);
  await writeFile(join(folder.path, 'cache/discovery.json'), '{');
  expect(await catalogue(folder, {}, options).list('taskserv')).toHaveLength(20);
});
