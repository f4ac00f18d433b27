import { mkdir, mkdtemp, rm, stat, writeFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { encryptAge } from '../ciphers/index.ts';
import { setConfigurationKey } from '../edit/set.ts';
import { setTomlKey } from '../edit/toml-edit.ts';
import { editorSchemas } from '../export-schemas.ts';
import { parseToml } from '../formats/toml.ts';
import { configurationHierarchy, configurationSources } from '../inspect.ts';
import { loadConfiguration } from '../load.ts';
import type { Surroundings } from '../surroundings.ts';
import { checkDialect, parseDialect } from './dialect.ts';
import { shippedSchemas } from './shipped-schemas.ts';
import { reportLines, validateWorkspaceConfiguration } from './validate.ts';

let root: string;
let workspace: { name: string; path: string };
let env: Record<string, string>;
const surroundings = (): Surroundings => ({
  env,
  cwd: root,
  home: root,
  platform: 'linux',
  installation: '/opt/p',
  now: () => new Date(0),
});
const put = async (file: string, text: string): Promise<void> => {
  const full = path.join(workspace.path, file);
  await mkdir(path.dirname(full), { recursive: true });
  await writeFile(full, text);
};
const options = (): { surroundings: Surroundings; workspace: typeof workspace } => ({
  surroundings: surroundings(),
  workspace,
});

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'validate-'));
  workspace = { name: 'w', path: path.join(root, 'w') };
  env = {};
  await put('config/provisioning.toml', '# mine\n[workspace]\nname = "w"\nversion = "1.0.0"\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('schema dialect', () => {
  const orchestrator = parseDialect(shippedSchemas['orchestrator']!, 'orchestrator.schema.toml');

  test('02.A5 types, ranges and deprecated keys', async () => {
    const messages = (data: object): string[] =>
      checkDialect(data as never, orchestrator).errors.map(({ message }) => message);
    expect(messages({ server: { port: '8080' } })).toEqual([
      'Field server.port type mismatch: expected int, got string',
    ]);
    expect(messages({ server: { port: 80 } })).toEqual(['Field server.port must be >= 1024']);
    expect(messages({})).toEqual(['Required field missing: server']);
    const old = checkDialect({ server: {}, workers: 99 }, orchestrator);
    expect(old.warnings.map(({ message }) => message)).toEqual([
      'Field workers is deprecated. Use server.workers instead.',
    ]);
    expect(old.errors.map(({ message }) => message)).toEqual(['Field server.workers must be <= 32']);
    await put('config/platform/orchestrator.toml', 'workers = 4\n[server]\nport = 9090\n');
    const lenient = await validateWorkspaceConfiguration(options());
    expect(lenient).toMatchObject({
      valid: true,
      warnings: [expect.objectContaining({ type: 'deprecated' })],
    });
    expect((await validateWorkspaceConfiguration({ ...options(), strict: true })).valid).toBe(false);
  });

  test('02.A6 every shipped schema is TOML 1.0; the AWS one knows its credential types; unknown keys survive', async () => {
    for (const [name, text] of Object.entries(shippedSchemas))
      expect(parseDialect(text, name).fields.length).toBeGreaterThan(0);
    const aws = parseDialect(shippedSchemas['aws']!, 'aws.schema.toml');
    const found = checkDialect(
      { provider: { name: 'aws', region: 'eu-west-1' }, credentials: { type: 'x' } },
      aws,
    );
    expect(found.errors.map(({ message }) => message)).toEqual([
      'Field credentials.type must be one of: environment, file, iam_role',
    ]);
    await put(
      'config/providers/aws.toml',
      '[provider]\nname = "aws"\n[credentials]\ntype = "file"\n[mine]\nkey = 1\n',
    );
    expect((await loadConfiguration(options())).toJSON()).toMatchObject({
      providers: { aws: { mine: { key: 1 } } },
    });
  });
});

describe('rules', () => {
  test('the [validation] table of all layers, rule files with arithmetic, and the shipped rule', async () => {
    await put(
      'config/provisioning.toml',
      '[workspace]\nname = "prod-1"\nversion = "1.0.0"\n[debug]\nenabled = true\n[mine]\na = 2\nb = "changeme"\npassword = "short"\n[validation]\nrequired_sections = ["gone"]\nrequired_env_vars = ["NEEDED"]\nforbidden_values = ["changeme"]\n[validation.security]\nrequire_encryption = true\nmin_key_length = 32\n',
    );
    await put(
      'config/validation/own.toml',
      '[[rules]]\nfield = "mine.a"\nassert = "mine.a * 2 + 1 > 5"\nmessage = "a is too small"\n[[rules]]\nfield = "mine.b"\nwhen = "mine.c"\nassert = "false"\n',
    );
    const report = await validateWorkspaceConfiguration(options());
    expect(report.errors.map(({ message }) => message).sort()).toEqual([
      'Debug must be disabled in production',
      'Forbidden value in mine.b',
      'Required environment variable not set: NEEDED',
      'Required section missing: gone',
      'Sensitive value not encrypted: mine.password',
      'Value of mine.password shorter than 32 characters',
      'a is too small',
    ]);
    expect(report.errors.find(({ message }) => message === 'a is too small')).toMatchObject({
      line: 7,
      field: 'mine.a',
    });
    expect(reportLines(report).slice(0, 2)).toEqual(['✗ Validation failed', 'Errors:']);
    expect(JSON.stringify(report)).not.toContain('"short"');
  });

  test('files that must be encrypted, shell variables out of place, unknown variables', async () => {
    await put('config/secure.yaml', 'a: 1\n');
    await put('config/provisioning.toml', '[workspace]\nname = "w"\nx = "${HOME}"\n');
    env['PROVISIONING_WHAT'] = '1';
    const report = await validateWorkspaceConfiguration(options());
    expect(report.warnings.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('must be encrypted'),
        'Use {{env.NAME}} instead of ${NAME}',
      ]),
    );
    expect(report.unknown_variables).toEqual(['PROVISIONING_WHAT']);
    expect(
      (await validateWorkspaceConfiguration({ ...options(), strict: true })).errors.map(
        ({ message }) => message,
      ),
    ).toContain('Unknown environment variable: PROVISIONING_WHAT');
  });
});

describe('encrypted files', () => {
  test('02.A10 secrets are readable with the key, masked when shown, and never replaced by a plain twin', async () => {
    const identity = await generateIdentity();
    const key = path.join(root, 'age.txt');
    await writeFile(key, `# key\n${identity}\n`);
    await put(
      'config/secure.yaml',
      await encryptAge('api:\n  key: hunter2\n', [await identityToRecipient(identity)]),
    );
    env['PROVISIONING_KAGE'] = key;
    const configuration = await loadConfiguration(options());
    expect(configuration.get('api.key')).toBe('hunter2');
    expect(JSON.stringify(configuration.toJSON())).not.toContain('hunter2');
    expect(configuration.provenance('api.key')).toMatchObject({
      value: '***',
      raw: '***',
      encrypted: true,
      secret: true,
    });
    delete env['PROVISIONING_KAGE'];
    await put('config/secure.dec.yaml', 'api:\n  key: plain\n');
    await expect(loadConfiguration(options())).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('Failed to decrypt configuration file:'),
    });
  });
});

describe('config set', () => {
  test('keeps comments and order, takes the type of the key, and undoes what is not valid', async () => {
    const set = (
      key: string,
      text: string,
      scope: 'workspace' | 'user' = 'workspace',
    ): ReturnType<typeof setConfigurationKey> => setConfigurationKey({ ...options(), key, text, scope });
    await set('http.timeout', '9');
    await set('workspace.description', 'it is "mine"');
    await set('debug.enabled', 'yes');
    const text = await readFile(path.join(workspace.path, 'config/provisioning.toml'), 'utf8');
    expect(text).toContain('# mine\n[workspace]\ndescription = "it is \\"mine\\""\nname = "w"');
    expect(parseToml(text)).toMatchObject({ http: { timeout: 9 }, debug: { enabled: true } });
    await expect(set('debug.log_level', 'loud')).rejects.toMatchObject({ exitCode: 3 });
    await expect(set('http.timeout', 'x')).rejects.toMatchObject({
      message: 'Field http.timeout type mismatch: expected int, got "x"',
    });
    expect(await readFile(path.join(workspace.path, 'config/provisioning.toml'), 'utf8')).toBe(text);
    const user = await set('cache.ttl', '5', 'user');
    expect((await stat(user.file)).mode & 0o777).toBe(0o600);
    expect((await loadConfiguration(options())).provenance('cache.ttl')).toMatchObject({
      layer: 'user',
      value: 5,
    });
  });

  test.each([
    ['a = 1 # one\n', ['a'], 2, 'a = 2 # one\n'],
    ['[t]\nx = 1\n', ['t', 'y'], 'z', '[t]\ny = "z"\nx = 1\n'],
    ['# top\n\n[t]\nx = 1\n', ['a'], true, '# top\n\na = true\n\n[t]\nx = 1\n'],
    ['t = { x = 1 }\n', ['t', 'y'], 2, 't = { x = 1, y = 2 }\n'],
    ['[a.b]\nx = 1\n', ['a', 'y'], 2, '[a.b]\nx = 1\n\n[a]\ny = 2\n'],
    ['', ['a', 'b c'], [1, 'x'], '[a]\n"b c" = [1, "x"]\n'],
  ])('edits %j', (text, at, value, expected) => {
    expect(setTomlKey(text, at, value)).toBe(expected);
  });
});

describe('inspection', () => {
  test('the hierarchy names files found and absent; sources name every leaf', async () => {
    const configuration = await loadConfiguration(options());
    const hierarchy = await configurationHierarchy(surroundings(), configuration);
    expect(hierarchy[0]!.layer).toBe('flag');
    expect(hierarchy.find(({ layer }) => layer === 'workspace')!.files[0]).toEqual({
      file: path.join(workspace.path, 'config/provisioning.toml'),
      found: true,
    });
    expect(
      configurationSources(configuration, 'workspace').find(({ key }) => key === 'workspace.version'),
    ).toMatchObject({ line: 4, layer: 'workspace' });
  });

  test('editor schemas are JSON Schemas that require nothing', () => {
    const schemas = editorSchemas();
    expect(Object.keys(schemas)).toContain('servers.schema.json');
    expect(JSON.stringify(schemas).includes('"required":[')).toBe(false);
  });
});
