import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { program, Sandbox } from '../../test/sandbox.ts';

/** What the program says to somebody who does not know how to go on: next, explain, diagnostics. */
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.make();
});
afterAll(() => sandbox.remove());

interface Phase {
  readonly phase: number;
  readonly commands: readonly { readonly command: string }[];
}
const next = async (environment: Record<string, string> = {}): Promise<Phase> =>
  JSON.parse((await sandbox.run(['next', '--out', 'json'], { environment })).stdout) as Phase;

test('24.A10 next: setup, then credentials, then servers, and maintenance when they are there', async () => {
  expect(await next()).toMatchObject({
    phase: 1,
    commands: [{ command: 'provisioning init config' }, {}, {}],
  });
  const cloud = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '' };
  expect((await sandbox.run(['workspace', 'init', 'shop', '--infra-name', 'main', '--activate'])).code).toBe(
    0,
  );
  const infra = join(sandbox.folder, 'workspaces', 'shop', 'infra', 'main');
  const servers = (provider: string): void =>
    writeFileSync(
      join(infra, 'servers.toml'),
      `[[servers]]\nhostname = "web-01"\nprovider = "${provider}"\nplan = "2xCPU-4GB"\ntaskservs = ["redis"]\n`,
    );
  servers('upcloud');
  expect(await next(cloud)).toMatchObject({
    phase: 3,
    commands: [{ command: 'provisioning provider test upcloud' }, {}],
  });
  servers('local');
  const shown = await sandbox.run(['deployment', 'phase']);
  expect(shown.stdout).toBe('Phase 6/9: infrastructure validated\n######...\n');
  // What a deploy leaves behind.
  mkdirSync(join(infra, 'data'), { recursive: true });
  const server = {
    id: 'x',
    name: 'web-01',
    provider: 'local',
    plan: '',
    zone: 'auto',
    cores: 1,
    memory: 512,
    status: 'running',
    ip_addresses: {},
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    tags: {},
    taskservs: [{ name: 'redis', version: '7.0', status: 'installed', installed_at: '2026-01-01T00:00:00Z' }],
  };
  const state = { version: 1, servers: { 'web-01': server }, scale: {} };
  writeFileSync(join(infra, 'data', 'state.json'), JSON.stringify(state));
  const running = await next();
  expect(running).toMatchObject({ phase: 9 });
  expect(running.commands.map(({ command }) => command)).toEqual([
    'provisioning health check',
    'provisioning taskserv check-updates',
    'provisioning plan',
  ]);
}, 120_000);

test('24.A12 validate config fails with a hint, and explain says how it shows and what helps', async () => {
  const file = join(sandbox.folder, 'wrong.toml');
  writeFileSync(file, '[http]\ntimeout = "soon"\n');
  const failed = await sandbox.run(['validate', 'config', file]);
  expect(failed.code).toBe(3);
  expect(failed.stderr).toMatch(/-> .*provisioning explain CONFIG_INVALID/);
  const debug = await sandbox.run(['validate', 'config', file, '--debug']);
  expect(debug.stderr).toContain('See: provisioning docs concepts/configuration');
  const explained = await sandbox.run(['explain', 'CONFIG_INVALID']);
  expect(explained.code).toBe(0);
  expect(explained.stdout).toMatch(
    /^The configuration is not valid\n\nSymptoms:\n {2}- .+\n[\s\S]*\nSolutions:\n {2}1\. /,
  );
  const unknown = await sandbox.run(['explain', 'the moon is full']);
  expect(unknown).toMatchObject({ code: 5, stdout: '' });
}, 120_000);

test('24.A17 the archive of diagnostics run holds no secret', async () => {
  const planted = {
    variable: 'planted-in-a-variable-1',
    setting: 'planted-in-the-configuration-2',
    assigned: 'planted-in-the-log-3',
    token: `ghp_${'a1B2'.repeat(9)}`,
  };
  const config = join(sandbox.folder, 'config', 'provisioning');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'config.toml'), `[gateway]\npassword = "${planted.setting}"\nuser = "ann"\n`);
  const logs = join(sandbox.folder, 'data', 'provisioning', 'orchestrator', 'logs');
  mkdirSync(logs, { recursive: true });
  writeFileSync(
    join(logs, 'orchestrator.log'),
    `{"level":30,"msg":"an ordinary line"}\n{"level":50,"password":"${planted.assigned}"}\n${planted.token}\nsaid ${planted.setting} and ${planted.variable}\n`,
  );
  const environment = { PROVISIONING_AUTH_TOKEN: planted.variable, PROVISIONING_TIMEOUT: '77' };
  const { code, stdout } = await sandbox.run(['diagnostics', 'run'], { environment });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok: Diagnostics written: .*diagnostics-\d{8}-\d{6}\.tar\.gz\n/);
  const archive = readdirSync(sandbox.folder).find((name) => name.startsWith('diagnostics-'))!;
  const text = execFileSync('tar', ['xzOf', join(sandbox.folder, archive)], { encoding: 'utf8' });
  for (const secret of Object.values(planted)) expect(text).not.toContain(secret);
  for (const wanted of [
    'an ordinary line',
    'user: ann',
    'PROVISIONING_TIMEOUT=77',
    '"processors"',
    'Disk space',
  ])
    expect(text).toContain(wanted);
}, 60_000);

test('the texts of other programs are explained, also through a pipe', () => {
  const shell = (line: string) =>
    spawnSync('sh', ['-c', line], { cwd: sandbox.folder, env: sandbox.environment, encoding: 'utf8' });
  const ours = `'${process.execPath}' '${program}'`;
  expect(shell(`PATH=/nowhere /bin/sh -c provisioning 2>&1 | ${ours} explain -`).stdout).toContain(
    'The shell does not find provisioning',
  );
}, 60_000);
