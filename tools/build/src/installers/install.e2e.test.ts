import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ended, runProgram } from '../testing/process.ts';
import { ReleaseFolder } from '../testing/releases.ts';
import { writeScripts } from './scripts.ts';

const root = join(import.meta.dirname, '../../../..');

describe('install.sh', () => {
  let releases: ReleaseFolder;
  let folder: string;
  let scripts: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-install-test-'));
    scripts = join(folder, 'scripts');
    await writeScripts(root, '3.2.1', scripts);
    releases = await ReleaseFolder.make(['core'], { small: true });
    await releases.publish('core', '3.2.1');
    await releases.addRuntime('3.2.1');
  }, 600_000);
  afterAll(() => {
    releases?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (more: Record<string, string> = {}): Record<string, string> => ({
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: join(folder, 'home'),
    XDG_CONFIG_HOME: join(folder, 'home/config'),
    XDG_DATA_HOME: join(folder, 'home/data'),
    XDG_CACHE_HOME: join(folder, 'home/cache'),
    PROVISIONING_RELEASES_URL: releases.base,
    TMPDIR: folder,
    ...more,
  });
  const install = (
    words: readonly string[],
    more: Record<string, string> = {},
    script = 'install.sh',
  ): Promise<Ended> =>
    runProgram('/bin/sh', [join(scripts, script), ...words], { environment: environment(more) });

  test('11.A5 installs from a local folder, the program runs, uninstall leaves nothing', async () => {
    const prefix = join(folder, 'p');
    mkdirSync(prefix);
    const installed = await install(['--prefix', prefix, '--packages', 'core']);
    expect(installed).toMatchObject({ code: 0, stdout: expect.stringContaining('Installation complete!') });
    expect(installed.stdout).toContain(`Note: ${prefix}/bin is not in your PATH`);
    // The runtime of the installation is used, not one that happens to be on the path.
    const program = join(prefix, 'bin/provisioning');
    const bare = environment({ PATH: '/usr/bin:/bin' });
    expect(await runProgram(program, ['--version'], { environment: bare })).toMatchObject({
      code: 0,
      stdout: '3.2.1\n',
    });
    expect(existsSync(join(folder, 'home/config/provisioning/config.example.toml'))).toBe(true);
    const told = await runProgram(program, ['env'], { environment: bare });
    expect(told.stderr).toContain('Provisioning v3.2.1 installed');
    expect(told.stderr).toMatch(/^(All dependencies available|Missing .*: install .*)$/m);
    expect(told.stderr).toContain('Configuration loaded successfully');
    const again = await install(['--prefix', prefix, '--packages', 'core']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Already installed: 3.2.1') });
    const refused = await install([
      '--prefix',
      prefix,
      '--no-replace-existing',
      '--packages',
      'core',
      '--version',
      '3.2.1',
    ]);
    expect(refused.code).toBe(0);
    const removed = await runProgram(program, ['uninstall', '--keep-config'], { environment: bare });
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('Uninstallation complete') });
    expect(readdirSync(prefix)).toEqual([]);
    expect(existsSync(join(folder, 'home/config/provisioning/config.example.toml'))).toBe(true);
  }, 300_000);

  test('a file that somebody changed is named and kept', async () => {
    const prefix = join(folder, 'modified');
    expect((await install(['--prefix', prefix, '--system-node'])).code).toBe(0);
    appendFileSync(join(prefix, 'share/provisioning/docs/README.md'), 'mine\n');
    const words = ['uninstall', '--keep-config'];
    const removed = await runProgram(join(prefix, 'bin/provisioning'), words, { environment: environment() });
    expect(removed.stdout).toContain('share/provisioning/docs/README.md');
    expect(readdirSync(prefix, { recursive: true }).map(String).sort()).toEqual([
      'share',
      'share/provisioning',
      'share/provisioning/docs',
      'share/provisioning/docs/README.md',
    ]);
  }, 120_000);

  test('11.A10 uninstall --yes removes configuration and cache, never workspaces and private keys', async () => {
    const prefix = join(folder, 'q');
    expect((await install(['--prefix', prefix, '--system-node'])).code).toBe(0);
    const program = join(prefix, 'bin/provisioning');
    const run = (...words: string[]) => runProgram(program, words, { environment: environment() });
    const workspace = join(folder, 'home/data/provisioning/my-workspace');
    expect(await run('workspace', 'init', 'mine', workspace, '--template', 'minimal', '--yes')).toMatchObject(
      { code: 0 },
    );
    const key = join(folder, 'home/config/provisioning/age/key.txt');
    mkdirSync(dirname(key), { recursive: true });
    writeFileSync(key, 'AGE-SECRET-KEY-1\n');
    writeFileSync(join(folder, 'home/config/provisioning/config.toml'), '');
    expect(readdirSync(join(folder, 'home/cache/provisioning'))).toContain('compiled');
    const refused = await run('uninstall');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(refused.stderr).toContain(join(folder, 'home/config/provisioning'));
    expect((await run('uninstall', '--yes')).code).toBe(0);
    expect(readdirSync(prefix)).toEqual([]);
    expect(existsSync(join(folder, 'home/cache/provisioning'))).toBe(false);
    expect(readdirSync(join(folder, 'home/config/provisioning'))).toEqual(['age']);
    expect(readFileSync(key, 'utf8')).toBe('AGE-SECRET-KEY-1\n');
    expect(readdirSync(join(folder, 'home/data/provisioning'))).toEqual(['my-workspace']);
    expect(readdirSync(workspace)).toContain('config');
  }, 120_000);

  test('an installation below ~/.local goes as well, where the data of the user is in the same folder', async () => {
    const home = join(folder, 'local-user');
    const own = {
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_DATA_HOME: join(home, '.local/share'),
      XDG_CACHE_HOME: join(home, '.cache'),
    };
    mkdirSync(home);
    expect((await install(['--user', '--system-node'], own)).code).toBe(0);
    const program = join(home, '.local/bin/provisioning');
    const removed = await runProgram(program, ['uninstall', '--yes'], { environment: environment(own) });
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('Uninstallation complete') });
    expect(readdirSync(join(home, '.local'))).toEqual([]);
  }, 120_000);

  test('11.A6 one changed byte is refused and the prefix is untouched', async () => {
    const archive = join(releases.base, '3.2.1/provisioning-core-3.2.1.tar.gz');
    const good = readFileSync(archive);
    const bad = Buffer.from(good);
    bad[bad.length >> 1]! ^= 1;
    writeFileSync(archive, bad);
    try {
      const refused = await install(['--prefix', join(folder, 'r'), '--packages', 'core', '--system-node']);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain('Checksum mismatch for provisioning-core-3.2.1.tar.gz');
      expect(existsSync(join(folder, 'r'))).toBe(false);
    } finally {
      writeFileSync(archive, good);
    }
    const setup = join(releases.base, '3.2.1/provisioning-setup-3.2.1.mjs');
    const program = readFileSync(setup);
    appendFileSync(setup, '//');
    const refused = await install(['--prefix', join(folder, 'r'), '--system-node']);
    writeFileSync(setup, program);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Checksum mismatch for provisioning-setup'),
    });
    expect(existsSync(join(folder, 'r'))).toBe(false);
  }, 120_000);

  test('11.A6 a signed release is verified with the release key, a forged one refused', async () => {
    const home = join(folder, 'gnupg');
    mkdirSync(home, { mode: 0o700 });
    const gpg = async (...words: string[]) => {
      const done = await runProgram('gpg', ['--homedir', home, '--batch', '--passphrase', '', ...words]);
      expect(done).toMatchObject({ code: 0 });
    };
    const sums = join(releases.base, '3.2.1/checksums.txt');
    const key = join(folder, 'release-key.asc');
    try {
      await gpg('--quick-generate-key', 'Releases <releases@example.org>', 'ed25519', 'sign', 'never');
      await gpg('--armor', '--output', key, '--export', 'releases@example.org');
      const words = ['--prefix', join(folder, 's'), '--system-node', '--dry-run', '--release-key', key];
      const unsigned = await install([...words, '--require-signature']);
      expect(unsigned).toMatchObject({ code: 1, stderr: expect.stringContaining('no signature') });
      await gpg('--output', `${sums}.sig`, '--detach-sign', sums);
      const real = [
        '--prefix',
        join(folder, 's'),
        '--system-node',
        '--release-key',
        key,
        '--require-signature',
      ];
      expect(await install(real)).toMatchObject({ code: 0 });
      rmSync(join(folder, 's'), { recursive: true });
      const good = readFileSync(sums, 'utf8');
      writeFileSync(sums, `${good}${'0'.repeat(64)}  other\n`);
      const forged = await install(real);
      writeFileSync(sums, good);
      expect(forged).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Signature of the release is not valid'),
      });
      expect(existsSync(join(folder, 's'))).toBe(false);
    } finally {
      rmSync(`${sums}.sig`, { force: true });
      await runProgram('gpgconf', ['--homedir', home, '--kill', 'all']);
    }
  }, 120_000);

  test('11.A7 without permission to write: exit 4 and what to do; without tar: it says so', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o755 });
    chmodSync(folder, 0o755);
    const script = join(scripts, 'install.sh');
    const asNobody =
      process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env'];
    if (process.getuid?.() !== 0) chmodSync(closed, 0o555);
    const [command, ...words] = [...asNobody, '/bin/sh', script, '--prefix', join(closed, 'p')];
    const refused = await runProgram(command!, words, { environment: environment() });
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stderr).toContain(`Cannot write to ${closed}/p. Use sudo or --prefix=$HOME/.local`);

    const tools = join(folder, 'tools');
    mkdirSync(tools);
    for (const name of [
      'uname',
      'sed',
      'dirname',
      'cp',
      'awk',
      'cut',
      'head',
      'sha256sum',
      'curl',
      'mktemp',
      'rm',
      'cat',
      'wc',
      'sort',
      'tail',
      'grep',
    ])
      symlinkSync(existsSync(`/usr/bin/${name}`) ? `/usr/bin/${name}` : `/bin/${name}`, join(tools, name));
    const without = await install(['--prefix', join(folder, 't')], { PATH: tools });
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('tar not found') });
    expect(existsSync(join(folder, 't'))).toBe(false);
  }, 60_000);

  test('mistakes on the command line and unknown versions have their own exit codes', async () => {
    expect((await install(['--prefx', folder])).code).toBe(2);
    expect(
      (await install(['--packages', 'bogus', '--prefix', join(folder, 'u'), '--system-node'])).code,
    ).toBe(2);
    const unknown = await install(['--version', '8.8.8', '--prefix', join(folder, 'u'), '--system-node']);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('Download failed') });
    expect(existsSync(join(folder, 'u'))).toBe(false);
  }, 60_000);
});
