import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LoadOptions, loadConfiguration } from './load.ts';
import type { Surroundings } from './surroundings.ts';

let root: string;
let workspace: string;
let user: string;
let env: Record<string, string>;

const surroundings = (): Surroundings => ({
  env,
  cwd: root,
  home: root,
  platform: 'linux',
  installation: '/opt/provisioning',
  now: () => new Date('2026-01-02T03:04:05Z'),
});
const put = async (file: string, text: string): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
};
const main = (text: string): Promise<void> =>
  put(
    path.join(workspace, 'config', 'provisioning.toml'),
    `[workspace]\nname = "w"\nversion = "1.0.0"\n${text}`,
  );
const load = (options: Partial<LoadOptions> = {}): ReturnType<typeof loadConfiguration> =>
  loadConfiguration({
    surroundings: surroundings(),
    workspace: { name: 'w', path: workspace },
    infra: 'main',
    ...options,
  });
const failure = async (
  options: Partial<LoadOptions> = {},
): Promise<{
  message: string;
  exitCode: number;
  location?: { file: string; line?: number };
  issues: { message: string }[];
}> =>
  load(options).then(
    () => Promise.reject(new Error('expected the load to fail')),
    (error: unknown) => error as never,
  );

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'config-load-'));
  workspace = path.join(root, 'w');
  user = path.join(root, '.config', 'provisioning');
  env = { PATH: process.env['PATH'] ?? '', HOME: root };
  await main('');
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('layers', () => {
  test('02.A1 each layer wins over the one beneath it, and says where it comes from', async () => {
    await put(path.join(user, 'system.toml'), 'debug.log_level = "trace"\n');
    await main('[debug]\nlog_level = "warn"\n');
    await put(path.join(workspace, 'config/environments/dev.toml'), 'debug.log_level = "error"\n');
    await put(path.join(workspace, 'infra/main/config.toml'), 'debug.log_level = "debug"\n');
    await put(path.join(user, 'config.toml'), 'debug.log_level = "info"\n');
    env['PROVISIONING_LOG_LEVEL'] = 'warn';
    const flags = { 'debug.log_level': 'trace' };
    const all = await load({ environment: 'dev', flags });
    expect(all.provenance('debug.log_level')).toMatchObject({
      value: 'trace',
      layer: 'flag',
      overridden: [
        { layer: 'env', raw: 'warn' },
        { layer: 'user', raw: 'info', file: path.join(user, 'config.toml'), line: 1 },
        { layer: 'infra', raw: 'debug' },
        { layer: 'environment', raw: 'error' },
        { layer: 'workspace', raw: 'warn', line: 5 },
        { layer: 'machine', raw: 'trace' },
        { layer: 'default', raw: 'info' },
      ],
    });
    const removals: [string, () => unknown][] = [
      ['warn', () => delete env['PROVISIONING_LOG_LEVEL']],
      ['info', () => rm(path.join(user, 'config.toml'))],
      ['debug', () => rm(path.join(workspace, 'infra/main/config.toml'))],
      ['error', () => put(path.join(workspace, 'config/environments/dev.toml'), '')],
      ['warn', () => main('')],
      ['trace', () => rm(path.join(user, 'system.toml'))],
    ];
    for (const [value, remove] of removals) {
      expect((await load({ environment: 'dev' })).get('debug.log_level')).toBe(value);
      await remove();
    }
    expect((await load({ environment: 'dev' })).provenance('debug.log_level')).toMatchObject({
      value: 'info',
      layer: 'default',
    });
  });

  test('02.A2 a syntax error names file, line and column and shows the place', async () => {
    await put(path.join(workspace, 'config/providers/aws.toml'), '[provider]\nname = "aws"\nregion = \n');
    const error = await failure();
    expect(error).toMatchObject({
      exitCode: 3,
      code: 'CONFIG_SYNTAX',
      location: { file: path.join(workspace, 'config/providers/aws.toml'), line: 3, column: 10 },
    });
    expect((error.issues[0] as { frame?: string }).frame).toContain('> 3 | region =');
  });

  test('provider and platform files are mounted, with their own table unwrapped', async () => {
    await put(
      path.join(workspace, 'config/providers/aws.toml'),
      '[provider]\nname = "aws"\nregion = "eu-west-1"\n[compute]\nx = 1\n',
    );
    await put(
      path.join(workspace, 'config/platform/extension-registry.toml'),
      '[service]\nport = 9\npath = "${HOME}/r:${NOPE:-d}"\n',
    );
    const configuration = await load();
    expect(configuration.get('providers.aws')).toMatchObject({
      name: 'aws',
      region: 'eu-west-1',
      compute: { x: 1 },
      timeout: 30,
    });
    expect(configuration.get('platform.extension_registry')).toEqual({ port: 9, path: `${root}/r:d` });
    expect(configuration.provenance('providers.aws.region').line).toBe(3);
  });

  test('a table against a single value names both files', async () => {
    await main('[custom]\nname = "x"\n');
    await put(path.join(user, 'config.toml'), 'custom = "x"\n');
    const error = await failure();
    expect(error.message).toContain(path.join(user, 'config.toml'));
    expect(error.message).toContain('provisioning.toml:4');
  });

  test('"__unset__" removes the lower value; __proto__ is refused', async () => {
    await main('[custom]\na = 1\nb = 2\n');
    await put(path.join(user, 'config.toml'), 'custom.a = "__unset__"\n');
    expect((await load()).get('custom')).toEqual({ b: 2 });
    await put(path.join(user, 'config.toml'), '["__proto__"]\na = 1\n');
    expect((await failure()).message).toContain('Key not allowed: __proto__');
  });

  test('keys with another name are read as what they mean, in their own layer, and say where they stand', async () => {
    await main(
      '[defaults]\nprovider = "aws"\nregion = "eu"\n[paths]\nkloud = "/srv/infra"\n[orchestrator]\ntimeout = 7\nendpoint = "http://o:1"\n[regions.eu]\ncache.ttl = 5\n',
    );
    const configuration = await load();
    expect(configuration.get('providers.default')).toBe('aws');
    expect(configuration.provenance('providers.default')).toMatchObject({ layer: 'workspace', line: 5 });
    expect(configuration.get('regions.primary')).toBe('eu');
    expect(configuration.get('cache.ttl')).toBe(5);
    expect(configuration.get('paths.infra')).toBe('/srv/infra');
    expect(configuration.get('execution')).toMatchObject({ timeout_seconds: 7, endpoint: 'http://o:1' });
    await put(path.join(user, 'config.toml'), '[execution]\nendpoint = "http://e:2"\n');
    expect((await load()).get('execution.endpoint')).toBe('http://e:2');
  });

  test('the result is frozen and unknown keys are kept', async () => {
    await main('[mine]\nlist = [1]\n');
    const configuration = await load();
    expect(Object.isFrozen(configuration.get('mine.list'))).toBe(true);
    expect(configuration.toJSON()['mine']).toEqual({ list: [1] });
  });
});

describe('interpolation', () => {
  test('02.A3 errors, fallbacks, conditionals, functions and cycles', async () => {
    await main('[x]\na = "{{env.NOPE}}"\n');
    expect((await failure()).message).toContain('Interpolation pattern not resolved: {{env.NOPE}}');
    await main(
      '[x]\na = "{{env.NOPE || \'x\'}}"\nb = "{{debug.enabled && \'debug\' || \'info\'}}"\nc = "{{str.lower(str.replace(project.name, \' \', \'-\'))}}"\nport = "{{cache.ttl}}"\nhome = "{{path.join(env.HOME, .config, provisioning)}}"\nliteral = "\\\\{{x}}"\n[project]\nname = "My App"\n',
    );
    const value = (await load()).get('x');
    expect(value).toEqual({
      a: 'x',
      b: 'info',
      c: 'my-app',
      port: 300,
      home: `${root}/.config/provisioning`,
      literal: '{{x}}',
    });
    expect((await load({ flags: { 'debug.enabled': true } })).get('x.b')).toBe('debug');
    await main('[x]\na = "{{x.b}}"\nb = "{{x.a}}"\n');
    expect((await failure()).issues[0]?.message).toContain('Circular interpolation: x.a → x.b → x.a');
    await main('[x]\na = "{{invalid.var}}"\n');
    const invalid = await failure();
    expect(invalid.message).toMatch(
      /Invalid template variable: \{\{invalid\.var\}\} Valid variables: \["paths\.\*","env\.\*","now\.\*","git\.\*"/,
    );
    expect(invalid.location).toMatchObject({ line: 5 });
    await main('[x]\na = "{{x.y(1)}}"\n');
    expect((await failure()).message).toContain('Unknown function: x.y');
  });

  test('a service reads its own keys first, and fixed times and contexts', async () => {
    await put(
      path.join(workspace, 'config/platform/orchestrator.toml'),
      '[paths]\nbase = "/srv"\ndata = "{{paths.base}}/data"\nwhen = "{{now.date}} {{now.timestamp}}"\nwho = "{{workspace.name}}/{{infra.name}}/{{environment}}"\n',
    );
    expect((await load({ environment: 'dev' })).get('platform.orchestrator.paths')).toEqual({
      base: '/srv',
      data: '/srv/data',
      when: '2026-01-02 20260102_030405',
      who: 'w/main/dev',
    });
  });
});

describe('environment variables', () => {
  test('02.A4 a service variable sets its key; a wrong type names the variable', async () => {
    await put(
      path.join(workspace, 'config/platform/orchestrator.toml'),
      '[queue]\nmax_concurrent_tasks = 5\n',
    );
    env['ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS'] = '7';
    const service = { name: 'orchestrator', prefix: 'ORCHESTRATOR' };
    expect((await load({ service })).get('platform.orchestrator.queue.max_concurrent_tasks')).toBe(7);
    env['ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS'] = 'abc';
    expect((await failure({ service })).message).toBe(
      'Environment variable ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS: expected int, got "abc"',
    );
  });

  test('aliases, schema keys, lists and unknown names', async () => {
    Object.assign(env, {
      PROVISIONING_DEBUG: 'yes',
      PROVISIONING_HTTP_TIMEOUT: '9',
      PROVISIONING_PROVIDERS_ACTIVE: 'aws, local',
      PROVISIONING_SKIP_SSL_VERIFY: '1',
      PROVISIONING_NOT_A_KEY: 'x',
    });
    const configuration = await load();
    expect(configuration.get('debug.enabled')).toBe(true);
    expect(configuration.get('http')).toMatchObject({ timeout: 9, tls_verify: false });
    expect(configuration.get('providers.active')).toEqual(['aws', 'local']);
    expect(configuration.unknownVariables).toEqual(['PROVISIONING_NOT_A_KEY']);
    expect(configuration.warnings.join()).toContain('TLS certificates are not verified');
    expect(configuration.provenance('http.timeout')).toMatchObject({
      layer: 'env',
      origin: 'PROVISIONING_HTTP_TIMEOUT',
    });
  });
});

describe('environments, overlays, profiles', () => {
  test('detection by variable, branch, directory, only overlay', async () => {
    await put(path.join(workspace, 'config/environments/dev.toml'), 'custom.env = "dev"\n');
    expect((await load()).environmentSource).toBe('only-one');
    await put(path.join(workspace, 'config/environments/prod.toml'), 'custom.env = "prod"\n');
    expect((await load()).environment).toBe('local');
    env['PROVISIONING_ENV'] = 'production';
    expect((await load()).get('custom.env')).toBe('prod');
    env['PROVISIONING_ENV'] = 'qa';
    expect((await failure()).message).toBe(
      'Environment \'qa\' not configured\nAvailable environments: ["dev","prod"]',
    );
    delete env['PROVISIONING_ENV'];
    await put(path.join(workspace, '.git/HEAD'), 'ref: refs/heads/feature/x\n');
    expect(await load()).toMatchObject({ environment: 'dev', environmentSource: 'branch' });
  });

  test('overrides, environments, profiles and regions apply on top of their file, in this order', async () => {
    await main(
      '[custom]\na = 0\nb = 0\nc = 0\nd = 0\n[overrides]\n"custom.a" = 1\ncustom.b = 1\n[environments.dev.custom]\nb = 2\nc = 2\n[profiles]\nactive = "small"\n[profiles.small.custom]\nc = 3\nd = 3\n[regions]\nprimary = "eu"\n[regions.eu.custom]\nd = 4\n',
    );
    expect((await load({ environment: 'dev' })).get('custom')).toEqual({ a: 1, b: 2, c: 3, d: 4 });
    expect((await load({ environment: 'dev' })).provenance('custom.c')).toMatchObject({
      overlay: 'profiles.small',
    });
    await main('[custom]\na = 0\n');
    expect((await load({ profile: 'production' })).get('providers.certified_only')).toBe(true);
  });

  test('02.A15 an unknown profile lists the profiles; plain http is refused', async () => {
    await main('[profiles]\nactive = "x"\n[profiles.mine]\n');
    expect((await failure()).message).toContain(
      'Profile \'x\' not defined\nAvailable profiles: ["development","mine","production"]',
    );
    await main('[dynamic]\nconfig_urls = ["http://example.invalid/a.toml"]\n');
    expect((await failure()).message).toContain('http: is refused');
  });

  test('a folder of layers that cannot be read stops the load; its files are not left out', async () => {
    await main('[custom]\na = 1\n');
    await symlink('providers', path.join(workspace, 'config/providers'));
    expect(await failure()).toMatchObject({
      code: 'CONFIG_UNREADABLE',
      exitCode: 3,
      message: expect.stringMatching(/^Cannot read configuration: .*config\/providers: ELOOP/),
    });
  });

  test('dynamic files and templates lie beneath the file; paths may not leave the workspace', async () => {
    await main(
      '[custom]\na = "main"\n[dynamic]\nload_if_exists = ["extra.toml", "absent.toml"]\n[templates]\nbase_template = "base"\n[templates.template_vars]\nsize = 3\n',
    );
    await put(path.join(workspace, 'config/extra.toml'), 'custom.a = "extra"\ncustom.b = "extra"\n');
    await put(
      path.join(workspace, 'templates/config/base.toml.hbs'),
      'custom.b = "base"\ncustom.size = {{size}}\n',
    );
    expect((await load()).get('custom')).toEqual({ a: 'main', b: 'extra', size: 3 });
    await main('[dynamic]\nload_if_exists = ["../../outside.toml"]\n');
    expect((await failure()).message).toContain('Path escapes its root: ../../outside.toml');
  });
});

describe('validation', () => {
  test('all findings together, each at its key', async () => {
    await main('[debug]\nenabled = "yes"\nlog_level = "loud"\n[http]\ntimeout = 0\n');
    const error = await failure();
    expect(error.exitCode).toBe(3);
    expect(error.issues.map((issue) => issue.message).sort()).toEqual([
      'Field debug.enabled type mismatch: expected bool, got string',
      'Field debug.log_level must be one of: trace, debug, info, warn, error',
      'Field http.timeout must be >= 1',
    ]);
    expect(error.location).toMatchObject({ line: 5 });
  });
});

describe('evaluated files', () => {
  const typescript = (text: string): Promise<void> =>
    put(path.join(workspace, 'config/provisioning.ts'), text);
  beforeEach(() => rm(path.join(workspace, 'config/provisioning.toml')));

  test('02.A8 a TypeScript main file computes; functions are refused; an imported file counts at once', async () => {
    await put(path.join(workspace, 'config/sizes.ts'), 'export const ttl: number = 60;\n');
    await typescript(
      `import { ttl } from './sizes.ts';\nconst big = ttl > 10;\nconsole.log('noise');\nexport const cacheable = true;\nexport default { workspace: { name: 'w' }, cache: { ttl: ttl * 2, enabled: big } };\n`,
    );
    expect((await load()).get('cache')).toMatchObject({ ttl: 120, enabled: true });
    await put(path.join(workspace, 'config/sizes.ts'), 'export const ttl: number = 5;\n');
    expect((await load()).get('cache')).toMatchObject({ ttl: 10, enabled: false });
    await typescript('export default { make: () => 1 };\n');
    expect((await failure()).message).toBe("Functions can't be serialized: make");
    await typescript('\nthrow new Error("broken");\n');
    expect(await failure()).toMatchObject({
      exitCode: 3,
      location: { line: 2 },
      message: expect.stringContaining('broken'),
    });
    const frame = async () => ((await failure()).issues[0] as { frame?: string }).frame;
    expect(await frame()).toContain('> 2 | throw new Error("broken");');
    await typescript('export default {\n  a: 1 +* 2,\n};\n');
    expect(await frame()).toBe(
      '  1 | export default {\n> 2 |   a: 1 +* 2,\n    |            ^\n  3 | };\n  4 |',
    );
    await typescript('export default {\n  make: () => 1 };\n');
    expect(await frame()).toContain('> 2 |   make: () => 1 };');
    await typescript('export default { debug: {\n log_level: 7 } };\n');
    expect(await failure()).toMatchObject({ location: { line: 2, column: 2 } });
  });

  test('02.A9 without a nickel binary a .ncl file stops with the install hint', async () => {
    await put(path.join(workspace, 'config/provisioning.ncl'), '{ workspace = { name = "w" } }\n');
    env['PATH'] = root;
    expect(await failure()).toMatchObject({
      exitCode: 3,
      message: 'Nickel binary not found in PATH. Install Nickel or set NICKEL_PATH environment variable',
    });
    await put(
      path.join(root, 'nickel'),
      '#!/bin/sh\necho \'{"workspace":{"name":"w"},"cache":{"ttl":7}}\'\n',
    );
    await chmod(path.join(root, 'nickel'), 0o755);
    env['PATH'] = `${root}:/bin:/usr/bin`;
    expect((await load()).get('cache.ttl')).toBe(7);
  });
});
