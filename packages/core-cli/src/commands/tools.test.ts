import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { type Outcome, run } from '../../test/run.ts';

const home = mkdtempSync(join(tmpdir(), 'provisioning-tools-'));
const environment = {
  HOME: home,
  PATH: '',
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  ORCHESTRATOR_SERVER_PORT: '9',
  NO_COLOR: '1',
};
const cli = (words: readonly string[], settings: Parameters<typeof run>[1] = {}): Promise<Outcome> =>
  run(words, { cwd: home, ...settings, environment: { ...environment, ...settings.environment } });
const line = (text: string): Promise<Outcome> => cli(text.split(' '));

beforeAll(async () => {
  expect(await line('workspace init shop --template demo --infra-name demo --activate')).toMatchObject({
    code: 0,
  });
}, 60_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('cache', () => {
  const caches = async (): Promise<string[]> =>
    (JSON.parse((await line('cache stats --out json')).stdout) as { name: string }[]).map(({ name }) => name);
  beforeAll(() => {
    mkdirSync(join(home, 'cache/provisioning/oci/blobs'), { recursive: true });
    writeFileSync(join(home, 'cache/provisioning/oci/blobs/a'), 'x'.repeat(1200));
    writeFileSync(join(home, 'cache/provisioning/container-runtime.json'), '{}');
  });

  test('stats tells what there is and how large it is; a check clears nothing', async () => {
    expect((await line('cache')).stdout).toMatch(/^oci +1 +1\.2 kB +artifacts of OCI registries$/m);
    expect((await line('cache clear --check')).stdout).toMatch(
      /^Would free [\d.]+ kB of container-runtime, .*oci/,
    );
    expect(await caches()).toEqual(expect.arrayContaining(['container-runtime', 'oci']));
  });

  test('clear empties the named one, then all', async () => {
    expect((await line('cache clear oci')).stdout).toBe('ok: Freed 1.2 kB of oci\n');
    expect(await caches()).toContain('container-runtime');
    expect(await caches()).not.toContain('oci');
    const unknown = await line('cache clear nope');
    expect([unknown.code, unknown.stderr]).toEqual([5, expect.stringContaining('Unknown cache: nope')]);
    const engine = join(home, 'cache/provisioning/providers/local/engine');
    mkdirSync(engine, { recursive: true });
    await line('cache clear');
    expect(await caches()).toEqual([]);
    expect(existsSync(engine)).toBe(true);
    expect((await line('cache clear')).stdout).toBe('No caches found\n');
  });
});

describe('qr', () => {
  test('draws what it is given, standard input included', async () => {
    const drawn = await line('qr https://shop.example.com');
    expect(drawn.stdout.split('\n')[1]).toContain('█ ▄▄▄▄▄ █');
    const piped = await cli(['qr', '--out', 'json'], { stdin: 'https://shop.example.com\n' });
    expect(JSON.parse(piped.stdout)).toMatchObject({ text: 'https://shop.example.com', size: 29 });
  });

  test('says what is missing, too long or too wide', async () => {
    expect((await cli(['qr'], { tty: true })).code).toBe(2);
    expect((await cli(['qr', 'x'.repeat(3000)])).stderr).toContain('Too long for a QR code: 3000 bytes');
    const narrow = await cli(['qr', 'x'.repeat(200)], { tty: true, columns: 40 });
    expect([narrow.code, narrow.stderr]).toEqual([
      1,
      expect.stringMatching(/is \d+ columns wide and\s+this terminal has 40/),
    ]);
  });
});

describe('logs', () => {
  beforeAll(() => {
    const folder = (name: string): string => join(home, 'data/provisioning', name);
    for (const name of ['orchestrator/logs', 'render-daemon']) mkdirSync(folder(name), { recursive: true });
    const record = (level: string, second: number, msg: string): string =>
      JSON.stringify({
        level,
        time: `2026-01-02T03:04:0${second}.000Z`,
        service: 'orchestrator',
        port: 9090,
        msg,
      });
    writeFileSync(
      join(folder('orchestrator/logs'), 'orchestrator.log'),
      `${record('info', 1, 'ready')}\n${record('error', 3, 'lost')}\n    at stack\n`,
    );
    writeFileSync(
      join(folder('render-daemon'), 'daemon.log'),
      `${JSON.stringify({ level: 'warn', time: '2026-01-02T03:04:02.000Z', msg: 'slow' })}\n`,
    );
  });

  test('the services in the order of time; show logs is the same', async () => {
    const { stdout } = await line('logs');
    expect(stdout.split('\n').map((each) => each.trimEnd())).toEqual([
      '2026-01-02 03:04:01  info   orchestrator  ready  port=9090',
      '2026-01-02 03:04:02  warn   render-daemon  slow',
      '2026-01-02 03:04:03  error  orchestrator  lost  port=9090',
      '                            orchestrator      at stack',
      '',
    ]);
    expect((await line('show logs')).stdout).toBe(stdout);
  });

  test('one service, one level, some lines', async () => {
    const { stdout } = await line('logs orchestrator --level error --tail 1 --out json');
    expect(JSON.parse(stdout)).toEqual([
      {
        service: 'orchestrator',
        time: '2026-01-02T03:04:03.000Z',
        level: 'error',
        message: 'lost  port=9090',
      },
    ]);
    expect((await line('logs oci-registry')).stdout).toBe('No log lines found (oci-registry)\n');
  });

  test('another name is a taskserv', async () => {
    const { code, stderr } = await line('logs nope');
    expect([code, stderr]).toEqual([5, expect.stringContaining('Unknown taskserv: nope')]);
  });
});

describe('sops', () => {
  const key = join(home, 'key.txt');
  const secret = join(home, 'secure.yaml');
  beforeAll(async () => writeFileSync(key, `${await generateIdentity()}\n`, { mode: 0o600 }));

  test('config says where a key is looked for, and keeps a key file', async () => {
    expect((await line('sops config')).stdout).toContain('No key yet. Make one: age-keygen');
    expect((await line('plugin test age')).code).toBe(1);
    expect((await line(`sops config --key-file ${key}`)).stdout).toContain(`* ${key}\n`);
    expect(JSON.parse((await line('sops config --out json')).stdout)).toMatchObject({ key, sops: false });
    const test = await line('plugin test age');
    expect([test.code, test.stdout]).toEqual([
      0,
      expect.stringContaining('encrypted and decrypted with your key'),
    ]);
    expect((await line('sops config --key-file /nope')).code).toBe(5);
  });

  test('encrypts in place, decrypts to the terminal, rotates to other readers', async () => {
    writeFileSync(secret, 'pin: 1234\n');
    await line(`sops --encrypt ${secret} --check`);
    expect(readFileSync(secret, 'utf8')).toBe('pin: 1234\n');
    expect((await line(`sops --encrypt ${secret}`)).stdout).toBe(`ok: Encrypted: ${secret}\n`);
    const before = readFileSync(secret, 'utf8');
    expect(before).toContain('BEGIN AGE ENCRYPTED FILE');
    expect((await line(`sops --decrypt ${secret}`)).stdout).toBe('pin: 1234\n');
    const other = await generateIdentity();
    const rotated = await cli(['sops', '--rotate-keys', secret], {
      environment: { SOPS_AGE_RECIPIENTS: await identityToRecipient(other) },
    });
    expect(rotated).toMatchObject({ code: 0, stdout: `ok: Encrypted anew: ${secret}\n` });
    const refused = await line(`sops --decrypt ${secret}`);
    expect([refused.code, refused.stdout]).toEqual([3, '']);
    writeFileSync(join(home, 'other.txt'), `${other}\n`, { mode: 0o600 });
    const read = await cli(['sops', '--decrypt', secret], {
      environment: { PROVISIONING_KAGE: join(home, 'other.txt') },
    });
    expect(read.stdout).toBe('pin: 1234\n');
  });

  test('edits: what the editor writes is stored encrypted', async () => {
    const file = join(home, 'new.yaml');
    const edited = await cli(['sops', file], {
      environment: { PATH: process.env['PATH']!, EDITOR: 'sh -c \'echo pin: 77 > "$0"\'' },
    });
    expect(edited).toMatchObject({ code: 0, stdout: `ok: Saved ${file}\n` });
    expect((await line(`sops --decrypt ${file}`)).stdout).toBe('pin: 77\n');
  });
});

describe('nu', () => {
  test('code has the library: a function runs a command and answers its document', async () => {
    const { code, stdout } = await cli(['nu', 'await run("list infras")', '--out', 'json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, ['demo']]);
    const servers = await cli([
      'nu',
      '(await find_servers("web-*")).map(({ name }) => name)',
      '--out',
      'json',
    ]);
    expect(JSON.parse(servers.stdout)).toEqual(['web-01']);
    expect((await cli(['nu', '(await show_env()).workspace'])).stdout).toBe('shop\n');
  });

  test('an error of a command is one of the code; nothing is asked', async () => {
    const gone = await cli(['nu', 'await run("workspace delete shop")']);
    expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining('Confirmation required')]);
  });

  test('--check only parses; -c is --check', async () => {
    expect(await cli(['nu', '-c', 'process.exit(9)'])).toMatchObject({
      code: 0,
      stdout: 'ok: The code parses\n',
    });
    const wrong = await cli(['nu', 'const = 1', '--check']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('The code does not parse')]);
  });

  test('a script finds the library among the global names', async () => {
    const script = join(home, 'report.mjs');
    writeFileSync(script, 'export default (await run("list infras")).length;\n');
    expect(await cli(['nu', '--script', script, '--check'])).toMatchObject({
      code: 0,
      stdout: `ok: ${script} is there\n`,
    });
    expect(await cli(['nu', '--script', script])).toMatchObject({ code: 0, stdout: '1\n' });
    expect(await cli(['nu', '--script', join(home, 'gone.ts')])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('Script not found'),
    });
  });
});

test('24 §3 status looks at all that a deployment needs; what is missing says what to do', async () => {
  const { code, stdout } = await line('status --out json');
  const checks = JSON.parse(stdout) as { name: string; status: string; message: string }[];
  const statusOf = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
  expect([code, statusOf]).toEqual([
    0,
    {
      Versions: 'ok',
      Update: 'ok',
      'Required tools': 'warning',
      'Optional tools': 'ok',
      'User configuration': 'ok',
      Workspace: 'ok',
      'Workspace structure': 'ok',
      Configuration: 'ok',
      Providers: 'ok',
      Credentials: 'ok',
      'Encryption keys': 'ok',
      'SSH key': 'ok',
      Orchestrator: 'ok',
      'Disk space': expect.any(String),
      Permissions: 'ok',
    },
  ]);
  rmSync(join(home, 'workspaces/shop/config/platform'), { recursive: true, force: true });
  rmSync(join(home, 'workspaces/shop/extensions'), { recursive: true, force: true });
  expect((await line('status')).stdout).toMatch(/^warning: Workspace structure: Missing: .*--fix-issues\)$/m);
});

test('init NAME is generate infra NAME', async () => {
  expect((await line('init staging')).stdout).toContain("ok: Created infrastructure 'staging'");
  expect(JSON.parse((await line('list infras --out json')).stdout)).toEqual(['demo', 'staging']);
});
