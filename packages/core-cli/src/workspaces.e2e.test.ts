import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ended, program, Sandbox } from '../test/sandbox.ts';
import { freePort } from '../../../tools/testing/free-port.ts';

let sandbox: Sandbox;
const cli = (...words: string[]): Promise<Ended> => sandbox.run(words);
const home = (file: string): string => join(sandbox.folder, file);
const demo = (file: string): string => home(join('workspaces/demo', file));

async function json<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await sandbox.run([...words, '--out', 'json']);
  if (code !== 0) throw new Error(`${words.join(' ')}: exit ${code}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

beforeAll(async () => {
  sandbox = await Sandbox.make();
}, 60_000);
afterAll(async () => {
  try {
    // Frozen versions are read-only.
    execFileSync('chmod', ['-R', 'u+w', join(sandbox.folder, 'workspaces')]);
  } finally {
    await sandbox.remove();
  }
});

describe('workspaces', () => {
  test('03.A1 03.A2 03.A3 init, the same again, and a fresh user', async () => {
    const fresh = await cli('server', 'list');
    expect(fresh.code).toBe(3);
    expect(fresh.stderr).toContain('Workspace Required');
    expect(fresh.stderr).toMatch(/1\. Create[\s\S]*2\. Or activate[\s\S]*3\. List/);
    const made = await cli('workspace', 'init', 'demo', '--template', 'demo', '--activate', '--yes');
    expect(made.stdout.split('\n').slice(0, 3)).toEqual([
      "ok: Workspace 'demo' created successfully",
      'ok: Configuration template generated',
      'ok: Workspace activated',
    ]);
    expect(readdirSync(demo('infra/demo/.taskservs'))).toContain('os');
    const again = await cli('workspace', 'init', 'demo', '--yes');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('Workspace exists');
  }, 60_000);

  test('03.A4 03.A5 03.A6 selection: flags for one command, the directory, an unknown name', async () => {
    expect((await cli('workspace', 'init', 'other', '--infra-name', 'x')).code).toBe(0);
    for (const infra of ['y', 'b'])
      for (const name of ['other', 'demo'])
        mkdirSync(home(`workspaces/${name}/infra/${infra}`), { recursive: true });
    expect((await cli('workspace', 'activate', 'demo:demo')).code).toBe(0);
    expect(await json('context', '-ws', 'other:x', '--infra', 'y')).toMatchObject({
      workspace: 'other',
      infra: 'y',
    });
    expect(await json('context')).toMatchObject({ workspace: 'demo', infra: 'demo' });
    expect((await cli('-ws', 'other:x', 'server', 'list')).code).toBe(2);
    const inside = spawnSyncIn(demo('infra/b'), ['context', '--out', 'json']);
    expect(JSON.parse(inside)).toMatchObject({ workspace: 'demo', infra: 'b', chosen_by: 'directory' });
    const unknown = await cli('workspace', 'activate', 'nope');
    expect(unknown.code).toBe(5);
    expect(unknown.stderr).toMatch(/demo[\s\S]*provisioning workspace register nope <path>/);
    expect(await json('context')).toMatchObject({ workspace: 'demo' });
  }, 60_000);

  test('03.A8 03.A9 preferences set at once, remove and delete', async () => {
    await Promise.all([
      cli('workspace', 'set-preference', 'editor', 'nano'),
      cli('workspace', 'set-preference', 'confirm_delete', 'false'),
    ]);
    expect(await json('workspace', 'preferences')).toMatchObject({ editor: 'nano', confirm_delete: false });
    expect((await cli('workspace', 'set-preference', 'hints', 'maybe')).code).toBe(2);
    expect((await cli('workspace', 'set-preference', 'preferred_provider', 'nowhere')).code).toBe(2);
    expect((await cli('workspace', 'remove', 'other', '--force')).code).toBe(0);
    expect(existsSync(home('workspaces/other/config/provisioning.toml'))).toBe(true);
    expect((await cli('workspace', 'register', 'other', home('workspaces/other'))).code).toBe(0);
    expect((await cli('workspace', 'delete', 'other')).code).toBe(2);
    expect(existsSync(home('workspaces/other'))).toBe(true);
    const { backup } = await json<{ backup: string }>('workspace', 'delete', 'other', '--yes');
    expect(existsSync(home('workspaces/other'))).toBe(false);
    expect(existsSync(join(backup, 'tree/config/provisioning.toml'))).toBe(true);
  }, 60_000);

  test('03.A7 a damaged registry is backed up and the command says so', async () => {
    const file = home('config/provisioning/user_config.yaml');
    const good = readFileSync(file);
    writeFileSync(file, 'a: [');
    const { stderr, code } = await cli('workspace', 'list');
    expect(code).toBe(0);
    expect(stderr).toMatch(/Failed to parse user config; backup: .*user_config\.yaml\.backup\.\d{14}/);
    expect(stderr).toContain('A new user_config.yaml was written');
    writeFileSync(file, good);
  }, 60_000);

  test('03.A10 03.A11 a newer workspace is only read; lost metadata is migrated', async () => {
    const file = demo('.provisioning/metadata.yaml');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, good.replace(/provisioning: \d+\.\d+\.\d+/, 'provisioning: 99.1.0'));
    const refused = await cli('server', 'create', '--check');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('is newer than system');
    expect((await cli('workspace', 'info')).code).toBe(0);
    expect((await cli('workspace', 'check-compatibility')).code).toBe(3);
    rmSync(file);
    const lost = await cli('server', 'create', '--check');
    expect(lost.code).toBe(3);
    expect(lost.stderr).toContain('provisioning workspace migrate demo');
    const migrated = await cli('workspace', 'migrate', '--force');
    expect(migrated.code).toBe(0);
    expect(migrated.stdout).toContain('Backup created: ');
    expect(migrated.stdout).toContain('Migration completed successfully');
    const report = await json<{ migrations: { total: number } }>('workspace', 'version');
    expect(report.migrations.total).toBe(1);
    expect((await cli('workspace', 'migrate', '--force')).stdout).toContain('up to date');
  }, 60_000);

  test('03.A12 a truncated archive changes nothing; a whole one brings everything back', async () => {
    const archive = home('demo.tar.gz');
    expect((await cli('workspace', 'backup', '--output', archive)).stdout).toContain('Backup created');
    const servers = demo('infra/demo/servers.toml');
    const text = readFileSync(servers, 'utf8');
    writeFileSync(servers, '# changed\n');
    const broken = home('broken.tar.gz');
    writeFileSync(broken, readFileSync(archive).subarray(0, 2000));
    const refused = await cli('workspace', 'restore-backup', broken, '--force');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`Backup is damaged: ${broken}`);
    expect(readFileSync(servers, 'utf8')).toBe('# changed\n');
    expect((await cli('workspace', 'restore-backup', archive)).code).toBe(2);
    expect((await cli('workspace', 'restore-backup', archive, '--force')).code).toBe(0);
    expect(readFileSync(servers, 'utf8')).toBe(text);
    const backups = await json<{ reason: string }[]>('workspace', 'list-backups');
    expect(backups.map(({ reason }) => reason)).toContain('pre_restore');
  }, 60_000);
});

describe('frozen versions', () => {
  test('03.A13 a frozen version plans the same without the installation; a changed byte is refused', async () => {
    const frozen = await cli('workspace', 'freeze', '--version', 'v1');
    expect(frozen).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') });
    expect((await cli('workspace', 'freeze', '--version', 'v1')).code).toBe(1);
    type Plan = { would: unknown[] };
    const planned = await json<Plan>('deploy', '--frozen', 'v1', '--infra', 'demo', '--check');
    expect(planned.would.length).toBeGreaterThan(3);

    // The program alone, without any of its extensions and without a network.
    const away = home('program');
    mkdirSync(join(away, 'bin'), { recursive: true });
    const cliFolder = join(program, '../..');
    execFileSync('cp', [
      '-r',
      join(cliFolder, 'dist'),
      join(cliFolder, 'bin'),
      join(cliFolder, 'package.json'),
      away,
    ]);
    const command = (words: string[]): string =>
      execFileSync(
        'unshare',
        ['--net', process.execPath, join(away, 'bin/provisioning.js'), ...words, '--out', 'json'],
        {
          cwd: sandbox.folder,
          env: sandbox.environment,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
    expect(() => command(['deploy', '--check'])).toThrow();
    // A change of the live definition does not count.
    renameSync(demo('infra/demo/servers.toml'), demo('infra/demo/servers.away'));
    const alone = JSON.parse(command(['deploy', '--frozen', 'v1', '--infra', 'demo', '--check'])) as Plan;
    expect(alone.would).toEqual(planned.would);
    renameSync(demo('infra/demo/servers.away'), demo('infra/demo/servers.toml'));

    expect((await cli('workspace', 'freeze', 'verify', 'v1')).code).toBe(0);
    expect((await cli('deploy', '--frozen', 'v9', '--check')).code).toBe(5);
    const file = demo('.frozen/v1/workspace/infra/demo/servers.toml');
    chmodSync(file, 0o600);
    writeFileSync(file, `${readFileSync(file, 'utf8')} `);
    const changed = await cli('deploy', '--frozen', 'v1', '--infra', 'demo', '--check');
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain("Frozen version 'v1' was modified: workspace/infra/demo/servers.toml");
    expect((await cli('workspace', 'freeze', 'remove', 'v1')).code).toBe(2);
    expect((await cli('workspace', 'freeze', 'remove', 'v1', '--force')).code).toBe(0);
    expect(readdirSync(demo('.frozen'))).toEqual([]);
  }, 120_000);
});

describe('locks', () => {
  test("03.A14 03.A15 of two commands one gets the lock; in multiuser mode another's lock stops server create", async () => {
    const both = await Promise.all([cli('workspace', 'lock', 'demo'), cli('workspace', 'lock', 'demo')]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(both.find(({ code }) => code === 1)!.stderr).toMatch(/Workspace 'demo' is locked \(write\) by /);
    expect((await cli('workspace', 'unlock', 'demo')).code).toBe(0);
    await cli('workspace', 'lock', 'demo', '--expiry', '1s');
    await sleep(1100);
    expect(await json('workspace', 'lock', 'cleanup', 'demo')).toMatchObject({ removed: 1 });
    const as = (user: string): Record<string, string> => ({
      USER: user,
      PROVISIONING_MODE: 'multiuser',
      PROVISIONING_LOCKING_PROVIDER: 'local',
    });
    // The same locks, kept in the issues of a forge that is not there.
    const forge = {
      ...as('alice'),
      PROVISIONING_GITEA_TOKEN: 'none',
      PROVISIONING_LOCKING_GITEA_URL: 'http://127.0.0.1:9',
    };
    const away = await sandbox.run(['gitea', 'lock', 'list', 'demo'], { environment: forge });
    expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('provider gitea is unreachable') });
    const lock = ['workspace', 'lock', 'demo', '--operation', 'Upgrading'];
    expect((await sandbox.run(lock, { environment: as('bob') })).code).toBe(0);
    const create = ['server', 'create', '--yes'];
    const refused = await sandbox.run(create, { environment: as('alice') });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /Workspace 'demo' is locked \(write\) by bob@.* for "Upgrading" \(lock \d+, expires/,
    );
    expect((await sandbox.run([...create, '--check'], { environment: as('alice') })).code).toBe(0);
    const unlock = await sandbox.run(['workspace', 'unlock', 'demo'], { environment: as('alice') });
    expect(unlock.code).toBe(4);
    expect((await sandbox.run(['workspace', 'unlock', 'demo'], { environment: as('bob') })).code).toBe(0);
    expect(await json('workspace', 'lock-status', 'demo')).toEqual([]);
  }, 60_000);

  test('03.A16 enterprise wants a lock in etcd; cicd has none', async () => {
    const enterprise = { PROVISIONING_MODE: 'enterprise', ETCD_ENDPOINTS: 'http://127.0.0.1:1' };
    const away = await sandbox.run(['server', 'create', '--yes'], { environment: enterprise });
    expect(away.code).toBe(1);
    expect(away.stderr).toContain('Lock provider etcd is unreachable');
    const other = await sandbox.run(['workspace', 'lock', 'demo', '--provider', 'local'], {
      environment: enterprise,
    });
    expect(other.code).toBe(2);
    const request = await sandbox.run(['workspace', 'request', 'demo'], { environment: enterprise });
    expect(request.code).toBe(1);
    expect(request.stderr).toContain('Lock provider etcd is unreachable');
    const solo = await cli('workspace', 'request', 'list');
    expect(solo.code).toBe(2);
    expect(solo.stderr).toContain('Workspace requests are used in enterprise mode only');
    const cicd = await sandbox.run(['workspace', 'lock', 'demo'], {
      environment: { PROVISIONING_MODE: 'cicd' },
    });
    expect(cicd.code).toBe(2);
    expect(cicd.stderr).toContain('Workspace locking is disabled in cicd mode');
  }, 60_000);
});

describe('enterprise', () => {
  let etcd: ChildProcess;
  let endpoint: string;
  beforeAll(async () => {
    const [client, peer] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`);
    endpoint = client!;
    etcd = spawn(
      'etcd',
      [
        ...['--data-dir', home('etcd'), '--listen-client-urls', client!, '--advertise-client-urls', client!],
        ...['--listen-peer-urls', peer!, '--initial-advertise-peer-urls', peer!],
        ...['--initial-cluster', `default=${peer}`],
      ],
      { stdio: 'ignore' },
    );
    const until = Date.now() + 60_000;
    while (Date.now() < until && !(await fetch(`${endpoint}/health`).catch(() => undefined))?.ok)
      await sleep(100);
  }, 90_000);
  afterAll(async () => {
    const ended = new Promise((resolve) => etcd.once('exit', resolve));
    if (etcd.exitCode === null && etcd.kill('SIGKILL')) await ended;
  });

  test('03.A16 without a lock nothing is created; a lock needs a request that others approved', async () => {
    const main = demo('config/provisioning.toml');
    const before = readFileSync(main, 'utf8');
    writeFileSync(main, `${before}\n[locking.approvals]\nplatform = ["mia", "bob"]\nsecurity = ["eve"]\n`);
    const as = (user: string, ...words: string[]): Promise<Ended> =>
      sandbox.run(words, {
        environment: { PROVISIONING_MODE: 'enterprise', ETCD_ENDPOINTS: endpoint, USER: user },
      });
    const create = await as('mia', 'server', 'create', '--yes');
    expect([create.code, create.stderr]).toEqual([
      4,
      expect.stringContaining('Workspace lock required: provisioning workspace lock demo --provider etcd'),
    ]);
    const early = await as('mia', 'workspace', 'lock', 'demo');
    expect([early.code, early.stderr]).toEqual([
      4,
      expect.stringContaining('Workspace request required (approval by: platform, security)'),
    ]);
    const asked = await as('mia', 'workspace', 'request', 'demo', '--reason', 'upgrade', '--out', 'json');
    const { id } = JSON.parse(asked.stdout) as { id: string };
    expect(await as('mia', 'workspace', 'request', 'approve', id)).toMatchObject({ code: 4 });
    expect(await as('bob', 'workspace', 'request', 'approve', id)).toMatchObject({ code: 0 });
    expect(await as('mia', 'workspace', 'lock', 'demo')).toMatchObject({ code: 4 });
    expect((await as('eve', 'workspace', 'request', 'approve', id)).stdout).toContain('State: approved');
    expect(await as('mia', 'workspace', 'lock', 'demo')).toMatchObject({ code: 0 });
    expect(await as('mia', 'workspace', 'unlock', 'demo')).toMatchObject({ code: 0 });
    writeFileSync(main, before);
  }, 120_000);
});

describe('git', () => {
  test('03.A1 init in another language, with modules and a repository that is pushed', async () => {
    execFileSync('git', ['init', '--bare', '-q', home('remote.git')]);
    const made = await cli(
      ...['workspace', 'init', 'shop', '--format', 'yaml', '--taskservs', 'os'],
      ...['--git', '--remote', home('remote.git')],
    );
    expect([made.code, made.stderr]).toEqual([0, made.stderr]);
    const shop = home('workspaces/shop');
    expect(readdirSync(join(shop, 'config'))).toContain('provisioning.yaml');
    expect(existsSync(join(shop, 'infra/main/servers.yaml'))).toBe(true);
    expect(readdirSync(join(shop, 'infra/main/.taskservs'))).toContain('os');
    expect((await cli('infra', 'validate', '-ws', 'shop:main')).code).toBe(0);
    const inGit = (...words: string[]): string => execFileSync('git', words, { encoding: 'utf8' });
    expect(inGit('-C', home('remote.git'), 'log', '--format=%s', 'main').trim()).toBe('Create the workspace');
    const tracked = inGit('-C', shop, 'ls-files');
    expect(tracked).toContain('.provisioning/metadata.yaml');
    expect(tracked).not.toContain('.taskservs');
    const away = await cli('workspace', 'init', 'away', '--git', '--remote', home('nowhere.git'));
    expect(away.code).toBe(1);
    expect(away.stderr).toContain('Push it later: provisioning workspace push');
    expect(existsSync(home('workspaces/away/.git'))).toBe(true);
  }, 60_000);

  test('03.A17 a plain password is not pushed', async () => {
    const remote = home('remote.git');
    const environment = {
      GIT_AUTHOR_NAME: 'a',
      GIT_COMMITTER_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@example.com',
      GIT_COMMITTER_EMAIL: 'a@example.com',
    };
    const git = (...words: string[]): string =>
      execFileSync('git', ['-C', demo(''), ...words], {
        env: { ...sandbox.environment, ...environment },
        encoding: 'utf8',
      });
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', remote]);
    git('init', '-q', '-b', 'work');
    git('remote', 'add', 'origin', remote);
    const push = (): Promise<Ended> => sandbox.run(['workspace', 'push'], { environment });
    expect(await push()).toMatchObject({ code: 0, stdout: 'ok: Pushed a new commit\n' });
    expect(await push()).toMatchObject({ code: 0, stdout: 'Nothing to push\n' });
    writeFileSync(demo('config/providers/extra.toml'), '[provider]\npassword = "hunter2"\n');
    const refused = await push();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'Refusing to commit unencrypted secret: config/providers/extra.toml:provider.password',
    );
    expect(refused.stderr).not.toContain('hunter2');
    rmSync(demo('config/providers/extra.toml'));
    expect((await cli('workspace', 'branch', 'create', 'next')).code).toBe(0);
    expect(await json('workspace', 'branch', 'list')).toContainEqual({ name: 'next', current: false });
    expect((await cli('workspace', 'branch', 'delete', 'work')).code).toBe(1);
    expect((await cli('workspace', 'clone', remote, home('copy'))).code).not.toBe(0);
  }, 60_000);
});

/** A command run in a folder. */
function spawnSyncIn(cwd: string, words: readonly string[]): string {
  return execFileSync(process.execPath, [program, ...words], {
    cwd,
    env: sandbox.environment,
    encoding: 'utf8',
  });
}
