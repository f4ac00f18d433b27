import { appendFile, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RegistryServer } from '@provisioning/distribution';
import { requiredProviderFunctions } from '@provisioning/extensions-sdk';
import { type Outcome, run } from '../../../test/run.ts';

const upcloud = join(import.meta.dirname, '../../../../providers/upcloud');
let folder: string;

const cli = (line: string, environment: Record<string, string> = {}): Promise<Outcome> =>
  run(line.split(' '), {
    environment: { HOME: folder, PATH: process.env['PATH']!, USER: 'ana', ...environment },
    cwd: join(folder, 'ws/infra/wuji'),
  });
/** The answer of a command that has to succeed. */
async function done(line: string): Promise<Outcome> {
  const outcome = await cli(line);
  expect([line, outcome.code, outcome.stderr]).toEqual([line, 0, outcome.stderr]);
  return outcome;
}
const json = async <T>(line: string): Promise<T> =>
  JSON.parse((await done(`${line} --out json`)).stdout) as T;
const packs = async (): Promise<string[]> =>
  (await json<{ file: string }[]>('pack list --output packs')).map(({ file }) => file).sort();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-pack-'));
  const { code } = await run(['workspace', 'init', join(folder, 'ws'), '--infra-name', 'wuji'], {
    environment: { HOME: folder, PATH: process.env['PATH']! },
    cwd: folder,
  });
  expect(code).toBe(0);
  await rm(join(folder, 'ws/infra/wuji/servers.toml'), { force: true });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('06.A14 packing a provider twice gives the same archive; a version never changes; clean keeps what it says', async () => {
  interface Packed {
    readonly path: string;
    readonly metadata: { readonly sha256: string; readonly package_file: string };
  }
  const first = await json<Packed>('pack provider upcloud --output packs');
  const second = await json<Packed>('pack provider upcloud --output elsewhere');
  expect(first.metadata.package_file).toBe('upcloud_prov_0.1.0.tar');
  expect(second.metadata.sha256).toBe(first.metadata.sha256);
  const bytes = await Promise.all([first, second].map(({ path }) => readFile(path)));
  expect(bytes[0]!.equals(bytes[1]!)).toBe(true);
  expect((await done('pack provider upcloud --output packs')).stdout).toContain('Unchanged');

  // A copy of one's own, changed, with the version kept.
  const own = join(folder, 'ws/extensions/providers/upcloud');
  await cp(upcloud, own, { recursive: true, filter: (path) => !/node_modules|test$/.test(path) });
  await appendFile(join(own, 'README.md'), 'Changed.\n');
  const refused = await cli('pack provider upcloud --output packs');
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('Package upcloud 0.1.0 already exists with different content'),
  ]);
  expect((await readFile(first.path)).equals(bytes[0]!)).toBe(true);
  await rm(own, { recursive: true });

  for (const version of ['0.2.0', '0.10.0'])
    await done(`pack provider upcloud --output packs --version ${version}`);
  const all = ['upcloud_prov_0.1.0.tar', 'upcloud_prov_0.10.0.tar', 'upcloud_prov_0.2.0.tar'];
  expect(await packs()).toEqual(all);
  const { stdout } = await done('pack clean --keep-latest 1 --dry-run --output packs');
  expect(stdout).toContain('would remove upcloud_prov_0.2.0.tar');
  expect(stdout).not.toContain('0.10.0');
  expect(await packs()).toEqual(all);
});

test('06 §10.2 a pack is installed with its digest, alone allowed in production, and never cleaned away', async () => {
  const linked = await cli('providers install upcloud wuji --environment prod');
  expect([linked.code, linked.stderr]).toEqual([
    3,
    expect.stringContaining("Provider 'upcloud' is linked; production needs a pinned pack"),
  ]);
  const enterprise = await cli('providers install upcloud wuji --from packs/upcloud_prov_0.1.0.tar', {
    PROVISIONING_MODE: 'enterprise',
  });
  expect([enterprise.code, enterprise.stderr]).toEqual([
    4,
    expect.stringContaining('Unsigned artifact refused: upcloud'),
  ]);

  const missing = await cli('providers install upcloud wuji --version 9.9.9');
  expect(missing.code).toBe(5);
  const { provider } = await json<{ provider: object }>(
    'providers install upcloud wuji --environment prod --from packs/upcloud_prov_0.1.0.tar',
  );
  expect(provider).toEqual({
    name: 'upcloud',
    version: '0.1.0',
    mode: 'pack',
    path: 'vendor/upcloud_prov',
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const infra = join(folder, 'ws/infra/wuji');
  expect(await readdir(join(infra, 'vendor'))).toEqual(['upcloud_prov']);
  expect(await readFile(join(infra, 'vendor/upcloud_prov/config.schema.toml'), 'utf8')).toContain('upcloud');
  const relinked = await cli('providers install upcloud wuji');
  expect([relinked.code, relinked.stderr]).toEqual([1, expect.stringContaining('is installed as pack')]);

  await done('pack clean --keep-latest 0 --output packs');
  expect(await packs()).toEqual(['upcloud_prov_0.1.0.tar']);
  await done('providers remove upcloud wuji');
  expect(await readdir(join(infra, 'vendor'))).toEqual([]);
  await done('providers install upcloud wuji');
});

test('06 §10.2 an archive that is not what was packed, or another provider, is not installed', async () => {
  await done('providers remove upcloud wuji');
  await done('pack provider hetzner --output packs');
  const other = await cli('providers install upcloud wuji --from packs/hetzner_prov_0.1.0.tar');
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("holds provider 'hetzner'")]);
  const file = join(folder, 'ws/infra/wuji/packs/hetzner_prov_0.1.0.tar');
  await writeFile(file, Buffer.concat([await readFile(file), Buffer.alloc(512)]));
  const damaged = await cli('providers install hetzner wuji --from packs/hetzner_prov_0.1.0.tar');
  expect([damaged.code, damaged.stderr]).toEqual([1, expect.stringContaining('is not what was packed')]);
  expect(await readdir(join(folder, 'ws/infra/wuji/vendor'))).toEqual([]);
});

/** A provider in plain JavaScript that says in its zone where it was loaded from. */
async function ownProvider(): Promise<string> {
  const path = join(folder, 'ws/extensions/providers/acme');
  await mkdir(path, { recursive: true });
  const functions = requiredProviderFunctions.filter((name) => name !== 'listZones');
  const source = `const instance = { ${functions.map((name) => `${name}: async () => []`).join(', ')} };
    instance.listZones = async () => [{ name: new URL('.', import.meta.url).pathname.split('/').at(-2), region: 'x', available: true }];
    const metadata = () => ({ name: 'acme', version: '1.0.0', type: 'provider', display_name: 'Acme', description: 'Own', interface: 'API', category: 'cloud',
      capabilities: { server_management: true }, required_auth: [], auth_methods: [], supported_os: ['any'], regions: [], certified: false });
    export default { apiVersion: '2.0', metadata, configSchema: {}, serverSchema: {}, defaults: { server: {} }, init: async () => instance };\n`;
  const manifest =
    'name: acme\ntype: provider\nversion: 1.0.0\ndescription: Own\nentry_points: { provider: provider.js }\n';
  await writeFile(join(path, 'provider.js'), source);
  await writeFile(join(path, 'manifest.yaml'), manifest);
  await writeFile(join(path, 'README.md'), '# Acme\n');
  return path;
}

test('06 §10.2 a provider comes from a registry into vendor/, and is loaded from there and nowhere else', async () => {
  const source = await ownProvider();
  const zones = async (): Promise<unknown> => json('provider zones acme');
  expect(await zones()).toMatchObject([{ name: 'acme' }]);
  const registry = new RegistryServer({ storage: join(folder, 'oci'), port: 0 });
  const { port } = await registry.listen();
  try {
    const pushed = await json<{ reference: string; digest: string }>(
      `oci push ${source} --registry 127.0.0.1:${port} --namespace own`,
    );
    await rm(source, { recursive: true });
    const reference = pushed.reference.replace(/^(?:oci:\/\/)?/, 'oci://');
    const { provider } = await json<{ provider: { sha256: string } }>(
      `providers install acme wuji --environment prod --from ${reference}`,
    );
    expect(provider).toMatchObject({
      name: 'acme',
      version: '1.0.0',
      mode: 'pack',
      path: 'vendor/acme_prov',
    });
    expect(`sha256:${provider.sha256}`).toBe(pushed.digest);
    const wrong = await cli(`providers install upcloud wuji --from ${reference}`);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining("holds provider 'acme', expected provider 'upcloud'"),
    ]);
  } finally {
    await registry.close();
  }
  // The source and the registry are gone.
  expect(await zones()).toMatchObject([{ name: 'acme_prov' }]);
  const listed = await json<{ name: string; source: string }[]>('provider list --verbose');
  expect(listed).toContainEqual(expect.objectContaining({ name: 'acme', source: 'infrastructure' }));
  expect((await cli('provider validate-install wuji')).stderr).not.toContain('acme');
  await done('providers remove acme wuji');
  expect((await cli('provider zones acme')).code).toBe(5);
});

test('06 §10.2 pack core writes the program, the same archive each time, with its metadata', async () => {
  interface Packed {
    readonly path: string;
    readonly metadata_path: string;
    readonly metadata: { readonly name: string; readonly sha256: string };
  }
  const first = await json<Packed>('pack core --output programs --version 7.0.0');
  expect([first.path, first.metadata_path].map((path) => basename(path))).toEqual([
    'provisioning_7.0.0.tar',
    'provisioning_core.json',
  ]);
  const again = await json<Packed>('pack core --output elsewhere --version 7.0.0');
  expect(again.metadata.sha256).toBe(first.metadata.sha256);
  expect(JSON.parse(await readFile(first.metadata_path, 'utf8'))).toMatchObject({
    name: 'provisioning',
    version: '7.0.0',
    package_file: 'provisioning_7.0.0.tar',
  });
  const names = execFileSync('tar', ['-tf', first.path], { encoding: 'utf8' }).split('\n');
  expect(names).toEqual(expect.arrayContaining(['package.json', 'bin/provisioning.js', 'dist/main.js']));
  expect(names.filter((name) => /^(src|test|node_modules)\//.test(name))).toEqual([]);
  expect((await json<{ name: string }[]>('pack list --output programs')).map(({ name }) => name)).toEqual([
    'provisioning',
  ]);
});
