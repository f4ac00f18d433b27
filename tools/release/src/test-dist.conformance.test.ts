import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runProgram } from '../../build/src/testing/process.ts';
import { ReleaseFolder } from '../../build/src/testing/releases.ts';
import { root } from './packages.ts';

describe('test-dist', () => {
  let releases: ReleaseFolder;
  beforeAll(async () => {
    releases = await ReleaseFolder.make(['core', 'platform']);
    await releases.publish('core', '3.2.1');
    await releases.addRuntime('3.2.1');
  }, 600_000);
  afterAll(() => releases?.remove());

  test('11.A16 a folder of tests in an archive does not pass the test of the distribution', async () => {
    const testDist = (version: string) => {
      const words = ['test-dist', '--test-types', 'basic', '--dist-dir', join(releases.base, version)];
      return runProgram(process.execPath, [join(root, 'tools/release/src/run.ts'), ...words], {
        environment: process.env,
      });
    };
    const good = await testDist('3.2.1');
    expect(good).toMatchObject({ code: 0, stdout: expect.stringMatching(/^4 passed, 0 failed/) });
    await releases.publish('core', '3.2.9', {
      alter: (tree) => {
        mkdirSync(join(tree, 'lib/provisioning/core/tests'));
        writeFileSync(join(tree, 'lib/provisioning/core/tests/some.js'), '');
      },
    });
    const bad = await testDist('3.2.9');
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringMatching(/^3 passed, 1 failed/) });
    expect(bad.stderr).toContain('development file lib/provisioning/core/tests');
    const report = JSON.parse(readFileSync(join(releases.base, '3.2.9/test-dist.json'), 'utf8')) as unknown;
    expect(report).toMatchObject({ version: '3.2.9', passed: false });
    rmSync(join(releases.base, '3.2.9'), { recursive: true });
  }, 180_000);

  test('an installation is worked with: workspace, servers, and the services that are shipped', async () => {
    const words = ['test-dist', '--test-types', 'integration', '--dist-dir', join(releases.base, '3.2.1')];
    const tried = (): ReturnType<typeof runProgram> =>
      runProgram(process.execPath, [join(root, 'tools/release/src/run.ts'), ...words], {
        environment: process.env,
      });
    expect(await tried()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^7 passed, 0 failed, 1 skipped/),
    });
    await releases.publish('platform', '3.2.1');
    await releases.addRuntime('3.2.1');
    const report = await tried();
    expect(report.stderr).toContain('passed integration: services');
    expect(report).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^10 passed, 0 failed, 0 skipped/),
    });
  }, 300_000);
});
