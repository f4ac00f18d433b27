import { setTimeout as sleep } from 'node:timers/promises';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { parse } from 'yaml';
import { at, cli, json, put, sandbox, useSandbox, user } from './sandbox.fixture.ts';

useSandbox();

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

  test('the format comes from the configuration where the command line says nothing; a log level hides what is below', async () => {
    const list = async (...words: string[]) => (await cli('workspace', 'list', ...words)).stdout;
    const text = await list();
    expect(text).toContain('Registered Workspaces');
    put(user('config.toml'), '[output]\nformat = "json"\n');
    expect(JSON.parse(await list())).toHaveLength(1);
    expect(JSON.parse((await cli('server', 'list')).stdout)).toBeInstanceOf(Array);
    expect(await list('--out', 'text')).toBe(text);
    const environment = { PROVISIONING_OUTPUT_FORMAT: 'text' };
    expect((await sandbox.run(['workspace', 'list'], { environment })).stdout).toBe(text);
    put(user('config.toml'), '');
    put(at('config/local-overrides.toml'), '[debug]\ncheck = true\n');
    const set = ['config', 'set', 'debug.check', 'false', '--scope', 'workspace'];
    const told = async (level: string): Promise<string> =>
      (await sandbox.run(set, { environment: { PROVISIONING_LOG_LEVEL: level } })).stderr;
    expect(await told('info')).toContain('debug.check is set in');
    expect(await told('warn')).toBe('');
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
