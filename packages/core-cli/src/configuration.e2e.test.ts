import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { parse } from 'yaml';
import { type Ended, Sandbox } from '../test/sandbox.ts';

let sandbox: Sandbox;
let workspace: string;
const at = (file: string): string => join(workspace, file);
const user = (file: string): string => join(sandbox.folder, 'config/provisioning', file);

/** Files a test wrote, with what was there before; each test leaves the workspace as it was. */
const before = new Map<string, string | undefined>();
const put = (file: string, text: string): void => {
  if (!before.has(file)) before.set(file, existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
const cli = (...words: string[]): Promise<Ended> => sandbox.run(words);

async function json<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await sandbox.run([...words, '--out', 'json']);
  if (code !== 0) throw new Error(`${words.join(' ')}: exit ${code}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

beforeAll(async () => {
  sandbox = await Sandbox.make();
  workspace = join(sandbox.folder, 'workspaces/demo');
  expect((await cli('workspace', 'init', 'demo', '--template', 'demo', '--activate')).code).toBe(0);
}, 60_000);
afterEach(() => {
  for (const [file, text] of before) {
    if (text === undefined) rmSync(file, { force: true });
    else writeFileSync(file, text);
  }
  before.clear();
});
afterAll(() => sandbox.remove());

describe('layers', () => {
  test('02.A1 each layer gives way to the one beneath; config sources names layer, file, line and what is hidden', async () => {
    const main = at('config/provisioning.toml');
    const text = readFileSync(main, 'utf8');
    const own = '[debug]\nlog_level = ';
    put(user('system.toml'), `${own}"trace"\n`);
    put(main, text.replace('log_level = "info"', 'log_level = "debug"'));
    put(at('config/environments/dev.toml'), `${own}"info"\n`);
    put(at('infra/demo/config.toml'), `${own}"warn"\n`);
    put(user('config.toml'), `${own}"error"\n`);
    const environment: Record<string, string> = {
      PROVISIONING_ENV: 'dev',
      PROVISIONING_DEBUG_LOG_LEVEL: 'trace',
    };
    const level = async (): Promise<string> =>
      (await sandbox.run(['config', 'get', 'debug.log_level'], { environment })).stdout.trim();
    expect(await level()).toBe('trace');
    const rows = JSON.parse(
      (await sandbox.run(['config', 'sources', 'debug', '--out', 'json'], { environment })).stdout,
    ) as Record<string, unknown>[];
    expect(rows.find(({ key }) => key === 'debug.log_level')).toMatchObject({
      layer: 'env',
      value: 'trace',
      overridden: [
        { layer: 'user', file: user('config.toml'), line: 2, raw: 'error' },
        { layer: 'infra', file: at('infra/demo/config.toml'), line: 2, raw: 'warn' },
        { layer: 'environment', file: at('config/environments/dev.toml'), line: 2, raw: 'info' },
        { layer: 'workspace', file: main, raw: 'debug' },
        { layer: 'machine', file: user('system.toml'), line: 2, raw: 'trace' },
        { layer: 'default', raw: 'info' },
      ],
    });
    delete environment['PROVISIONING_DEBUG_LOG_LEVEL'];
    for (const [file, value] of [
      [user('config.toml'), 'error'],
      [at('infra/demo/config.toml'), 'warn'],
      [at('config/environments/dev.toml'), 'info'],
    ] as const) {
      expect(await level()).toBe(value);
      // The overlay stays as an empty file: without it `dev` would not be configured any more.
      writeFileSync(file, '');
    }
    expect(await level()).toBe('debug');
    put(main, text.replace(/log_level = "info"\n/, ''));
    expect(await level()).toBe('trace');
    rmSync(user('system.toml'));
    expect(await level()).toBe('info');
  }, 120_000);

  test('02.A2 a syntax error in a provider file stops server list with file and line', async () => {
    const file = at('config/providers/aws.toml');
    put(file, '[provider]\nname = "aws"\nregion = \n');
    const { code, stderr, stdout } = await cli('server', 'list');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain(`${file}:3`);
  }, 60_000);

  test('02.A15 an unknown profile lists those there are; plain http is refused', async () => {
    put(user('config.toml'), '[profiles]\nactive = "x"\n[profiles.fast]\ncache.ttl = 1\n');
    const unknown = await cli('config', 'get', 'cache.ttl');
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toMatch(/Profile 'x' not defined Available profiles: \[.*"fast".*\]/);
    expect((await cli('config', 'get', 'cache.ttl', '--profile', 'fast')).stdout).toBe('1\n');
    put(user('config.toml'), '[dynamic]\nconfig_urls = ["http://127.0.0.1:9/x.toml"]\n');
    const dynamic = await cli('config', 'get', 'cache.ttl');
    expect(dynamic.code).toBe(3);
    expect(dynamic.stderr).toContain('http://127.0.0.1:9/x.toml');
  }, 60_000);
});

describe('what services read', () => {
  test('02.A4 a variable sets the key of the orchestrator; a wrong type names the variable', async () => {
    const orchestrator = join(import.meta.dirname, '../../orchestrator/bin/provisioning-orchestrator.js');
    const show = (environment: Record<string, string>, ...words: string[]): Promise<Ended> =>
      sandbox.run(['--show-config', ...words], { program: orchestrator, environment });
    const good = await show({
      ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS: '7',
      ORCHESTRATOR_STORAGE_SURREALDB_PASSWORD: 'hunter2',
    });
    expect(JSON.parse(good.stdout)).toMatchObject({
      settings: { queue: { max_concurrent_tasks: 7 }, storage: { surrealdb: { password: '***' } } },
      origins: { 'queue.max_concurrent_tasks': 'environment' },
    });
    const wrong = await show({ ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS: 'abc' });
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain('ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS');
    const file = join(sandbox.folder, 'service.toml');
    put(file, '[queue]\nmax_concurrent_tasks = "8"\n');
    const typed = await show({}, '--config', file);
    expect(typed.code).toBe(3);
    expect(typed.stderr).toContain(file);
    put(file, '[queue]\nmax_concurrent_tasks = 8\n');
    expect(JSON.parse((await show({}, '--config', file)).stdout)).toMatchObject({
      settings: { queue: { max_concurrent_tasks: 8 } },
    });
  }, 60_000);

  test('02.A5 a service file is checked against its schema; deprecated keys only warn, unless strict', async () => {
    const file = at('config/platform/orchestrator.toml');
    const messages = async (text: string, ...words: string[]): Promise<[number, string[], string[]]> => {
      put(file, text);
      const { code, stdout } = await cli('validate', 'config', ...words, '--out', 'json');
      const report = JSON.parse(stdout) as { errors: { message: string }[]; warnings: { message: string }[] };
      return [
        code,
        report.errors.map(({ message }) => message),
        report.warnings.map(({ message }) => message),
      ];
    };
    expect(await messages('[server]\nport = "8080"\n')).toEqual([
      3,
      ['Field server.port type mismatch: expected int, got string'],
      [],
    ]);
    expect((await messages('[server]\nport = 80\n'))[1]).toEqual(['Field server.port must be >= 1024']);
    const old = 'workers = 3\n[server]\nport = 8080\n';
    const deprecated = 'Field workers is deprecated. Use server.workers instead.';
    expect(await messages(old)).toEqual([0, [], [deprecated]]);
    expect(await messages(old, 'strict')).toEqual([3, [deprecated], []]);
  }, 60_000);
});

describe('commands', () => {
  test('02.A7 in the environment test nothing is changed without --no-check', async () => {
    expect((await cli('env', 'set', 'test')).stdout).toContain('test');
    const planned = await cli('server', 'create');
    expect(planned.code).toBe(0);
    expect(planned.stdout).toContain('Check mode: No changes will be made');
    expect(planned.stdout).toContain('Would create:');
    expect(planned.stderr).toContain('environments/test.toml:4');
    expect(await json('server', 'list')).toEqual([]);
    expect(existsSync(at('infra/demo/data/state.json'))).toBe(false);
    const registry = readFileSync(user('user_config.yaml'), 'utf8');
    expect((await cli('env', 'set', 'dev')).code).toBe(0);
    expect(readFileSync(user('user_config.yaml'), 'utf8')).toBe(registry);
    expect((await cli('env', 'set', 'dev', '--no-check')).code).toBe(0);
    expect(await json('context')).toMatchObject({ environment: 'dev' });
  }, 60_000);

  test('02.A10 secrets: readable with the key, masked when shown, exit 3 without it', async () => {
    const identity = await generateIdentity();
    const key = join(sandbox.folder, 'age.txt');
    put(key, `${identity}\n`);
    chmodSync(key, 0o600);
    const environment = { PROVISIONING_KAGE: key };
    const plain = at('config/secure.yaml');
    put(plain, 'database:\n  password: hunter2\n');
    const encrypted = await sandbox.run(['config', 'encrypt', plain, '--in-place'], {
      environment: { SOPS_AGE_RECIPIENTS: await identityToRecipient(identity) },
    });
    expect(encrypted.code).toBe(0);
    expect(readFileSync(plain, 'utf8')).not.toContain('hunter2');
    expect((await cli('config', 'is-encrypted', plain)).stdout).toBe('encrypted\n');
    const reveal = await sandbox.run(['config', 'get', 'database.password', '--reveal'], { environment });
    expect(reveal.stdout).toBe('hunter2\n');
    for (const words of [
      ['config', 'show', 'database'],
      ['config', 'get', 'database.password'],
      ['allenv'],
    ]) {
      const { stdout, stderr } = await sandbox.run(words, { environment });
      expect(`${stdout}${stderr}`).not.toContain('hunter2');
      expect(stdout).toContain('***');
    }
    put(at('config/secure.dec.yaml'), 'database:\n  password: other\n');
    const locked = await cli('config', 'get', 'database.password');
    expect(locked.code).toBe(3);
    expect(locked.stderr).toContain(`Failed to decrypt configuration file: ${plain}`);
  }, 60_000);

  test('02.A12 config export: YAML alone on stdout, service files refreshed, a check writes nothing', async () => {
    put(at('config/platform/orchestrator.toml'), '[server]\nport = 9090\n');
    const check = await cli('config', 'export', '--check');
    expect((parse(check.stdout) as Record<string, unknown>)['workspace']).toMatchObject({ name: 'demo' });
    expect(existsSync(at('config/generated'))).toBe(false);
    const { stdout } = await cli('config', 'export');
    expect(stdout).toBe(check.stdout);
    expect(readFileSync(at('config/generated/orchestrator.toml'), 'utf8')).toContain('port = 9090');
  }, 60_000);

  test('02.A13 a dry run prints the mapping and changes no file; a second run has nothing to do', async () => {
    const old = join(sandbox.folder, 'old');
    put(join(old, 'config.defaults.toml'), '[debug]\nlog_level = "warn"\n[orchestrator]\nport = 1\n');
    put(join(old, 'config.dev.toml'), 'debug.log_level = "debug"\n');
    const words = ['config', 'migrate', '--source', old, '--workspace-name', 'taken'];
    const dry = await cli(...words, '--dry-run');
    expect(dry.stdout).toContain(`${join(old, 'config.dev.toml')} -> `);
    expect(existsSync(join(sandbox.folder, 'workspaces/taken'))).toBe(false);
    expect((await cli(...words, '--yes')).code).toBe(0);
    expect((await cli(...words, '--yes')).stdout).toBe('Nothing to migrate\n');
    expect(readdirSync(old)).toHaveLength(2);
    expect(await json('workspace', 'list')).toContainEqual(expect.objectContaining({ name: 'taken' }));
  }, 60_000);

  test('config set keeps comments and refuses what is not valid; reset, backup and restore', async () => {
    put(user('config.toml'), '# mine\n[cache]\nttl = 5 # short\n');
    expect((await cli('config', 'set', 'cache.ttl', 'many')).code).toBe(3);
    expect((await cli('config', 'set', 'debug.log_level', 'loud')).code).toBe(3);
    const check = await cli('config', 'set', 'cache.ttl', '7', '--check');
    expect(check.stdout).toContain('+ ttl = 7 # short');
    expect(readFileSync(user('config.toml'), 'utf8')).toBe('# mine\n[cache]\nttl = 5 # short\n');
    expect((await cli('config', 'set', 'cache.ttl', '7')).code).toBe(0);
    expect(readFileSync(user('config.toml'), 'utf8')).toBe('# mine\n[cache]\nttl = 7 # short\n');
    expect((await cli('config', 'reset', 'cache')).code).toBe(2);
    expect((await cli('config', 'reset', 'cache', '--yes')).code).toBe(0);
    expect(readFileSync(user('config.toml'), 'utf8')).toBe('# mine\n[cache]\n');
    expect((await cli('config', 'restore', '--yes')).code).toBe(0);
    expect((await cli('config', 'get', 'cache.ttl')).stdout).toBe('7\n');
    expect((await cli('config', 'reset', 'nope', '--yes')).code).toBe(5);
  }, 60_000);

  test('init config writes a template that sets nothing; schema export makes editor schemas', async () => {
    put(user('config.toml'), '');
    expect((await cli('init', 'config')).code).toBe(1);
    expect((await cli('init', 'config', '--force')).code).toBe(0);
    const uncommented = readFileSync(user('config.toml'), 'utf8')
      .split('\n')
      .map((line) => line.replace(/^# (?=\[[a-z_]+\]$|[a-z_.]+ = .)/, ''))
      .join('\n');
    expect(uncommented).toContain('\nlog_level = "info"');
    const folder = join(sandbox.folder, 'schemas');
    expect((await cli('schema', 'export', folder)).code).toBe(0);
    const schema = JSON.parse(readFileSync(join(folder, 'provisioning.schema.json'), 'utf8')) as {
      properties: object;
    };
    expect(schema.properties).toHaveProperty('debug');
  }, 60_000);
});

describe('editing', () => {
  /** An editor that appends a line. */
  const editor = (line: string): Record<string, string> => ({ VISUAL: `sh -c 'echo "${line}" >>"$1"' edit` });

  test('config edit keeps the old file until the new one is valid', async () => {
    const file = user('config.toml');
    put(file, 'cache.ttl = 5\n');
    const bad = await sandbox.run(['config', 'edit'], { environment: editor('nonsense') });
    expect(bad.code).toBe(3);
    expect(readFileSync(file, 'utf8')).toBe('cache.ttl = 5\n');
    const good = await sandbox.run(['config', 'edit'], { environment: editor('cache.enabled = false') });
    expect(good.stdout).toContain('Saved');
    expect(readFileSync(file, 'utf8')).toBe('cache.ttl = 5\ncache.enabled = false\n');
    const same = await sandbox.run(['config', 'edit'], { environment: { VISUAL: 'true' } });
    expect(same.stdout).toContain('Nothing changed');
    expect((await sandbox.run(['config', 'edit'], { environment: { VISUAL: 'false' } })).code).toBe(1);
  }, 60_000);

  test('02.A14 config edit-secure: SIGINT leaves no plain text, a change is stored encrypted', async () => {
    const run = join(sandbox.folder, 'run');
    mkdirSync(run, { mode: 0o700 });
    const identity = await generateIdentity();
    const key = join(sandbox.folder, 'edit-age.txt');
    put(key, `${identity}\n`);
    const environment = { PROVISIONING_KAGE: key, XDG_RUNTIME_DIR: run };
    const file = at('config/hidden.yaml');
    put(file, 'token: hunter2\n');
    expect((await sandbox.run(['config', 'encrypt', file, '--in-place'], { environment })).code).toBe(0);
    const stored = readFileSync(file, 'utf8');

    // An editor that waits, and another that does not care about a polite signal.
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const ended = await sandbox.run(['config', 'edit-secure', file], {
        environment: { ...environment, VISUAL: 'exec sleep 60 #' },
        onStart: (child) => void whenOpen(run).then(() => child.kill(signal)),
      });
      expect(ended.code).toBe(code);
      expect(readdirSync(run)).toEqual([]);
      expect(readFileSync(file, 'utf8')).toBe(stored);
    }
    const seen = join(sandbox.folder, 'seen');
    const changed = await sandbox.run(['config', 'edit-secure', file], {
      environment: {
        ...environment,
        VISUAL: `sh -c 'stat -c %a "$1" $(dirname "$1") >${seen}; cat "$1" >>${seen}; echo "more: x" >>"$1"' edit`,
      },
    });
    expect(changed.code).toBe(0);
    expect(readFileSync(seen, 'utf8')).toBe('600\n700\ntoken: hunter2\n');
    expect(readdirSync(run)).toEqual([]);
    expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(
      (await sandbox.run(['config', 'decrypt', file, '--output', '/dev/stdout'], { environment })).code,
    ).toBe(1);
    expect((await sandbox.run(['config', 'decrypt', file, '--in-place'], { environment })).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('token: hunter2\nmore: x\n');
  }, 120_000);
});

/** Resolves once the editor has its copy. */
async function whenOpen(folder: string): Promise<void> {
  while (!readdirSync(folder).some((name) => readdirSync(join(folder, name)).length > 0)) await sleep(20);
  await sleep(200);
}

describe('platform services', () => {
  const service = (...words: string[]): Promise<Ended> =>
    cli('config', 'platform', 'orchestrator', '--set', ...words);

  test('config platform writes what differs, keeps comments, checks values, asks before it overwrites', async () => {
    const file = at('config/platform/orchestrator.toml');
    put(file, '# kept\n[orchestrator.queue]\nmax_concurrent_tasks = 5 # few\n');
    const preview = await service('queue.max_concurrent_tasks=7', '--check');
    expect(preview.stdout).toContain('+ max_concurrent_tasks = 7');
    expect(readFileSync(file, 'utf8')).toContain('= 5 # few');
    expect((await service('queue.max_concurrent_tasks=7')).code).not.toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('= 5 # few');
    expect((await service('queue.max_concurrent_tasks=7', '--yes')).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('# kept\n[orchestrator.queue]\nmax_concurrent_tasks = 7 # few\n');
    expect(await json('config', 'get', 'platform.orchestrator.queue.max_concurrent_tasks')).toBe(7);
    const wrong = await service('server.port=80', '--yes');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('must be at least 1024');
    const unknown = await cli('config', 'platform', 'nothing');
    expect(unknown).toMatchObject({ code: 5 });
    expect(unknown.stderr).toContain("Service 'nothing' not found");
  }, 60_000);

  test('02.A9 nickel commands name what is missing', async () => {
    const { code, stderr } = await sandbox.run(['nickel', 'export', 'json', 'a.ncl'], {
      environment: { PATH: '/nowhere', NICKEL_PATH: '' },
    });
    expect(code).toBe(3);
    expect(stderr).toContain('Nickel binary not found in PATH. Install Nickel or set NICKEL_PATH');
  });
});

describe('the render daemon', () => {
  afterAll(() => cli('config', 'daemon', 'stop'));

  test('02.A11 config daemon start, a render twice, status, stop', async () => {
    const { endpoint, pid } = await json<{ endpoint: string; pid: number }>(
      'config',
      'daemon',
      'start',
      '--bind',
      '127.0.0.1:0',
    );
    const render = async (content: string): Promise<Record<string, unknown>> => {
      const body = JSON.stringify({ language: 'hbs', content, context: { name: 'ada' } });
      const response = await fetch(`${endpoint}/config/render`, { method: 'POST', body });
      expect(response.status).toBe(200);
      return (await response.json()) as Record<string, unknown>;
    };
    expect(await render('{{upper name}}')).toMatchObject({ rendered: 'ADA', error: null });
    expect(await render('{{upper name}}')).toMatchObject({ rendered: 'ADA', error: null });
    expect(await render('{{#if}')).toMatchObject({ rendered: null });
    expect(await json('config', 'daemon', 'status')).toMatchObject({
      running: true,
      pid,
      stats: { total_renders: 3, failed_renders: 1, handlebars_cache_hits: 1 },
    });
    expect(await json('config', 'daemon', 'start')).toMatchObject({ already_running: true, pid });
    expect((await cli('config', 'daemon', 'stop')).stdout).toContain('Render daemon stopped');
    expect(await json('config', 'daemon', 'status')).toEqual({ running: false });
    const refused = await cli('config', 'daemon', 'run', '--bind', '0.0.0.0:0');
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain('needs a bearer token to listen on 0.0.0.0:0');
  }, 120_000);
});
