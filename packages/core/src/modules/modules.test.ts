import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { TestFolder } from '../extensions/testing/extension-folder.ts';
import { loadModules } from './load.ts';
import { readModules } from './manifest-file.ts';
import { listModules, moduleInfo, validateModules } from './status.ts';
import { initModules, syncModules } from './sync.ts';
import { moduleTarget, targetOfFolder } from './target.ts';
import { unloadModules } from './unload.ts';

const core = 'product/node_modules/@provisioning/taskservs';

async function world(): Promise<TestFolder> {
  const folder = await TestFolder.create();
  const taskserv = (name: string, more: object = {}): Promise<void> =>
    folder.extension(`${core}/x/${name}`, { name, type: 'taskserv', ...more });
  await taskserv('os');
  await taskserv('runc', { dependencies: { os: '*' } });
  await taskserv('containerd', {
    version: '1.7.0',
    dependencies: { os: '*', runc: '*' },
    conflicts: ['docker'],
  });
  await taskserv('docker', {});
  await taskserv('etcd', { version: '3.5.0', dependencies: { os: '*' } });
  await taskserv('kubernetes', {
    version: '1.28.0',
    dependencies: { 'containerd|crio': '>=1.7.0', etcd: '>=3.5.0', os: '*' },
  });
  await taskserv('redis', { version: '7.2.3', dependencies: { os: '*' } });
  await folder.extension('product/node_modules/@provisioning/provider-local', {
    name: 'local',
    type: 'provider',
  });
  await folder.write({
    [`${core}/x/kubernetes/schema/config.json`]: JSON.stringify({
      type: 'object',
      properties: { bind_port: { type: 'integer', default: 6443 } },
    }),
    [`${core}/x/kubernetes/scripts/install.sh`]: '#!/bin/sh\n',
    [`${core}/x/kubernetes/tests/unit/x.test.ts`]: '',
    'ws/.provisioning/metadata.yaml': { workspace: { name: 'ws' } },
    'ws/config/provisioning.toml': '',
    'ws/infra/prod/settings.toml':
      'main_name = "prod"\n[[servers]]\nhostname = "web-01"\ntaskservs = ["redis"]\n',
  });
  return folder;
}

function catalogue(folder: TestFolder): ExtensionCatalogue {
  return new ExtensionCatalogue({
    workspacePath: join(folder.path, 'ws'),
    infra: 'prod',
    moduleUrls: [pathToFileURL(join(folder.path, 'product/dist/main.js')).href],
  });
}

const prod = (folder: TestFolder): Promise<Awaited<ReturnType<typeof targetOfFolder>>> =>
  targetOfFolder(join(folder.path, 'ws/infra/prod'));

test('08.A1 load copies a module with what it requires; again changes nothing', async () => {
  await using folder = await world();
  const target = await prod(folder);
  await folder.write({ 'ws/infra/prod/extra.ts': 'export default {};\n' });
  const options = { catalogue: catalogue(folder), kind: 'taskserv', target, names: ['kubernetes'] } as const;
  expect(await loadModules({ ...options, check: true })).toHaveLength(5);
  expect(await readdir(target.base)).not.toContain('.taskservs');
  const loaded = await loadModules(options);
  expect(loaded).toMatchObject([
    {
      name: 'kubernetes',
      version: '1.28.0',
      source: 'core',
      path: '.taskservs/kubernetes',
      status: 'loaded',
    },
    { name: 'containerd', requiredBy: 'kubernetes' },
    { name: 'etcd' },
    { name: 'os' },
    { name: 'runc', requiredBy: 'containerd' },
  ]);
  expect((await readdir(join(target.base, '.taskservs'))).sort()).toEqual([
    'containerd',
    'etcd',
    'kubernetes',
    'os',
    'runc',
  ]);
  expect(await readdir(join(target.base, '.taskservs/kubernetes'))).not.toContain('tests');
  const { modules } = await readModules(target.base, 'taskserv');
  expect(modules.find(({ name }) => name === 'kubernetes')).toMatchObject({
    integrity: expect.stringMatching(/^sha256-/),
    requested: true,
    dependencies: ['containerd', 'etcd', 'os'],
  });
  expect(modules.find(({ name }) => name === 'os')).toMatchObject({ requested: false });
  const imports = await readFile(join(target.base, 'taskservs.gen.ts'), 'utf8');
  expect(imports).toContain('export const kubernetes = {');
  expect(imports).toContain('makeKubernetes');
  const before = await readFile(join(target.base, '.manifest/taskservs.yaml'), 'utf8');
  const again = await loadModules({ ...options, catalogue: catalogue(folder) });
  expect(again.map(({ status }) => status)).toEqual(['already-loaded']);
  expect(await readFile(join(target.base, '.manifest/taskservs.yaml'), 'utf8')).toBe(before);
  expect(await validateModules(target, catalogue(folder))).toEqual([]);
});

test('a copy has the compiled code that its door leads to, and no package of itself', async () => {
  await using folder = await world();
  const target = await prod(folder);
  const source = 'product/node_modules/@provisioning/provider-local/dist';
  await folder.write({ [`${source}/index.js`]: 'export {};\n', [`${source}/local-0.1.0.tar.gz`]: 'x' });
  await loadModules({
    ...{ catalogue: catalogue(folder), kind: 'provider', target, names: ['local'], mode: 'copy' },
  });
  expect(await readdir(join(target.base, '.providers/local/dist'))).toEqual(['index.js']);
});

test('generated imports can be used by a TypeScript definition', async () => {
  await using folder = await world();
  const target = await prod(folder);
  await folder.write({ 'ws/infra/prod/extra.ts': 'export default {};\n' });
  await loadModules({ catalogue: catalogue(folder), kind: 'taskserv', target, names: ['kubernetes'] });
  const sdk = fileURLToPath(new URL('../../../extensions-sdk/src/index.ts', import.meta.url));
  const file = join(target.base, 'taskservs.gen.ts');
  const source = (await readFile(file, 'utf8')).replace('@provisioning/extensions-sdk', sdk);
  await writeFile(file, source);
  const code = `import { kubernetes } from ${JSON.stringify(file)};
    process.stdout.write(JSON.stringify(kubernetes.makeKubernetes({ cni: 'cilium' })));`;
  const output = await new Promise<string>((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code]);
    let text = '';
    child.stdout.on('data', (data: Buffer) => (text += data.toString()));
    child.stderr.on('data', (data: Buffer) => (text += data.toString()));
    child.on('close', () => resolve(text));
  });
  expect(JSON.parse(output)).toEqual({ bind_port: 6443, cni: 'cilium' });
});

test('08.A2 one unknown name among three loads nothing', async () => {
  await using folder = await world();
  const target = await prod(folder);
  await expect(
    loadModules({ catalogue: catalogue(folder), kind: 'taskserv', target, names: ['redis', 'nope', 'etcd'] }),
  ).rejects.toMatchObject({
    exitCode: 5,
    message: 'module not found: nope',
    hint: "Run 'provisioning module discover taskserv'",
  });
  expect((await readdir(target.base)).filter((name) => name === '.taskservs')).toEqual([]);
});

test('08.A3 unload removes a module with what only it needed, and refuses one in use', async () => {
  await using folder = await world();
  const target = await prod(folder);
  await folder.write({ 'ws/infra/prod/extra.ts': 'export default {};\n' });
  const load = (names: string[]): Promise<unknown> =>
    loadModules({ catalogue: catalogue(folder), kind: 'taskserv', target, names });
  await load(['kubernetes']);
  await load(['redis']);
  await expect(unloadModules({ kind: 'taskserv', target, names: ['redis'] })).rejects.toThrow(
    "Module 'redis' is used by: web-01",
  );
  await expect(unloadModules({ kind: 'taskserv', target, names: ['etcd'] })).rejects.toThrow(
    'is used by: kubernetes',
  );
  await expect(unloadModules({ kind: 'taskserv', target, names: ['nope'] })).rejects.toMatchObject({
    exitCode: 5,
  });
  const gone = await unloadModules({ kind: 'taskserv', target, names: ['kubernetes'] });
  expect(gone.map(({ name }) => name).sort()).toEqual(['containerd', 'etcd', 'kubernetes', 'runc']);
  expect((await readdir(join(target.base, '.taskservs'))).sort()).toEqual(['os', 'redis']);
  expect(await readFile(join(target.base, 'taskservs.gen.ts'), 'utf8')).not.toContain('kubernetes');
  await unloadModules({ kind: 'taskserv', target, names: ['redis'], force: true });
  expect(await readdir(target.base)).not.toContain('taskservs.gen.ts');
});

test('08.A4 a load that is killed leaves a target that validate accepts or sync repairs', async () => {
  await using folder = await world();
  const target = await prod(folder);
  const script = `
    import { ExtensionCatalogue } from ${JSON.stringify(new URL('../extensions/discover.ts', import.meta.url).href)};
    import { loadModules } from ${JSON.stringify(new URL('./load.ts', import.meta.url).href)};
    const catalogue = new ExtensionCatalogue(${JSON.stringify(catalogue(folder).roots)});
    process.stdout.write('ready');
    await loadModules({ catalogue, kind: 'taskserv', target: ${JSON.stringify(target)}, names: ['kubernetes'] });`;
  for (let delay = 0; delay < 40; delay += 4) {
    await rm(join(target.base, '.manifest'), { recursive: true, force: true });
    await rm(join(target.base, '.taskservs'), { recursive: true, force: true });
    await new Promise<void>((resolve) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.on('data', () => setTimeout(() => child.kill('SIGKILL'), delay));
      child.on('close', () => resolve());
    });
    await syncModules(target);
    expect(await validateModules(target, catalogue(folder))).toEqual([]);
    const { modules } = await readModules(target.base, 'taskserv');
    expect([0, 5]).toContain(modules.length);
  }
});

test('08.A5 module info shows every layer, the used one first', async () => {
  await using folder = await world();
  const target = await prod(folder);
  await folder.extension('ws/extensions/taskservs/redis', {
    name: 'redis',
    type: 'taskserv',
    version: '7.4.0',
  });
  await loadModules({ catalogue: catalogue(folder), kind: 'taskserv', target, names: ['redis'] });
  const info = await moduleInfo(catalogue(folder), 'taskserv', 'redis', target);
  expect(info.layers.map(({ layer, version }) => `${layer} ${version}`)).toEqual([
    'infrastructure 7.4.0',
    'workspace 7.4.0',
    'core 7.2.3',
  ]);
  expect(info.used_by).toEqual(['web-01']);
  await unloadModules({ kind: 'taskserv', target, names: ['redis'], force: true });
  expect((await moduleInfo(catalogue(folder), 'taskserv', 'redis')).layers[0]?.layer).toBe('workspace');
});

test('versions, sources and changed folders are respected', async () => {
  await using folder = await world();
  const target = await prod(folder);
  await folder.extension('ws/extensions/taskservs/redis', {
    name: 'redis',
    type: 'taskserv',
    version: '7.4.0',
  });
  const load = (more: object): ReturnType<typeof loadModules> =>
    loadModules({ catalogue: catalogue(folder), kind: 'taskserv', target, names: ['redis'], ...more });
  expect((await load({ version: '7.2' }))[0]).toMatchObject({ version: '7.2.3', source: 'core' });
  await expect(load({ version: '6' })).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  await expect(load({})).rejects.toMatchObject({ code: 'MODULE_LOADED' });
  const listed = await listModules(target, 'taskserv', catalogue(folder));
  expect(listed.modules.find(({ name }) => name === 'redis')).toMatchObject({ status: 'outdated' });
  await writeFile(join(target.base, '.taskservs/redis/README.md'), 'mine');
  await expect(load({ version: '7.2' })).rejects.toMatchObject({ code: 'MODULE_MODIFIED' });
  const [entry] = await load({ source: 'local', force: true });
  expect(entry).toMatchObject({
    version: '7.4.0',
    source: 'local',
    backup: expect.stringContaining('.bak-'),
  });
  expect(await readFile(join(target.base, entry!.backup!, 'README.md'), 'utf8')).toBe('mine');
  await expect(
    loadModules({ catalogue: catalogue(folder), kind: 'taskserv', target, names: ['docker', 'containerd'] }),
  ).rejects.toThrow('containerd conflicts with docker');
});

test('a provider is linked, and sync mends the link', async () => {
  await using folder = await world();
  const target = await prod(folder);
  await loadModules({ catalogue: catalogue(folder), kind: 'provider', target, names: ['local'] });
  const link = join(target.base, '.providers/local');
  expect(await readlink(link)).toBe('../../../../product/node_modules/@provisioning/provider-local');
  expect(await catalogue(folder).get('provider', 'local')).toMatchObject({ layer: 'infrastructure' });
  await rm(link);
  expect(await validateModules(target, catalogue(folder))).toMatchObject([{ code: 'MODULE_MISSING' }]);
  expect(await syncModules(target)).toMatchObject({ relinked: ['local'] });
  expect(await validateModules(target, catalogue(folder))).toEqual([]);
});

test('a manifest that is gone or corrupt is rebuilt from the folders', async () => {
  await using folder = await world();
  const target = await prod(folder);
  await loadModules({ catalogue: catalogue(folder), kind: 'taskserv', target, names: ['etcd'] });
  await writeFile(join(target.base, '.manifest/taskservs.yaml'), '{{{');
  expect(await syncModules(target)).toMatchObject({ rebuilt: ['taskservs.yaml'] });
  const { modules } = await readModules(target.base, 'taskserv');
  expect(modules.map(({ name, requested }) => `${name} ${requested}`)).toEqual(['etcd true', 'os true']);
});

test('init makes the folders of an infrastructure and loads into it', async () => {
  await using folder = await world();
  await mkdir(join(folder.path, 'ws/infra'), { recursive: true });
  await initModules({
    folder: join(folder.path, 'ws/infra/fresh'),
    catalogue: catalogue(folder),
    modules: { taskserv: ['redis'], provider: ['local'] },
  });
  const names = await readdir(join(folder.path, 'ws/infra/fresh'));
  expect(names).toEqual(
    expect.arrayContaining(['.taskservs', '.providers', 'settings.toml', 'clusters', 'defs']),
  );
});

test('targets: a folder, a workspace, workspace:infra, and what is current', async () => {
  await using folder = await world();
  const ws = join(folder.path, 'ws');
  const surroundings = {
    cwd: join(ws, 'infra/prod'),
    workspaceNamed: (name: string) => Promise.resolve(name === 'team' ? ws : undefined),
  };
  expect(await moduleTarget('.', surroundings)).toMatchObject({ layer: 'infrastructure', infra: 'prod' });
  expect(await moduleTarget('../..', surroundings)).toMatchObject({ layer: 'workspace', base: ws });
  expect(await moduleTarget('team', surroundings)).toMatchObject({ layer: 'workspace' });
  expect(await moduleTarget('team:prod', surroundings)).toMatchObject({ infra: 'prod' });
  expect(await moduleTarget(undefined, { ...surroundings, current: { workspacePath: ws } })).toMatchObject({
    base: ws,
  });
  await expect(moduleTarget('team:nope', surroundings)).rejects.toMatchObject({ exitCode: 5 });
});

test('08 §5.1.5 an extension of the workspace that has changed since it was loaded is loaded anew with --force', async () => {
  await using folder = await world();
  await folder.extension('ws/extensions/taskservs/my-api', { name: 'my-api', type: 'taskserv' });
  const base = join(folder.path, 'ws');
  const target = { base, layer: 'workspace', workspacePath: base, name: 'ws' } as const;
  const load = (force = false) =>
    loadModules({ catalogue: catalogue(folder), kind: 'taskserv', target, names: ['my-api'], force });
  expect(await load()).toMatchObject([{ status: 'loaded' }]);
  expect(await load()).toMatchObject([{ status: 'already-loaded' }]);
  await folder.write({ 'ws/extensions/taskservs/my-api/scripts/install.sh': '#!/bin/sh\n' });
  await expect(load()).rejects.toMatchObject({
    code: 'MODULE_LOADED',
    message: expect.stringMatching(/^Module 'my-api' 1\.0\.0 is loaded already, and .+ has changed since$/),
  });
  expect(await load(true)).toMatchObject([{ status: 'loaded' }]);
  expect(await load()).toMatchObject([{ status: 'already-loaded' }]);
});
