import { createHash, generateKeyPairSync } from 'node:crypto';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pushExtension } from '../artifacts/push.ts';
import { readOrigin } from '../extension/origin.ts';
import { readLock } from '../dependencies/lock-file.ts';
import { resolveDependencies } from '../dependencies/resolve-workspace.ts';
import { readDependencyBlock } from '../dependencies/workspace-block.ts';
import { packExtension } from '../extension/pack.ts';
import { startFakeRegistry } from '../testing/fake-registry.ts';
import { type NpmRegistry, startNpmRegistry } from '../testing/npm-registry.ts';
import { type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { Scratch } from '../testing/session.ts';
import { identifyExtension } from './identify.ts';
import { installExtensions, type InstallOptions, type InstallQuestion } from './install.ts';
import { removeUserExtension, removeWorkspaceExtension } from './remove.ts';
import { updateExtensions } from './update.ts';
import { readUserExtensions } from './user-extensions.ts';
import { cleanUp } from '../../../../tools/testing/clean-up.ts';

let registry: RunningRegistry;
let npm: NpmRegistry;
let scratch: Scratch;
let count = 0;

beforeAll(async () => {
  scratch = await Scratch.create();
  [registry, npm] = await Promise.all([startDockerRegistry(), startNpmRegistry()]);
  await scratch.write('.npmrc', `registry=${npm.url}\n`);
  await push('runc', '1.1.0');
  await push('containerd', '1.7.0', { dependencies: { runc: '^1.1.0' } });
  await push('redis', '1.0.0', { dependencies: { containerd: '*' } });
});
afterAll(() =>
  cleanUp(
    () => registry?.stop(),
    () => npm?.close(),
    () => scratch?.remove(),
  ),
);

async function push(name: string, version: string, more: Readonly<Record<string, unknown>> = {}) {
  const path = await scratch.extension(`src/${name}-${version}/${name}`, { name, version, ...more });
  const session = scratch.session(registry.host);
  await pushExtension(session, { path });
  await session.close();
  return path;
}

function data(): string {
  return scratch.path(`data-${count++}`);
}

async function install(
  dataFolder: string,
  references: readonly string[],
  more: Partial<InstallOptions> & { readonly config?: Readonly<Record<string, unknown>> } = {},
) {
  const session = scratch.session(registry.host, { config: more.config ?? {} });
  try {
    const modules = await Promise.all(
      references.map((text) => identifyExtension(session, text, scratch.folder)),
    );
    return await installExtensions(session, modules, { dataFolder, core: '3.5.0', ...more });
  } finally {
    await session.close();
  }
}

const shown = (all: Awaited<ReturnType<typeof install>>) =>
  all.map(({ name, version, state }) => `${name} ${version} ${state}`);

test('an extension is installed for the user with its dependencies, version beside version, all or nothing', async () => {
  const folder = data();
  expect(shown(await install(folder, ['redis'], { check: true }))).toEqual([
    'runc 1.1.0 would-install',
    'containerd 1.7.0 would-install',
    'redis 1.0.0 would-install',
  ]);
  await expect(access(folder)).rejects.toThrow();
  const first = await install(folder, ['redis']);
  expect(shown(first)).toEqual([
    'runc 1.1.0 installed',
    'containerd 1.7.0 installed',
    'redis 1.0.0 installed',
  ]);
  expect(first.at(-1)!.path).toBe(join(folder, 'extensions/taskservs/redis/1.0.0'));
  expect(await readOrigin(first.at(-1)!.path)).toMatchObject({ requested: true });
  expect(await readOrigin(first[0]!.path)).toMatchObject({ requested: false });
  expect(shown(await install(folder, ['redis']))).toEqual([
    'runc 1.1.0 current',
    'containerd 1.7.0 current',
    'redis 1.0.0 current',
  ]);
  await expect(install(folder, ['taskserv/nginx'])).rejects.toMatchObject({
    exitCode: 5,
    message: 'Artifact not found: taskserv/nginx',
  });
  // What fails after everything is in its place is taken back as well.
  await push('valkey', '1.0.0', { dependencies: { runc: '*' } });
  await expect(
    install(folder, ['valkey'], { activate: () => Promise.reject(new Error('no thanks')) }),
  ).rejects.toMatchObject({ exitCode: 1, message: expect.stringContaining('changes were rolled back') });
  expect(await readdir(join(folder, 'extensions/taskservs'))).not.toContain('valkey-1.0.0');
  expect((await readUserExtensions(folder)).map(({ name }) => name)).toEqual(['containerd', 'redis', 'runc']);
});

test('files that were edited since an extension was installed are told of, whatever they hold, and stay', async () => {
  const folder = data();
  const [installed] = await install(folder, ['runc']);
  const edited = (): boolean =>
    scratch.warnings.some((text) => text.includes(`${installed!.path} were edited since it was installed`));
  await install(folder, ['runc']);
  expect(edited()).toBe(false);
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  await writeFile(join(installed!.path, 'README.md'), key);
  expect(shown(await install(folder, ['runc']))).toEqual(['runc 1.1.0 current']);
  expect(edited()).toBe(true);
  expect(await readFile(join(installed!.path, 'README.md'), 'utf8')).toBe(key);
});

test('an update asks about a major step and new permissions; when activation fails the older version stays', async () => {
  const folder = data();
  await push('cache', '1.0.0');
  await install(folder, ['cache']);
  await push('cache', '1.1.0');
  await push('cache', '2.0.0', { permissions: { network: ['*'] } });
  const questions: InstallQuestion[] = [];
  const update = async (name: string | undefined, more: object = {}) => {
    const session = scratch.session(registry.host);
    try {
      return await updateExtensions(session, name, {
        dataFolder: folder,
        core: '3.5.0',
        confirm: async (question) => void questions.push(question),
        ...more,
      });
    } finally {
      await session.close();
    }
  };
  await expect(
    update('cache', { confirm: () => Promise.reject(new Error('refused by the person')) }),
  ).rejects.toThrow('refused by the person');
  expect((await readUserExtensions(folder)).map(({ manifest }) => manifest.version)).toEqual(['1.0.0']);
  expect(shown(await update('cache', { version: '^1.0.0' }))).toEqual(['cache 1.1.0 updated']);
  expect(questions).toEqual([]);
  await expect(
    update('cache', { activate: () => Promise.reject(new Error('does not start')) }),
  ).rejects.toMatchObject({ exitCode: 1 });
  expect(questions[0]).toMatchObject({
    from: '1.1.0',
    version: '2.0.0',
    reasons: ['major', 'permissions'],
    permissions: { network: ['*'] },
  });
  expect((await readUserExtensions(folder)).map(({ manifest }) => manifest.version)).toEqual([
    '1.1.0',
    '1.0.0',
  ]);
  expect(shown(await update(undefined))).toEqual(['cache 2.0.0 updated']);
  await expect(update('nothing')).rejects.toMatchObject({ exitCode: 5 });
});

test('what is used is not removed; versions go one by one or together', async () => {
  const folder = data();
  await install(folder, ['redis']);
  const session = scratch.session(registry.host);
  await expect(removeUserExtension(session, folder, 'containerd')).rejects.toMatchObject({
    exitCode: 1,
    message: "Extension 'containerd' is in use; used by: redis 1.0.0",
  });
  await expect(
    removeUserExtension(session, folder, 'redis', { usedBy: async () => ['shop: prod/web-01'] }),
  ).rejects.toMatchObject({ message: expect.stringContaining('used by: shop: prod/web-01') });
  await removeUserExtension(session, folder, 'taskserv/redis@1.0.0');
  await removeUserExtension(session, folder, 'containerd');
  expect((await readUserExtensions(folder)).map(({ name }) => name)).toEqual(['runc']);
  await session.close();
});

test('a workspace loses an extension with its line in the lock, and only one that nothing uses', async () => {
  const ws = scratch.path(`ws-${count++}`);
  await mkdir(join(ws, 'config'), { recursive: true });
  const block = readDependencyBlock(
    { extensions: { modules: { taskservs: ['redis:1.0.0'] } } },
    { mode: 'solo' },
  );
  const session = scratch.session(registry.host);
  await resolveDependencies(session, { workspacePath: ws, block, core: '3.5.0' });
  await expect(removeWorkspaceExtension(session, ws, block, 'redis')).rejects.toMatchObject({
    message: expect.stringContaining('dependencies.extensions.modules (redis:1.0.0)'),
  });
  await expect(removeWorkspaceExtension(session, ws, block, 'runc')).rejects.toMatchObject({
    message: expect.stringContaining('containerd 1.7.0'),
  });
  await removeWorkspaceExtension(session, ws, { ...block, modules: [] }, 'redis');
  expect((await readLock(ws))!.packages.map(({ name }) => name)).toEqual(['containerd', 'runc']);
  await expect(access(join(ws, 'extensions/taskservs/redis'))).rejects.toThrow();
  await session.close();
});

test('09.A16 the npm package and the OCI artifact of a version give the same manifest', async () => {
  const source = await push('memcached', '1.2.0', { dependencies: { runc: '*' } });
  await writeFile(
    join(source, 'package.json'),
    JSON.stringify({
      name: '@provisioning/taskserv-memcached',
      version: '1.2.0',
      keywords: ['provisioning-extension'],
      files: ['manifest.yaml'],
      provisioning: { manifest: 'manifest.yaml' },
    }),
  );
  await npm.publish(source, scratch.folder);
  const [fromNpm, fromOci] = [data(), data()];
  const installed = await install(fromNpm, ['npm:@provisioning/taskserv-memcached@^1']);
  await install(fromOci, ['memcached:1.2.0']);
  const manifest = (folder: string): Promise<string> =>
    readFile(join(folder, 'extensions/taskservs/memcached/1.2.0/manifest.yaml'), 'utf8');
  expect(await manifest(fromNpm)).toBe(await manifest(fromOci));
  expect(installed.at(-1)).toMatchObject({ reference: 'npm:@provisioning/taskserv-memcached@1.2.0' });
  await expect(install(data(), ['npm:@provisioning/taskserv-none@^1'])).rejects.toMatchObject({
    exitCode: 5,
  });
});

test("an npm package's own dependencies are installed from its lock file, and without one it is refused", async () => {
  const library = scratch.path('library');
  await scratch.write('library/package.json', '{"name":"left-shift","version":"1.0.0"}');
  await scratch.write('library/index.js', 'export default 1;\n');
  await npm.publish(library, scratch.folder);
  const source = await scratch.extension('third-party', { name: 'third', version: '1.0.0' });
  const described = {
    name: 'provisioning-taskserv-third',
    version: '1.0.0',
    keywords: ['provisioning-extension'],
    dependencies: { 'left-shift': '1.0.0' },
  };
  await writeFile(join(source, 'package.json'), JSON.stringify(described));
  await npm.publish(source, scratch.folder);
  const folder = data();
  const reference = 'npm:provisioning-taskserv-third';
  await expect(install(folder, [reference])).rejects.toMatchObject({ code: 'NPM_LOCK_MISSING' });
  const { name, version, dependencies } = described;
  const bytes = await fetch(`${npm.url}left-shift/-/left-shift-1.0.0.tgz`).then((one) => one.arrayBuffer());
  const integrity = `sha512-${createHash('sha512').update(Buffer.from(bytes)).digest('base64')}`;
  await writeFile(
    join(source, 'npm-shrinkwrap.json'),
    JSON.stringify({
      name,
      version,
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name, version, dependencies },
        'node_modules/left-shift': {
          version: '1.0.0',
          resolved: `${npm.url}left-shift/-/left-shift-1.0.0.tgz`,
          integrity,
        },
      },
    }),
  );
  await npm.publish(source, scratch.folder);
  const questions: InstallQuestion[] = [];
  const [done] = await install(folder, [reference], {
    confirm: async (question) => void questions.push(question),
  });
  expect(await readdir(join(done!.path, 'node_modules'))).toContain('left-shift');
  expect(questions).toMatchObject([{ name: 'third', reasons: ['community'] }]);
});

test('an archive behind an address needs its digest where the mode says so, and must match it', async () => {
  const { archive, digest } = await packExtension(await scratch.extension('web/tool', { name: 'tool' }));
  const server = await startFakeRegistry((request, response) => {
    if (request.url === '/x/tool-1.0.0.tar.gz') response.end(archive);
    else response.writeHead(404).end();
  });
  try {
    const url = `http://${server.host}/x/tool-1.0.0.tar.gz`;
    const folder = data();
    const [done] = await install(folder, [`${url}#sha256=${digest.slice(7)}`]);
    expect(done).toMatchObject({ name: 'tool', version: '1.0.0', state: 'installed' });
    await expect(install(data(), [`${url}#sha256=${'0'.repeat(64)}`])).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    const strict = scratch.session(registry.host, { mode: 'cicd' });
    await expect(identifyExtension(strict, url, scratch.folder)).rejects.toMatchObject({
      exitCode: 4,
      code: 'DIGEST_REQUIRED',
    });
    // The same reference is a module of a workspace like any other.
    const ws = scratch.path(`ws-${count++}`);
    await mkdir(join(ws, 'config'), { recursive: true });
    const taskservs = [`${url}#sha256=${digest.slice(7)}`];
    const block = readDependencyBlock({ extensions: { modules: { taskservs } } }, { mode: 'solo' });
    const session = scratch.session(registry.host);
    expect(await resolveDependencies(session, { workspacePath: ws, block, core: '3.5.0' })).toMatchObject({
      installed: 1,
    });
    await session.close();
  } finally {
    await server.close();
  }
});

test('releases of a Git host are a source: gitea:// and source_type gitea', async () => {
  const { archive, digest } = await packExtension(await scratch.extension('git/proxy', { name: 'proxy' }));
  const server = await startFakeRegistry((request, response) => {
    const path = request.url!.split('?')[0];
    const answer = (body: unknown): void => void response.end(JSON.stringify(body));
    const asset = (id: number, name: string) => ({
      id,
      name,
      size: archive.length,
      browser_download_url: `http://${server.host}/files/${name}`,
    });
    if (path === '/api/v1/repos/ext/proxy_taskserv') answer({ name: 'proxy_taskserv', description: 'd' });
    else if (path === '/api/v1/repos/ext/proxy_taskserv/releases')
      answer([
        {
          id: 1,
          tag_name: 'v1.0.0',
          draft: false,
          prerelease: false,
          assets: [asset(1, 'proxy-1.0.0.tar.gz'), asset(2, 'proxy-1.0.0.tar.gz.sha256')],
        },
      ]);
    else if (path === '/files/proxy-1.0.0.tar.gz') response.end(archive);
    else if (path === '/files/proxy-1.0.0.tar.gz.sha256')
      response.end(`${digest.slice(7)}  proxy-1.0.0.tar.gz\n`);
    else response.writeHead(404).end('{}');
  });
  try {
    const config = {
      'dependencies.registry.gitea.url': `http://${server.host}`,
      'dependencies.registry.gitea.organization': 'ext',
    };
    const named = await install(data(), ['gitea://proxy_taskserv@1.0.0'], { config });
    expect(named).toMatchObject([{ reference: 'gitea://ext/proxy_taskserv@1.0.0', state: 'installed' }]);
    const plain = await install(data(), ['proxy'], {
      config: { ...config, 'dependencies.extensions.source_type': 'gitea' },
    });
    expect(plain).toMatchObject([{ kind: 'taskserv', name: 'proxy', version: '1.0.0' }]);
  } finally {
    await server.close();
  }
});
