import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RegistryServer } from '@provisioning/distribution';
import { type Outcome, run } from '../../../test/run.ts';
import { cleanUp } from '../../../../../tools/testing/clean-up.ts';
import { freePort } from '../../../../../tools/testing/free-port.ts';

const program = join(
  import.meta.dirname,
  '../../../../extension-registry/bin/provisioning-extension-registry.js',
);
let folder: string;
let environment: Record<string, string>;
let oci: RegistryServer;
let host: string;
let service: ChildProcess;
let url: string;
let site: Server;

const cli = (line: string, cwd = 'ws'): Promise<Outcome> =>
  run(line.split(' '), { environment, cwd: join(folder, cwd) });

async function push(name: string, version: string, more: object = {}): Promise<void> {
  const path = join(folder, 'src', version, name);
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
  await writeFile(join(path, 'README.md'), `# ${name} ${version}\n`);
  await mkdir(join(path, 'schema'));
  await writeFile(join(path, 'schema/config.json'), '{"type":"object"}');
  expect((await cli(`oci push ${path} --registry ${host} --namespace ns`)).code).toBe(0);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-registry-'));
  environment = { HOME: folder, PATH: process.env['PATH']!, USER: 'ana' };
  await mkdir(join(folder, 'src'));
  expect((await cli(`workspace init ${folder}/ws --infra-name prod`, 'src')).code).toBe(0);
  oci = new RegistryServer({ storage: join(folder, 'oci'), port: 0 });
  host = `127.0.0.1:${(await oci.listen()).port}`;
  await push('valkey', '1.0.0', { dependencies: { os: '*', queue: '^3' } });
  await push('valkey', '1.1.0', { dependencies: { os: '*', queue: '^3' } });
  await push('queue', '3.0.0');
  const config = join(folder, 'registry.toml');
  const port = await freePort();
  await writeFile(
    config,
    `[server]\nport = ${port}\n[logging]\nlevel = "silent"\n[[distributions.oci]]\nid = "zot"\nregistry = "${host}"\nnamespace = "ns"\n`,
  );
  service = spawn(process.execPath, [program, '--config', config], { env: environment, stdio: 'ignore' });
  url = `http://127.0.0.1:${port}`;
  environment['PROVISIONING_REGISTRY_URL'] = url;
  for (;;) {
    expect(service.exitCode).toBeNull();
    if ((await cli('registry health')).code === 0) break;
    await delay(100);
  }
}, 120_000);
afterAll(() =>
  cleanUp(
    async () => {
      if (service === undefined || service.exitCode !== null) return;
      const ended = new Promise((done) => service.once('exit', done));
      if (service.kill()) await ended;
    },
    () => oci?.close(),
    async () => {
      site?.closeAllConnections();
      if (site !== undefined) await new Promise((done) => site!.close(done));
    },
    () => rm(folder, { recursive: true, force: true }),
  ),
);

test('list, search, info and versions through the service', async () => {
  const names = async (line: string): Promise<unknown> =>
    (JSON.parse((await cli(`${line} --out json`)).stdout) as { name: string; version: string }[]).map(
      ({ name, version }) => `${name ?? ''} ${version}`,
    );
  expect(await names('registry list')).toEqual(['queue 3.0.0', 'valkey 1.1.0']);
  expect(await names('registry list --limit 1 --offset 1')).toEqual(['valkey 1.1.0']);
  expect(await names('registry search val')).toEqual(['valkey 1.1.0']);
  expect(await names('registry versions valkey')).toEqual([' 1.1.0', ' 1.0.0']);
  const info = await cli('registry info taskserv/valkey --out json');
  expect(JSON.parse(info.stdout)).toMatchObject({ version: '1.1.0', dependencies: { queue: '^3' } });
  expect(await cli('registry info nothing')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('Extension not found: nothing'),
  });
  expect((await cli('registry backends')).stdout).toMatch(/zot\s+oci\s+closed/);
  expect((await cli('registry health')).stdout).toContain('healthy');
  expect((await cli('registry cache clear')).code).toBe(0);
  expect(JSON.parse((await cli('registry cache stats --out json')).stdout)).toMatchObject({ size: 0 });
});

test('download and install through the service, with checked digests and dependencies', async () => {
  const done = await cli('registry download valkey 1.0.0 --output got --out json');
  const { file, sha256 } = JSON.parse(done.stdout) as { file: string; sha256: string };
  expect(
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  ).toBe(sha256);
  expect((await cli('registry download valkey 9.9.9')).code).toBe(5);
  const installed = await cli('registry install valkey@~1.0 --yes');
  expect([installed.code, installed.stdout]).toEqual([
    0,
    expect.stringContaining('Installed taskserv valkey 1.0.0 in '),
  ]);
  const users = join(folder, '.local/share/provisioning/extensions/taskservs');
  expect((await readdir(users)).sort()).toEqual(['queue', 'valkey']);
  expect((await cli('registry update')).stdout).toContain(`2 extensions at ${url}`);
  const update = await cli('registry update valkey --check --yes');
  expect([update.stderr, update.stdout]).toEqual([
    expect.any(String),
    expect.stringContaining('Would update 1'),
  ]);
  const pulled = await cli('registry install valkey:1.1.0 --workspace');
  expect([pulled.stderr, pulled.code]).toEqual([expect.any(String), 0]);
  expect(await readFile(join(folder, 'ws/config/extensions.lock.yaml'), 'utf8')).toContain(url);
});

test('a service that is not there is named, with the command that starts it', async () => {
  const gone = await cli(`registry list --registry http://127.0.0.1:${await freePort()}`);
  expect(gone.code).toBe(1);
  expect(gone.stderr).toMatch(
    /Extension registry not reachable at http:[^]*provisioning-extension-registry --config/,
  );
});

test('10.A18 a workspace installs from a static index behind a web server; an altered package is a digest error', async () => {
  const folderOfSite = join(folder, 'site');
  const built = await cli(`registry index build ${folderOfSite} --from ${host} --namespace ns`);
  expect([built.code, built.stdout]).toEqual([0, expect.stringContaining('2 extensions, 3 versions')]);
  expect((await cli(`registry index verify ${folderOfSite}`)).code).toBe(0);
  site = createServer((request, response) => {
    readFile(join(folderOfSite, request.url!)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((done) => site.once('listening', done));
  const address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  expect((await cli(`registry index verify ${address}`)).code).toBe(0);
  expect((await cli(`workspace init ${folder}/other --infra-name prod`, 'src')).code).toBe(0);
  const main = join(folder, 'other/config/provisioning.toml');
  await writeFile(
    main,
    `${await readFile(main, 'utf8')}\n[dependencies.registry]\ntype = "http"\nhttp = { url = "${address}" }\n[dependencies.extensions.modules]\ntaskservs = ["valkey@~1.0"]\n`,
  );
  const resolved = await cli('dep resolve --out json', 'other');
  expect(JSON.parse(resolved.stdout)).toMatchObject({ installed: 2 });
  const lock = await readFile(join(folder, 'other/config/extensions.lock.yaml'), 'utf8');
  expect(lock).toContain(`${address}/packages/taskservs/valkey-1.0.0.tar.gz`);
  const manifest = join(folder, 'other/extensions/taskservs/valkey/manifest.yaml');
  expect(await readFile(manifest, 'utf8')).toContain('1.0.0');

  const altered = join(folderOfSite, 'packages/taskservs/valkey-1.1.0.tar.gz');
  await writeFile(altered, (await readFile(altered)).reverse());
  await writeFile(main, (await readFile(main, 'utf8')).replace('~1.0', '~1.1'));
  const refused = await cli('dep resolve', 'other');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Digest mismatch')]);
  expect(await readFile(manifest, 'utf8')).toContain('1.0.0');
  expect(await readFile(join(folder, 'other/config/extensions.lock.yaml'), 'utf8')).toBe(lock);
  const found = await cli(`registry index verify ${folderOfSite}`);
  expect([found.code, found.stdout]).toEqual([1, expect.stringContaining('valkey 1.1.0')]);
});

test('an older configuration of the service is rewritten, keeping the file as it was', async () => {
  const file = join(folder, 'old.toml');
  const old =
    '# ours\n[gitea]\nurl = "http://git.example"\norg = "o" # organization\n\n[oci]\nregistry = "r.example"\nnamespace = "n"\n\n[cache]\nttl = 60\n';
  await writeFile(file, old);
  const shown = await cli(`registry config migrate ${file}`);
  expect(shown.stdout).toContain(
    '[[sources.gitea]]\nurl = "http://git.example"\norganization = "o" # organization',
  );
  expect(await readFile(file, 'utf8')).toBe(old);
  expect((await cli(`registry config migrate ${file} --write`)).code).toBe(0);
  expect(await readFile(`${file}.backup`, 'utf8')).toBe(old);
  expect(await readFile(file, 'utf8')).toContain('[[distributions.oci]]\nregistry = "r.example"');
});
