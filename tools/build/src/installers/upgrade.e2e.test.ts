import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { freePort } from '../../../quickstart/sandbox.ts';
import { type Ended, runProgram } from '../testing/process.ts';
import { ReleaseFolder } from '../testing/releases.ts';
import { writeScripts } from './scripts.ts';

const root = join(import.meta.dirname, '../../../..');

const compatibility = `
schema = 1
[compatibility.core."3.2.1"]
platform = "^2.5"
[compatibility.platform."2.5.3"]
core = "^3.0"
api-version = "v1"
[compatibility.platform."2.3.0"]
core = "^3.0"
`;

/** An installation of core and platform with a running orchestrator: upgraded, broken, interrupted, taken back. */
describe('an installation', () => {
  let releases: ReleaseFolder;
  let folder: string;
  let prefix: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'provisioning-upgrade-test-')));
    prefix = join(folder, 'prefix');
    releases = await ReleaseFolder.make(['core', 'platform'], ['@aws-sdk', '@smithy', 'bare-url', 'bare-fs']);
    await releases.publish('core', '3.2.1', { compatibility });
    await releases.publish('platform', '2.5.3', { compatibility });
    environment = {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: join(folder, 'home'),
      XDG_CONFIG_HOME: join(folder, 'home/config'),
      XDG_DATA_HOME: join(folder, 'home/data'),
      XDG_CACHE_HOME: join(folder, 'home/cache'),
      XDG_RUNTIME_DIR: join(folder, 'home/run'),
      PROVISIONING_RELEASES_URL: releases.base,
      PROVISIONING_NONINTERACTIVE: 'true',
      ORCHESTRATOR_SERVER_PORT: String(await freePort()),
      TMPDIR: folder,
    };
    await writeScripts(root, '3.2.1', join(folder, 'scripts'));
    const words = [
      join(folder, 'scripts/install.sh'),
      '--prefix',
      prefix,
      '--packages',
      'core,platform',
      '--system-node',
    ];
    expect(await runProgram('/bin/sh', words, { environment })).toMatchObject({ code: 0 });
  }, 600_000);

  afterAll(async () => {
    await provisioning(['orchestrator', 'stop', '--force', '--drain', '5']);
    await cleanEverything({
      variables: environment,
      workspace: { name: 'pair', path: join(folder, 'pair') },
      images: false,
    });
    releases?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  type Options = Parameters<typeof runProgram>[2];
  const provisioning = (words: readonly string[], options: Options = {}): Promise<Ended> =>
    runProgram(join(prefix, 'bin/provisioning'), words, { environment, ...options });
  const orchestrator = async (): Promise<{ readonly version: string; readonly pid: number }> => {
    const response = await fetch(`http://127.0.0.1:${environment['ORCHESTRATOR_SERVER_PORT']!}/health`);
    return (await response.json()) as { version: string; pid: number };
  };

  test('11.A9 the same version is the latest', async () => {
    expect(await provisioning(['upgrade', '--yes'])).toMatchObject({
      code: 0,
      stdout: 'Already at latest version\n',
    });
    const checked = await provisioning(['update', '--check']);
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('Latest:  3.2.1') });
  }, 60_000);

  test('11.A18 a platform that does not go with the core is refused with the range that does', async () => {
    await releases.publish('platform', '2.3.0', { compatibility });
    const refused = await provisioning(['install', 'platform@2.3.0', '--yes']);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('Platform 2.3.0 is not compatible with core 3.2.1 (requires ^2.5)');
    expect((await provisioning(['install', 'platform@2.5.3'])).stdout).toContain('Already installed');
    expect(existsSync(join(prefix, 'lib/provisioning.new'))).toBe(false);
  }, 120_000);

  test('11.A8 a new version that crashes is taken back, its services run again', async () => {
    expect((await provisioning(['orchestrator', 'start'])).code).toBe(0);
    const before = await orchestrator();
    await releases.publish('core', '3.2.2', {
      compatibility,
      alter: (tree) =>
        writeFileSync(join(tree, program), "process.stderr.write('cannot start\\n'); process.exit(1);\n"),
    });
    const failed = await provisioning(['upgrade', '--yes']);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('Upgrade failed') });
    expect(failed.stderr).toContain('cannot start');
    expect((await provisioning(['--version'])).stdout).toBe('3.2.1\n');
    const after = await orchestrator();
    expect(after.version).toBe('2.5.3');
    expect(after.pid).not.toBe(before.pid);
    expect(readdirSync(join(prefix, 'lib'))).toEqual(['provisioning']);
  }, 180_000);

  test('11.A8 an interruption while it is unpacked changes nothing', async () => {
    const interrupted = await provisioning(['upgrade', '--yes'], {
      onOutput: (text, child) => {
        if (text.includes('Unpacking core 3.2.2')) child.kill('SIGINT');
      },
    });
    expect(interrupted).toMatchObject({ code: 1, stderr: expect.stringContaining('Upgrade failed') });
    expect((await provisioning(['--version'])).stdout).toBe('3.2.1\n');
    expect((await orchestrator()).version).toBe('2.5.3');
    expect(readdirSync(join(prefix, 'lib'))).toEqual(['provisioning']);
  }, 180_000);

  test('11.A8 an interruption when the new version is in place brings the old one back', async () => {
    await releases.publish('core', '3.2.3', {
      compatibility,
      alter: (tree) => writeFileSync(join(tree, program), hanging),
    });
    const interrupted = await provisioning(['upgrade', '--yes', '--version', '3.2.3'], {
      onOutput: (text, child) => {
        if (text.includes('Installing 3.2.3')) setTimeout(() => child.kill('SIGINT'), 1000);
      },
    });
    expect(interrupted).toMatchObject({ code: 1, stderr: expect.stringContaining('Upgrade failed') });
    expect((await provisioning(['--version'])).stdout).toBe('3.2.1\n');
    expect((await orchestrator()).version).toBe('2.5.3');
  }, 180_000);

  test('a kill in the middle of the exchange is taken back by the next command that changes something', async () => {
    const killed = await provisioning(['upgrade', '--yes', '--version', '3.2.3'], {
      onOutput: (text, child) => {
        if (text.includes('Installing 3.2.3')) setTimeout(() => child.kill('SIGKILL'), 1000);
      },
    });
    expect(killed.code).not.toBe(0);
    // The program itself may be the broken one now: the installer takes it back.
    const words = [
      join(folder, 'scripts/install.sh'),
      '--prefix',
      prefix,
      '--version',
      '3.2.1',
      '--system-node',
    ];
    const repaired = await runProgram('/bin/sh', words, { environment });
    expect(repaired).toMatchObject({ code: 0, stdout: expect.stringContaining('Already installed: 3.2.1') });
    expect((await provisioning(['--version'])).stdout).toBe('3.2.1\n');
  }, 180_000);

  test('a good version takes its place, with services, and can be rolled back', async () => {
    expect((await provisioning(['orchestrator', 'start'])).code).toBe(0);
    await releases.publish('core', '3.2.4', { compatibility });
    const planned = await provisioning(['upgrade', '--check']);
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining('core: 3.2.1 → 3.2.4') });
    expect(await provisioning(['upgrade'])).toMatchObject({ code: 2 });
    expect(await provisioning(['upgrade', '--yes'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Upgraded to 3.2.4'),
    });
    expect((await provisioning(['--version'])).stdout).toBe('3.2.4\n');
    expect((await orchestrator()).version).toBe('2.5.3');
    expect(await provisioning(['upgrade', '--version', '3.2.1', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--allow-downgrade'),
    });
    expect(await provisioning(['upgrade', '--rollback', '--yes'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Back at 3.2.1'),
    });
    expect((await provisioning(['--version'])).stdout).toBe('3.2.1\n');
    const receipt = JSON.parse(
      readFileSync(join(prefix, 'share/provisioning/install-receipt.json'), 'utf8'),
    ) as {
      components: Record<string, { version: string }>;
    };
    expect(receipt.components['core']!.version).toBe('3.2.1');
  }, 180_000);

  test('11.A12 an orchestrator of another version: reading warns, changing stops', async () => {
    expect((await provisioning(['orchestrator', 'stop'])).code).toBe(0);
    const other = join(folder, 'other');
    const words = [
      join(folder, 'scripts/install.sh'),
      '--prefix',
      other,
      '--packages',
      'platform',
      '--version',
      '2.3.0',
      '--system-node',
    ];
    expect(await runProgram('/bin/sh', words, { environment })).toMatchObject({ code: 0 });
    const old = { ...environment, PROVISIONING_ORCHESTRATOR_PROGRAM: join(other, orchestratorProgram) };
    expect((await provisioning(['orchestrator', 'start'], { environment: old })).code).toBe(0);
    expect((await orchestrator()).version).toBe('2.3.0');
    const demo = [
      'workspace',
      'init',
      'pair',
      join(folder, 'pair'),
      '--template',
      'demo',
      '--infra-name',
      'demo',
      '--activate',
      '--yes',
    ];
    expect(await provisioning(demo)).toMatchObject({ code: 0 });
    const message = 'Platform 2.3.0 is not compatible with core 3.2.1 (requires ^2.5)';
    for (const time of ['first', 'second']) {
      const listed = await provisioning(['server', 'list']);
      expect({ time, ...listed }).toMatchObject({ code: 0, stderr: expect.stringContaining(message) });
    }
    const created = await provisioning(['server', 'create', '--yes']);
    expect(created).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect(JSON.parse((await provisioning(['server', 'list', '--out', 'json'])).stdout)).toEqual([]);
    expect((await provisioning(['orchestrator', 'stop'])).code).toBe(0);
  }, 180_000);
});

/** Never answers; ends when whoever started it is gone, so that a killed upgrade leaves no process behind. */
const hanging =
  'const parent = process.ppid; setInterval(() => { if (process.ppid !== parent) process.exit(1); }, 100);\n';
const program = 'lib/provisioning/core/node_modules/@provisioning/cli/bin/provisioning.js';
const orchestratorProgram = 'lib/provisioning/platform/node_modules/@provisioning/orchestrator/dist/main.js';
