import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Installation, orchestratorProgram, program } from '../testing/installation.ts';

/** An installation of core and platform with a running orchestrator: upgraded, broken, interrupted. */
describe('an installation', () => {
  let installation: Installation;
  const run: Installation['run'] = (...words) => installation.run(...words);

  beforeAll(async () => {
    installation = await Installation.make();
  }, 600_000);
  afterAll(() => installation?.remove(), 120_000);

  test('11.A9 the same version is the latest', async () => {
    expect(await run(['upgrade', '--yes'])).toMatchObject({
      code: 0,
      stdout: 'Already at latest version\n',
    });
    const checked = await run(['update', '--check']);
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('Latest:  3.2.1') });
  }, 60_000);

  test('11.A18 a platform that does not go with the core is refused with the range that does', async () => {
    await installation.publish('platform', '2.3.0');
    const refused = await run(['install', 'platform@2.3.0', '--yes']);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('Platform 2.3.0 is not compatible with core 3.2.1 (requires ^2.5)');
    expect((await run(['install', 'platform@2.5.3'])).stdout).toContain('Already installed');
    expect(existsSync(join(installation.prefix, 'lib/provisioning.new'))).toBe(false);
  }, 120_000);

  test('11.A8 a new version that crashes is taken back, its services run again', async () => {
    expect((await run(['orchestrator', 'start'])).code).toBe(0);
    const before = await installation.orchestrator();
    await installation.publish('core', '3.2.2', (tree) =>
      writeFileSync(join(tree, program), "process.stderr.write('cannot start\\n'); process.exit(1);\n"),
    );
    const failed = await run(['upgrade', '--yes']);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('Upgrade failed') });
    expect(failed.stderr).toContain('cannot start');
    expect((await run(['--version'])).stdout).toBe('3.2.1\n');
    const after = await installation.orchestrator();
    expect(after.version).toBe('2.5.3');
    expect(after.pid).not.toBe(before.pid);
    expect(readdirSync(join(installation.prefix, 'lib'))).toEqual(['provisioning']);
  }, 180_000);

  test('11.A8 an interruption while it is unpacked changes nothing', async () => {
    const interrupted = await run(['upgrade', '--yes'], {
      onOutput: (text, child) => {
        if (text.includes('Unpacking core 3.2.2')) child.kill('SIGINT');
      },
    });
    expect(interrupted).toMatchObject({ code: 1, stderr: expect.stringContaining('Upgrade failed') });
    expect((await run(['--version'])).stdout).toBe('3.2.1\n');
    expect((await installation.orchestrator()).version).toBe('2.5.3');
    expect(readdirSync(join(installation.prefix, 'lib'))).toEqual(['provisioning']);
  }, 180_000);

  test('11.A12 an orchestrator of another version: reading warns, changing stops', async () => {
    expect((await run(['orchestrator', 'stop'])).code).toBe(0);
    const other = join(installation.folder, 'other');
    const words = ['--prefix', other, '--packages', 'platform', '--version', '2.3.0'];
    expect(await installation.installer(...words)).toMatchObject({ code: 0 });
    const old = {
      ...installation.environment,
      PROVISIONING_ORCHESTRATOR_PROGRAM: join(other, orchestratorProgram),
    };
    expect((await run(['orchestrator', 'start'], { environment: old })).code).toBe(0);
    expect((await installation.orchestrator()).version).toBe('2.3.0');
    // What it goes with comes from the matrix it was installed with.
    expect(await installation.versions()).toMatchObject({ compatibility: { core: '^3.0' } });
    const options = ['--template', 'demo', '--infra-name', 'demo', '--activate', '--yes'];
    const demo = ['workspace', 'init', 'pair', join(installation.folder, 'pair'), ...options];
    expect(await run(demo)).toMatchObject({ code: 0 });
    const message = 'Platform 2.3.0 is not compatible with core 3.2.1 (requires ^2.5)';
    for (const time of ['first', 'second']) {
      const listed = await run(['server', 'list']);
      expect({ time, ...listed }).toMatchObject({ code: 0, stderr: expect.stringContaining(message) });
    }
    const created = await run(['server', 'create', '--yes']);
    expect(created).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect(JSON.parse((await run(['server', 'list', '--out', 'json'])).stdout)).toEqual([]);
    expect((await run(['orchestrator', 'stop'])).code).toBe(0);
  }, 180_000);
});
