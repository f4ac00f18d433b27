import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { StateFile } from '@provisioning/core';
import { stopPrivateService } from '@provisioning/provider-local/engine';
import { type Outcome, run } from '../../../test/run.ts';

let folder: string;
const variables = () => ({ HOME: folder, PATH: process.env['PATH']!, USER: 'ana' });
const cli = (line: string, environment: Record<string, string> = {}): Promise<Outcome> =>
  run(line.split(' '), {
    environment: { ...variables(), ...environment },
    cwd: join(folder, 'ws'),
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-provider-'));
  await mkdir(join(folder, 'ws'));
  expect((await cli(`workspace init ${folder}/ws --infra-name wuji`)).code).toBe(0);
  await rm(join(folder, 'ws/infra/wuji/servers.toml'), { force: true });
  await writeFile(
    join(folder, 'ws/infra/wuji/settings.toml'),
    '[[servers]]\nhostname = "web-01"\nprovider = "upcloud"\nplan = "2xCPU-4GB"\n',
  );
  const acme = join(folder, 'ws/extensions/providers/acme');
  await mkdir(acme, { recursive: true });
  await writeFile(
    join(acme, 'manifest.yaml'),
    'name: acme\ntype: provider\nversion: 1.0.0\ndescription: Ours\n',
  );
  await writeFile(
    join(acme, 'rest.yaml'),
    'base_url: https://api.example.com\nauth: { method: none }\nzones: [{ name: a-1, region: de }, { name: a-2, region: de }, { name: a-3, region: us }]\nplans: [{ name: small, cores: 2, memory_mb: 4096 }]\npricing: { table: { small: 0.05 } }\nreservations: { months: [12, 36], url: https://acme.example.com/promise }\n',
  );
});
afterAll(async () => {
  await stopPrivateService({ variables: variables() });
  await rm(folder, { recursive: true, force: true });
});

test('06.A1 provider list has the built-in ones and one dropped into the workspace', async () => {
  const { stdout, code } = await cli('providers list --out json');
  expect(code).toBe(0);
  const names = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['acme', 'aws', 'baremetal', 'hetzner', 'local', 'rest', 'upcloud']),
  );
});

test('06.A3 provider test aws without credentials: the variable, exit 4', async () => {
  const { code, stderr } = await cli('provider test aws --debug');
  expect(stderr).toContain('AWS_ACCESS_KEY_ID environment variable is required');
  expect(code).toBe(4);
});

test('06 §4.1 a provider without a CLI refuses interface = "CLI" wherever it is used', async () => {
  const settings = join(folder, 'ws/config/providers/aws.toml');
  await mkdir(join(settings, '..'), { recursive: true });
  await writeFile(settings, '[provider]\ninterface = "CLI"\n');
  const said = "providers.aws.interface: provider 'aws' speaks to its API, never through a CLI";
  try {
    for (const line of ['provider test aws', 'provider plans aws', 'provider list-servers aws'])
      expect(await cli(line)).toMatchObject({ code: 3, stderr: expect.stringContaining(said) });
    const validated = await cli('provider validate aws');
    expect(validated).toMatchObject({ code: 3, stdout: expect.stringContaining(said) });
  } finally {
    await rm(settings);
  }
});

test('06.A3 provider test with credentials that are refused: the reason, what to do, exit 4', async () => {
  const token = 'token-that-was-revoked';
  const refusing = createServer((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code: 'unauthorized', message: `no such token ${token}` } }));
  });
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  const settings = join(folder, 'ws/config/providers/hetzner.toml');
  const { port } = refusing.address() as AddressInfo;
  await mkdir(join(settings, '..'), { recursive: true });
  await writeFile(settings, `[provider]\napi_url = "http://127.0.0.1:${port}"\n`);
  try {
    const { code, stdout, stderr } = await cli('provider test hetzner --debug', { HCLOUD_TOKEN: token });
    expect(stdout).toContain('Connection failed: Authentication failed: no such token [redacted]');
    expect(stdout).toContain('Check your API credentials and network connectivity');
    expect(code).toBe(4);
    expect(stdout + stderr).not.toContain(token);
  } finally {
    refusing.close();
    await rm(settings);
  }
});

test('an unknown provider is exit 5 with those there are; an unknown test type exit 2', async () => {
  const { code, stderr } = await cli('provider info nope');
  expect(code).toBe(5);
  expect(stderr).toContain("Provider 'nope' not found");
  expect((await cli('provider test acme --test-type deep')).stderr).toContain('Unknown test type: deep');
});

test('06.A13 install, validate, remove on the command line', async () => {
  expect((await cli('providers install upcloud wuji')).stdout).toContain('Installed upcloud');
  expect((await cli('providers install upcloud wuji')).stdout).toContain('already installed');
  expect(JSON.parse((await cli('providers installed wuji --out json')).stdout)).toMatchObject([
    { name: 'upcloud', mode: 'link' },
  ]);
  const used = await cli('providers remove upcloud wuji');
  expect(used.code).toBe(1);
  expect(used.stderr).toContain("Provider 'upcloud' is used by: web-01");
  const link = join(folder, 'ws/infra/wuji/.providers/upcloud');
  await rm(link);
  await symlink('../nowhere', link);
  expect((await cli('providers validate wuji')).code).toBe(1);
  expect((await cli('providers remove upcloud wuji --force')).code).toBe(0);
});

test('06.A17 suggest places over two zones; an impossible certification is an empty list, exit 1', async () => {
  const { stdout, code } = await cli('providers suggest --regions de --ha --infra wuji --out json');
  const strategy = JSON.parse(stdout) as {
    placement: object;
    recommendations: { provider: string; zones: string[] }[];
  };
  expect(code).toBe(0);
  expect(strategy.recommendations.find(({ provider }) => provider === 'acme')?.zones).toEqual(['a-1', 'a-2']);
  const none = await cli('providers suggest --compliance FedRAMP --out json');
  expect(none.code).toBe(1);
  expect(JSON.parse(none.stdout)).toMatchObject({ recommendations: [], placement: {} });
});

test('06.A12 production refuses local, exit 4', async () => {
  const { code, stderr } = await cli('provider zones local', { PROVISIONING_PROFILE: 'production' });
  expect(code).toBe(4);
  expect(stderr).toContain("Provider 'local' is not allowed by profile 'production'");
});

test('catalogue of a declared provider', async () => {
  expect(JSON.parse((await cli('provider plans acme --out json')).stdout)).toMatchObject([
    { name: 'small', hourly: 0.05 },
  ]);
  expect(JSON.parse((await cli('provider zones acme --out json')).stdout)).toHaveLength(3);
});

test('05 §7.4 server reserve: servers that run the same plan in the same zone are one offer, nothing is bought', async () => {
  const infra = join(folder, 'ws/infra/wuji');
  const before = await readFile(join(infra, 'settings.toml'), 'utf8');
  const acme = (name: string): string =>
    `[[servers]]\nhostname = "${name}"\nprovider = "acme"\nplan = "small"\nzone = "a-1"\n`;
  await writeFile(join(infra, 'settings.toml'), `${acme('app-01')}${acme('app-02')}${acme('app-03')}`);
  const api = createServer((_request, response) => response.end('{"servers":[]}'));
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const { port } = api.address() as AddressInfo;
  const settings = join(folder, 'ws/config/providers/acme.toml');
  await writeFile(settings, `base_url = "http://127.0.0.1:${port}"\n`);
  const state = new StateFile(infra);
  for (const [hostname, status] of [
    ['app-01', 'running'],
    ['app-02', 'running'],
    ['app-03', 'stopped'],
  ] as const) {
    const kind = {
      provider: 'acme',
      plan: 'small',
      zone: 'a-1',
      cores: 2,
      memory: 4096,
      disk: 25,
      os: 'any',
    };
    const known = { ip_addresses: {}, tags: {}, created_at: '2026-01-01T00:00:00.000Z' };
    await state.recordServer(
      { id: hostname, name: hostname, hostname, status, ...kind, ...known },
      Date.now(),
    );
  }
  expect(JSON.parse((await cli('server reserve --out json')).stdout)).toEqual([
    {
      ...{ provider: 'acme', plan: 'small', zone: 'a-1', servers: ['app-01', 'app-02'] },
      ...{ monthly: 73, currency: 'USD', months: [12, 36], url: 'https://acme.example.com/promise' },
    },
  ]);
  expect((await cli('server reserve')).stdout).toContain('https://acme.example.com/promise');
  api.close();
  await rm(settings);
  await rm(join(infra, 'data'), { recursive: true });
  await writeFile(join(infra, 'settings.toml'), before);
});

test('06 §6.6 the private cloud of the examples is held to the settings that its schema demands', async () => {
  const source = join(
    import.meta.dirname,
    '../../../../../examples/extensions/providers/company-private-cloud',
  );
  const target = join(folder, 'ws/extensions/providers/company-private-cloud');
  await cp(source, target, { recursive: true });
  const token = { COMPANY_CLOUD_TOKEN: 'a-token' };
  const bare = await cli('provider validate company-private-cloud', token);
  expect(bare.code).toBe(3);
  expect(bare.stdout + bare.stderr).toContain('Cost center required for billing');
  expect(bare.stdout + bare.stderr).toContain('Department required');
  const settings = 'auth_token = "a-token"\ncost_center = "4711"\ndepartment = "platform"\n';
  await mkdir(join(folder, 'ws/config/providers'), { recursive: true });
  await writeFile(join(folder, 'ws/config/providers/company-private-cloud.toml'), settings);
  const whole = await cli('provider validate company-private-cloud', token);
  expect([whole.code, whole.stderr]).toEqual([0, whole.stderr]);
  const plans = JSON.parse((await cli('provider plans company-private-cloud --out json')).stdout) as {
    name: string;
  }[];
  expect(plans.map(({ name }) => name)).toEqual(['small', 'medium', 'large', 'xlarge', '2xlarge']);
  const definition = join(folder, 'ws/infra/wuji/settings.toml');
  const before = await readFile(definition, 'utf8');
  const server = '[[servers]]\nhostname = "erp-01"\nprovider = "company-private-cloud"\nplan = "medium"\n';
  await writeFile(definition, `${server}[servers.company-private-cloud]\nroot_disk_size = 8\n`);
  const small = await cli('server create --check', token);
  expect([small.code, small.stderr]).toEqual([3, expect.stringContaining('Root disk must be at least 20GB')]);
  await writeFile(definition, before);
  await rm(target, { recursive: true });
});

test('06 §8 provider delete-server asks before it talks to the provider', async () => {
  const { code, stderr } = await cli('provider delete-server web-01 --provider local', {
    PROVISIONING_NONINTERACTIVE: '1',
  });
  expect([code, stderr]).toEqual([2, expect.stringContaining('Confirmation required: re-run with --yes')]);
  // Looking for the server would have asked for credentials.
  const cloud = await cli('provider delete-server web-01 --provider upcloud');
  expect([cloud.code, cloud.stderr]).toEqual([2, expect.stringContaining('re-run with --yes')]);
  expect((await cli('provider delete-server web-01 --provider upcloud --yes')).code).toBe(4);
});

test('06 §9 what can be set, and what is set and where', async () => {
  await writeFile(
    join(folder, 'ws/infra/wuji/config.toml'),
    '[providers.hetzner]\ndefault_zone = "nbg1"\ntoken = "hush"\n',
  );
  const { stdout } = await cli('provider info hetzner --schema --out json');
  expect(JSON.parse(stdout)).toMatchObject({
    settings: expect.arrayContaining([
      {
        key: 'providers.hetzner.default_zone',
        value: 'nbg1',
        layer: 'infra',
        file: expect.stringMatching(/wuji\/config\.toml$/),
        line: 2,
      },
    ]),
    schema: {
      config: { properties: { default_zone: { type: 'string' } } },
      server: { properties: { placement_group: { type: 'integer' } } },
    },
  });
  expect(stdout).not.toContain('hush');
  const shown = (await cli('provider info hetzner --schema')).stdout;
  expect(shown).toMatch(/server\s+placement_group\s+integer/);
  expect((await cli('providers list --schema')).stdout).toMatch(/hetzner .* \d+ settings/);
  await rm(join(folder, 'ws/infra/wuji/config.toml'));
});
