import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Outcome, run } from '../../../test/run.ts';

let folder: string;
let environment: Record<string, string>;

const cli = (line: string, cwd = join(folder, 'ws')): Promise<Outcome> =>
  run(line.split(' '), { environment, cwd });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-extension-'));
  environment = { HOME: folder, PATH: process.env['PATH']!, USER: 'ana' };
  expect((await cli(`workspace init ${folder}/ws --infra-name prod`, folder)).code).toBe(0);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('08.A15 08.A18 generate, validate, test and build on the command line', async () => {
  const made = await cli('create-extension taskserv my-api --category development --port 8080 --author Ana');
  expect(made.stderr).toBe('');
  expect(made.code).toBe(0);
  const path = join(folder, 'ws/extensions/taskservs/development/my-api');
  const again = await cli('generate extension taskserv my-api --category development');
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toContain(`Extension already exists: ${path}`);
  expect((await cli('generate extension taskserv My_Api')).code).toBe(2);
  const dry = await cli('generate extension provider not-yet --check');
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('would be created') });
  await expect(readFile(join(folder, 'ws/extensions/providers/not-yet/manifest.yaml'))).rejects.toThrow(
    'ENOENT',
  );
  const valid = await cli('extension validate my-api');
  expect(valid).toMatchObject({ code: 0, stdout: expect.stringContaining('ok: Extension structure valid') });
  expect((await cli('extension test my-api --test-type unit')).stdout).toContain(
    'ok: unit: 1 passed, 0 failed',
  );
  expect((await cli('extension test my-api --test-type nonsense')).stderr).toContain(
    'Unknown test type: nonsense',
  );
  const kept = await cli('extension docs my-api');
  expect([kept.code, kept.stderr]).toEqual([1, expect.stringContaining('There is a file already')]);
  expect((await cli('extension docs my-api --force')).code).toBe(0);
  const page = await readFile(join(path, 'docs/API.md'), 'utf8');
  expect(page).toContain('| Needs | os >=1.0.0 |');
  expect(page).toContain('| `port` | integer | `8080` | at least 1; at most 65535 |');
  expect(page).toContain('| `ingress.hostname` | string | `""` |  |');
  const hash = async (): Promise<string> =>
    createHash('sha256')
      .update(await readFile(join(path, 'dist/my-api-0.1.0.tar.gz')))
      .digest('hex');
  expect((await cli('extension build my-api')).code).toBe(0);
  const first = await hash();
  await cli('extension build my-api');
  expect(await hash()).toBe(first);
  await writeFile(
    join(path, 'docs/key.txt'),
    '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n',
  );
  const refused = await cli('extension build my-api');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('docs/key.txt');
  await rm(join(path, 'docs/key.txt'));
});

test('08.A17 enable needs the required variables; a failure leaves it disabled', async () => {
  expect((await cli('generate extension provider my-cloud --author Ana')).code).toBe(0);
  const refused = await cli('extension enable my-cloud --yes');
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain('MY_CLOUD_TOKEN environment variable is required');
  expect((await cli('extension info my-cloud')).stdout).toContain('Status: disabled');
  environment['MY_CLOUD_TOKEN'] = 'x';
  const enabled = await cli('extension enable my-cloud --yes');
  expect(enabled.stderr).toContain('my-cloud asks for network: *');
  expect(enabled).toMatchObject({ code: 0, stdout: expect.stringContaining('Enabled provider my-cloud') });
  await writeFile(
    join(folder, 'ws/infra/prod/servers.toml'),
    '[[servers]]\nhostname = "web-01"\nprovider = "my-cloud"\n',
  );
  const used = await cli('extension disable my-cloud');
  expect(used).toMatchObject({ code: 1, stderr: expect.stringContaining('used by: prod/web-01') });
  expect((await cli('extension disable my-cloud --force')).code).toBe(0);
  expect((await cli('extension list --type provider')).stdout).toMatch(/my-cloud\s.*disabled/);
});

test('08 §4.3 configure writes settings that meet the schema, and no others', async () => {
  expect((await cli('generate extension taskserv my-cache --author Ana --port 7000')).code).toBe(0);
  const path = join(folder, 'ws/extensions/taskservs/my-cache');
  await writeFile(
    join(path, 'schema/config.json'),
    '{"type":"object","properties":{"port":{"type":"integer","minimum":1},"title":{"type":"string"}}}',
  );
  const set = await cli('extension configure my-cache --set port=7001 --set title=Cache');
  expect(set).toMatchObject({ code: 0, stderr: '' });
  expect(set.stdout).toContain('Set extensions.my-cache.port, extensions.my-cache.title in ');
  expect((await cli('config get extensions.my-cache --out json')).stdout).toContain('"port":7001');
  const wrong = await cli('extension configure my-cache --set port=none');
  expect(wrong).toMatchObject({ code: 3, stderr: expect.stringContaining('extensions.my-cache.port') });
  expect((await cli('config get extensions.my-cache --out json')).stdout).toContain('"port":7001');
  expect(await cli('extension configure my-cache')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Settings: port, title'),
  });
});
