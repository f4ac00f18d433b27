import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Outcome, run } from '../../../test/run.ts';

let folder: string;
let environment: Record<string, string>;

const cli = (line: string): Promise<Outcome> =>
  run(line.split(' '), { environment, cwd: join(folder, 'ws') });
const registry = (): string => `--registry layout:${folder}/registry`;

async function extension(name: string, version: string, more: object = {}): Promise<string> {
  const path = join(folder, `${name}-${version}`, name);
  const manifest = {
    name,
    type: 'taskserv',
    version,
    description: 'd',
    author: 'a',
    license: 'MIT',
    ...more,
  };
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'manifest.yaml'), JSON.stringify(manifest));
  await writeFile(join(path, 'README.md'), `# ${name}\n`);
  await mkdir(join(path, 'schema'));
  await writeFile(join(path, 'schema/config.json'), '{"type":"object"}');
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-lifecycle-'));
  environment = { HOME: folder, PATH: process.env['PATH']!, USER: 'ana' };
  expect(
    (await run(['workspace', 'init', `${folder}/ws`, '--infra-name', 'prod'], { environment, cwd: folder }))
      .code,
  ).toBe(0);
  // `os` is no part of the registry: the product ships it.
  expect(
    (await cli(`oci push ${await extension('valkey', '1.0.0', { dependencies: { os: '*' } })} ${registry()}`))
      .code,
  ).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('09.A16 what is installed for the user is listed once, updated and removed', async () => {
  const installed = await cli(`extension install valkey@^1 ${registry()}`);
  expect(installed).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Installed taskserv valkey 1.0.0 in '),
  });
  const lines = (await cli('extension list --installed')).stdout
    .split('\n')
    .filter((line) => line.includes('valkey'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/taskserv\s+1\.0\.0\s+installed\s+enabled/);
  expect((await cli(`extension install valkey ${registry()}`)).stdout).toContain('is installed already');
  await cli(`oci push ${await extension('valkey', '2.0.0')} ${registry()}`);
  expect((await cli(`extension update valkey ${registry()} --check --out json`)).stdout).toContain(
    'would-install',
  );
  const asked = await cli(`extension update valkey ${registry()}`);
  expect(asked).toMatchObject({ code: 2 });
  expect((await cli(`extension update valkey ${registry()} --yes`)).stdout).toContain('Updated 1 of 1');
  expect((await cli('extension info valkey --out json')).stdout).toContain('2.0.0');
  await writeFile(
    join(folder, 'ws/infra/prod/servers.toml'),
    '[[servers]]\nhostname = "web-01"\nprovider = "local"\n[[servers.taskservs]]\nname = "valkey"\n',
  );
  expect(await cli('extension remove valkey')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('used by: ws: prod/web-01'),
  });
  expect((await cli('extension remove valkey@1.0.0')).stdout).toContain('Removed taskserv valkey 1.0.0');
  expect((await cli('extension remove valkey --force')).code).toBe(0);
  expect((await cli('extension remove valkey')).code).toBe(5);
});

test('into the workspace: pulled, saved among its modules, removed from its lock', async () => {
  const lock = (): Promise<string> => readFile(join(folder, 'ws/config/extensions.lock.yaml'), 'utf8');
  expect((await cli(`extension pull valkey:1.0.0 ${registry()} --save`)).code).toBe(0);
  expect(await lock()).toContain('name: valkey');
  expect((await cli(`dep resolve --frozen ${registry()}`)).stdout).toContain('1 unchanged');
  expect(await cli('extension remove valkey --workspace')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('dependencies.extensions.modules (valkey:1.0.0)'),
  });
  expect((await cli('extension remove valkey --workspace --force')).code).toBe(0);
  expect(await lock()).not.toContain('name: valkey');
  expect((await cli(`extension install valkey:1.0.0 --workspace ${registry()}`)).code).toBe(0);
  expect(await lock()).toContain('name: valkey');
});

test('what cannot be resolved is neither saved among the modules nor left in their place', async () => {
  const file = join(folder, 'ws/config/provisioning.toml');
  await cli(`oci push ${await extension('part', '1.0.0')} ${registry()}`);
  await cli(`oci push ${await extension('part', '2.0.0')} ${registry()}`);
  await cli(`oci push ${await extension('newer', '1.0.0', { dependencies: { part: '^2' } })} ${registry()}`);
  await cli(`oci push ${await extension('other', '1.0.0', { dependencies: { part: '^2' } })} ${registry()}`);
  await cli(`oci push ${await extension('other', '0.9.0', { dependencies: { part: '^1' } })} ${registry()}`);
  expect((await cli(`extension pull newer:1.0.0 ${registry()} --save`)).code).toBe(0);
  const before = await readFile(file, 'utf8');
  const conflict = { code: 1, stderr: expect.stringContaining('Version conflict for part') };
  expect(await cli(`extension pull other:0.9.0 ${registry()} --save`)).toMatchObject(conflict);
  expect(await readFile(file, 'utf8')).toBe(before);
  expect((await cli(`extension pull other:1.0.0 ${registry()} --save`)).code).toBe(0);
  const both = await readFile(file, 'utf8');
  expect(await cli(`dep update other --version 0.9.0 ${registry()}`)).toMatchObject(conflict);
  expect(await readFile(file, 'utf8')).toBe(both);
  await cli(`oci push ${await extension('other', '1.1.0', { dependencies: { part: '^2' } })} ${registry()}`);
  expect(await cli(`dep update other --version 1.1.0 ${registry()}`)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Updated other to 1.1.0'),
  });
  expect(await readFile(file, 'utf8')).toBe(both.replace('other:1.0.0', 'other:1.1.0'));
  for (const name of ['other', 'newer'])
    expect((await cli(`extension remove ${name} --workspace --force`)).code).toBe(0);
});

test('09.A16 a folder with extension.toml alone is found with its fields; what no longer runs is listed as invalid', async () => {
  const at = (name: string): string => join(folder, 'ws/extensions', name);
  const older = (name: string, more = ''): string =>
    `[extension]\nname = "${name}"\nversion = "1.2.0"\ndescription = "Older"\nauthor = "a"\nlicense = "MIT"\nkeywords = ["cloud"]\ncore-version = ">=0.1.0"\n[dependencies]\nextensions = ["os@^1.0"]\n[provides]\n${more}`;
  await mkdir(at('taskservs/older'), { recursive: true });
  await mkdir(at('providers/scripted'), { recursive: true });
  await writeFile(at('taskservs/older/extension.toml'), older('older', 'taskservs = ["older"]\n'));
  await writeFile(
    at('providers/scripted/extension.toml'),
    older('scripted', 'providers = ["scripted"]\n[entry_points]\nprovider = "nulib/provider.nu"\n'),
  );
  const shown = JSON.parse((await cli('extension info older --out json')).stdout) as object;
  expect(shown).toMatchObject({
    type: 'taskserv',
    version: '1.2.0',
    valid: true,
    manifest: {
      tags: ['cloud'],
      compatibility: { provisioning: '>=0.1.0' },
      dependencies: { os: '^1.0' },
    },
  });
  const all = JSON.parse((await cli('extension discover --all --out json')).stdout) as { name: string }[];
  expect(all.find(({ name }) => name === 'scripted')).toMatchObject({
    type: 'provider',
    version: '1.2.0',
    valid: false,
    reason: 'Entry point nulib/provider.nu cannot be loaded (unsupported language)',
  });
  const checked = await cli('extension validate extensions/providers/scripted');
  expect(checked).toMatchObject({ code: 1 });
  expect(checked.stdout + checked.stderr).toContain('nulib/provider.nu cannot be loaded');
});

test('08 §5 module load --source oci: fetched, copied into the infrastructure, its source remembered', async () => {
  await cli(`oci push ${await extension('dragonfly', '1.2.0', { dependencies: { os: '*' } })} ${registry()}`);
  const loaded = await cli(`module load taskserv ws:prod dragonfly --source oci ${registry()}`);
  expect(loaded).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Loaded dragonfly 1.2.0 (oci) → .taskservs/dragonfly'),
  });
  const manifest = await readFile(join(folder, 'ws/infra/prod/.manifest/taskservs.yaml'), 'utf8');
  expect(manifest).toMatch(/name: dragonfly\n.*version: 1\.2\.0\n.*source: oci/);
  expect((await cli('module validate ws:prod')).code).toBe(0);
  const missing = await cli(`module load taskserv ws:prod nowhere --source registry ${registry()}`);
  expect(missing).toMatchObject({ code: 5 });
  expect(await readFile(join(folder, 'ws/infra/prod/.manifest/taskservs.yaml'), 'utf8')).toBe(manifest);
});

test('an extension that npm installed into the workspace is discovered like any other', async () => {
  const path = await extension('beanstalk', '1.4.0');
  const described = {
    name: '@example/provisioning-taskserv-beanstalk',
    version: '1.4.0',
    keywords: ['provisioning-extension'],
    provisioning: { manifest: 'manifest.yaml' },
  };
  await writeFile(join(path, 'package.json'), JSON.stringify(described));
  const npm = async (cwd: string, ...words: readonly string[]): Promise<string> => {
    const env = { ...process.env, ...environment, npm_config_cache: join(folder, 'npm-cache') };
    const silent = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
    return (await promisify(execFile)('npm', [...words, ...silent], { cwd, env })).stdout.trim();
  };
  const packed = await npm(path, 'pack', '--pack-destination', folder);
  await npm(join(folder, 'ws'), 'install', '--prefix', join(folder, 'ws'), join(folder, packed));
  const listed = JSON.parse((await cli('extension list --installed --out json')).stdout) as {
    name: string;
  }[];
  expect(listed.filter(({ name }) => name === 'beanstalk')).toMatchObject([
    { type: 'taskserv', version: '1.4.0', valid: true, enabled: true },
  ]);
  const shown = JSON.parse((await cli('extension info beanstalk --out json')).stdout) as { path: string };
  expect(shown.path).toContain('node_modules/@example/provisioning-taskserv-beanstalk');
}, 120_000);

test('06 §5.4 a package whose signature was verified is certified, until a file of it changes or the key is taken back', async () => {
  const pair = generateKeyPairSync('ed25519');
  const key = join(folder, 'acme.key');
  await writeFile(key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(join(folder, 'acme.pub'), pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const path = await extension('acme', '1.0.0', { type: 'provider' });
  await writeFile(join(path, 'rest.yaml'), 'base_url: https://api.example.com\nauth: { method: none }\n');
  expect((await cli(`oci push ${path} ${registry()} --sign --key ${key}`)).code).toBe(0);
  const configuration = join(folder, '.config/provisioning/config.toml');
  await writeFile(configuration, `[oci.signing]\npublic_keys = ["${folder}/acme.pub"]\n`);
  expect((await cli(`extension install provider/acme ${registry()} --verify-signature`)).code).toBe(0);

  const listed = async () => {
    const { stdout } = await run(['providers', 'list', '--out', 'json'], {
      environment: { ...environment, PROVISIONING_PROFILE: 'production' },
      cwd: join(folder, 'ws'),
    });
    return (JSON.parse(stdout) as { name: string }[]).find(({ name }) => name === 'acme');
  };
  const signed = { certified: true, available: true, signed_by: expect.stringMatching(/^[0-9a-f]{16}$/) };
  expect(await listed()).toMatchObject(signed);
  // Using it in production is allowed too: what fails now is its address, not the profile.
  const used = await run(['provider', 'test', 'acme'], {
    environment: { ...environment, PROVISIONING_PROFILE: 'production' },
    cwd: join(folder, 'ws'),
  });
  expect(used.stderr).not.toContain('not allowed by profile');
  const declaration = join(folder, '.local/share/provisioning/extensions/providers/acme/1.0.0/rest.yaml');
  const before = await readFile(declaration, 'utf8');
  await writeFile(declaration, `${before}defaults: { image: mine }\n`);
  expect(await listed()).toMatchObject({ certified: false, available: false });
  await writeFile(declaration, before);
  expect(await listed()).toMatchObject(signed);
  await rm(configuration);
  expect(await listed()).toMatchObject({ certified: false });
});
