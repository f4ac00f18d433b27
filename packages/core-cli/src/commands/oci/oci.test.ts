import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RegistryServer } from '@provisioning/distribution';
import { type Outcome, run } from '../../../test/run.ts';

const home = mkdtempSync(join(tmpdir(), 'provisioning-oci-'));
const environment = {
  HOME: home,
  PATH: '',
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  NO_COLOR: '1',
};
const line = (text: string): Promise<Outcome> =>
  run(text.replaceAll('@/', `${home}/`).split(/ +/), { cwd: home, environment });
/** Where each artifact went. */
const places = async (text: string): Promise<readonly string[]> => {
  const { code, stdout, stderr } = await line(`${text} --out json`);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return (JSON.parse(stdout) as { to: string }[]).map(({ to }) =>
    to.replace(/^layout:.*\/(?=provisioning)/, ''),
  );
};

beforeAll(async () => {
  expect(await line('workspace init shop --activate')).toMatchObject({ code: 0 });
  mkdirSync(join(home, 'redis/schema'), { recursive: true });
  writeFileSync(join(home, 'redis/README.md'), '# redis\n');
  writeFileSync(join(home, 'redis/schema/config.json'), '{"type":"object"}\n');
  writeFileSync(
    join(home, 'redis/manifest.yaml'),
    'name: redis\ntype: taskserv\nversion: 1.0.0\ndescription: d\nauthor: a\nlicense: MIT\n',
  );
  expect(await line('oci push @/redis --registry layout:@/registry')).toMatchObject({ code: 0 });
  expect(
    await line('oci copy redis:1.0.0 layout:@/images/vault:v1.0.0 --registry layout:@/registry'),
  ).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('the images that a workspace names go along into a bundle and a mirror', async () => {
  expect(await line('oci export images.tar --platform-images')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('dependencies.platform.images names no images'),
  });
  const { stdout } = await line('workspace info shop --out json');
  const { path } = JSON.parse(stdout) as { readonly path: string };
  appendFileSync(
    join(path, 'config/provisioning.toml'),
    `\n[dependencies.platform.images]\nvault = "layout:${home}/images/vault:v1.0.0"\n`,
  );
  expect(await places('oci export images.tar --platform-images')).toEqual([
    'provisioning-platform/vault:v1.0.0',
  ]);
  expect(await places('oci import images.tar --to layout:@/carried')).toEqual([
    'provisioning-platform/vault:v1.0.0',
  ]);
  expect(
    (await places('oci mirror layout:@/mirror --platform-images --registry layout:@/registry')).toSorted(),
  ).toEqual(['provisioning-extensions/redis:1.0.0', 'provisioning-platform/vault:v1.0.0']);
});

test('a mirror of what the lock names needs a lock, and copies nothing without one', async () => {
  expect(await line('oci mirror layout:@/nothing --lock --registry layout:@/registry')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('There is no lock to mirror'),
  });
  expect(existsSync(join(home, 'nothing'))).toBe(false);
});

test('oci config sets a key below oci, shows the result, and changes nothing in check mode', async () => {
  const tool = async (words: string): Promise<string> =>
    (JSON.parse((await line(`oci config ${words} --out json`)).stdout) as { tool: string }).tool;
  expect(await tool('--set tool=skopeo --check')).toBe('builtin');
  expect(await tool('--set tool=skopeo')).toBe('skopeo');
  expect(await tool('')).toBe('skopeo');
  expect(await line('oci config --set tool=git')).toMatchObject({ code: 3 });
  expect(await line('oci config --set tool')).toMatchObject({ code: 2 });
  expect(await tool('--set tool=builtin')).toBe('builtin');
});

test('an extension is built into the folder that is named, and an archive is replaced as a whole', async () => {
  expect(await line('extension build ./redis --output built')).toMatchObject({ code: 0 });
  expect(existsSync(join(home, 'built/redis-1.0.0.tar.gz'))).toBe(true);
  expect(existsSync(join(home, 'redis/dist'))).toBe(false);
  // Whoever has the old archive open keeps it: nothing is ever written into a file of that name.
  for (const command of ['extension build', 'oci package']) {
    const archive = join(home, 'built/redis-1.0.0.tar.gz');
    writeFileSync(archive, 'old');
    linkSync(archive, join(home, 'kept'));
    expect(await line(`${command} ./redis --output built`)).toMatchObject({ code: 0 });
    expect(readFileSync(join(home, 'kept'), 'utf8')).toBe('old');
    expect(readFileSync(archive).length).toBeGreaterThan(100);
    rmSync(join(home, 'kept'));
  }
  expect(readdirSync(join(home, 'built'))).toEqual(['redis-1.0.0.tar.gz']);
});

test('what breaks a rule of packages is neither valid nor pushed, and nothing is sent', async () => {
  mkdirSync(join(home, 'broken/schema'), { recursive: true });
  const write = (file: string, text: string): void => writeFileSync(join(home, 'broken', file), text);
  const manifest = (more: string): void =>
    write(
      'manifest.yaml',
      `name: broken\ntype: taskserv\nversion: 1.0.0\ndescription: d\nauthor: a\nlicense: MIT\n${more}`,
    );
  manifest('dependencies: { redis: "^1.0.0", nowhere: "^1.0.0" }\nconflicts: [redis]\n');
  write('schema/config.json', '{"type":"object"}\n');
  write('package.json', '{"name":"broken","version":"1.0.1"}\n');
  const errors = [
    'Missing README.md',
    'redis is both required and named as a conflict',
    'Version mismatch: manifest 1.0.0, package.json 1.0.1',
  ];
  const refused = await line('oci push @/broken --registry layout:@/registry');
  expect(refused).toMatchObject({ code: 1 });
  for (const error of errors) expect(refused.stderr).toContain(error);
  expect((await line('oci publish @/broken --registry layout:@/registry')).code).toBe(1);
  expect((await line('oci tags broken --registry layout:@/registry')).code).toBe(5);
  const found = async (words: string): Promise<readonly string[]> => {
    const { stdout } = await line(
      `oci package validate @/broken --registry layout:@/registry --out json${words}`,
    );
    const report = JSON.parse(stdout) as { readonly rules: Record<string, { readonly errors: string[] }> };
    return Object.values(report.rules).flatMap((rule) => rule.errors);
  };
  expect(await found('')).toEqual(errors);
  expect(await found(' --resolve')).toEqual(errors.toSpliced(2, 0, 'Dependency not found: nowhere'));
  manifest('');
  write('package.json', '{"name":"broken","version":"1.0.0"}\n');
  write('README.md', '# broken\n');
  expect(await line('oci package validate @/broken')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Extension structure valid'),
  });
  expect(await found(' --strict')).toContain('Missing CHANGELOG.md (recommended)');
  expect(await line('oci push @/broken --registry layout:@/registry')).toMatchObject({ code: 0 });
});

test('check mode says what would be copied, stored and forgotten, and changes nothing', async () => {
  const states = async (text: string): Promise<readonly string[]> => {
    const { code, stdout } = await line(`${text} --check --registry layout:@/registry --out json`);
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { state: string }[]).map(({ state }) => state);
  };
  expect(await states('oci copy redis:1.0.0 layout:@/check/redis:1.0.0')).toEqual(['would-copy']);
  const there = 'oci copy redis:1.0.0 layout:@/there/redis:1.0.0';
  expect(await line(`${there} --registry layout:@/registry`)).toMatchObject({ code: 0 });
  expect(await states(there)).toEqual(['present']);
  expect(await states('oci mirror layout:@/check --include redis')).toEqual(['would-copy']);
  expect(await states('oci export check.tar redis:1.0.0')).toEqual(['would-copy']);
  expect(await line('oci export real.tar redis:1.0.0 --registry layout:@/registry')).toMatchObject({
    code: 0,
  });
  expect(await states('oci import real.tar --to layout:@/check')).toEqual(['would-copy']);
  for (const name of ['check', 'check.tar']) expect(existsSync(join(home, name))).toBe(false);

  const server = new RegistryServer({ storage: join(home, 'login'), port: 0 });
  const host = `127.0.0.1:${(await server.listen()).port}`;
  const stored = join(home, '.docker/config.json');
  try {
    expect(await line(`oci login ${host} --token-file @/nothing`)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('nothing cannot be read'),
    });
    writeFileSync(join(home, 'token'), 'two words\n', { mode: 0o600 });
    expect(await line(`oci login ${host} --token-file @/token`)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('contains whitespace'),
    });
    writeFileSync(join(home, 'token'), 'secret\n');
    expect(await line(`oci login ${host} --token-file @/token --check`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing was stored'),
    });
    expect(existsSync(stored)).toBe(false);
    expect(await line(`oci login ${host} --token-file @/token`)).toMatchObject({ code: 0 });
    const before = readFileSync(stored, 'utf8');
    expect((await line(`oci logout ${host} --check`)).stdout).toContain('Would log out');
    expect(readFileSync(stored, 'utf8')).toBe(before);
  } finally {
    await server.close();
  }
});

test('a path that leads to something else than what is wanted is named, and nothing is written', async () => {
  const said = async (text: string): Promise<readonly [number, string]> => {
    const { code, stderr } = await line(`${text} --registry layout:@/registry`);
    return [code, stderr.split('\n', 1)[0]!.replaceAll(`${home}/`, '')];
  };
  writeFileSync(join(home, 'file'), '');
  writeFileSync(join(home, 'empty.tar'), Buffer.alloc(1024));
  expect(await said('oci export redis redis:1.0.0')).toEqual([
    1,
    'error: redis is a folder, and a bundle is a file',
  ]);
  expect(await said('oci import redis')).toEqual([1, 'error: redis is a folder, and a bundle is a file']);
  expect(await said('oci import empty.tar')).toEqual([
    1,
    'error: empty.tar is no bundle: it holds no OCI image layout (index.json)',
  ]);
  expect((await line('oci inspect-artifact redis')).stderr).toContain('redis is a folder, and an archive');
  expect((await line('oci package @/redis --output file')).stderr).toContain('A part of this path is a file');
  expect(readdirSync(home).filter((name) => name.startsWith('.export-'))).toEqual([]);
  expect((await said('oci export new/folder/b.tar redis:1.0.0'))[0]).toBe(0);
  expect((await said('oci import new/folder/b.tar --to layout:@/from-bundle'))[0]).toBe(0);
});

test('extensions are registered, enabled and disabled in words only in check mode', async () => {
  const list = async (): Promise<string> => (await line('extension list --out json')).stdout;
  const before = await list();
  expect((await line('extension register @/redis taskserv --check')).stdout).toContain('Would register');
  expect(await line('extension unregister redis taskserv --check')).toMatchObject({ code: 5 });
  expect(await list()).toBe(before);
  expect(await line('extension register @/redis taskserv')).toMatchObject({ code: 0 });
  const registered = await list();
  for (const words of ['unregister redis taskserv', 'enable redis', 'disable redis'])
    expect(await line(`extension ${words} --check`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Would '),
    });
  expect(await list()).toBe(registered);
});
