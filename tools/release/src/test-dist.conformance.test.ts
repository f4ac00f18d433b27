import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runProgram } from '../../build/src/testing/process.ts';
import { ReleaseFolder } from '../../build/src/testing/releases.ts';
import { root } from './packages.ts';

describe('test-dist', () => {
  let releases: ReleaseFolder;
  beforeAll(async () => {
    releases = await ReleaseFolder.make(['core', 'platform', 'extensions']);
    await releases.publish('core', '3.2.1');
    await releases.addRuntime('3.2.1');
  }, 600_000);
  afterAll(() => releases?.remove());

  const step = (...words: readonly string[]): ReturnType<typeof runProgram> => {
    const config = join(releases.folder, 'release.toml');
    writeFileSync(config, `[releases]\nfolder = "${releases.base}"\n`);
    return runProgram(
      process.execPath,
      [join(root, 'tools/release/src/run.ts'), ...words, '--config', config],
      { environment: process.env },
    );
  };

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

  test('complete: workflows, servers, a cluster, an upgrade from the release before and the way back', async () => {
    await releases.publish('core', '3.2.2');
    await releases.publish('platform', '3.2.2');
    await releases.publish('extensions', '3.2.2');
    await releases.addRuntime('3.2.2');
    const known = { '3.2.1': {}, '3.2.2': {} };
    const index = { lines: { core: { versions: { '3.2.1': {} } }, platform: { versions: known } } };
    writeFileSync(join(releases.base, 'index.json'), JSON.stringify(index));
    const dist = join(releases.base, '3.2.2');
    const tried = await step('test-dist', '--test-types', 'complete', '--dist-dir', dist);
    expect(tried.stderr).toContain('passed complete: batch');
    expect(tried.stderr).toContain('passed complete: cluster');
    expect(tried.stderr).toContain('passed complete: back to 3.2.1');
    expect(tried).toMatchObject({ code: 0, stdout: expect.stringMatching(/ 0 failed, 0 skipped/) });
  }, 900_000);

  test('a bundle is published only after its versions were tried together', async () => {
    const matrix = join(releases.folder, 'compatibility.toml');
    writeFileSync(
      matrix,
      '[compatibility.core."3.2.1"]\nplatform = "^3.2"\n[compatibility.platform."3.2.2"]\ncore = "^3.2"\n',
    );
    const places = ['--compatibility', matrix, '--dist-dir', releases.base];
    const versions = ['--core', '3.2.1', '--platform', '3.2.2'];
    expect(await step('create-bundle', 'spring', ...versions, ...places)).toMatchObject({ code: 0 });
    const early = await step('publish-bundle', 'spring', ...places);
    expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('has not passed its test') });
    const tried = await step('test-bundle', 'spring', ...places);
    expect(tried.stderr).toContain('passed core 3.2.1 with platform 3.2.2');
    expect(tried).toMatchObject({ code: 0, stdout: expect.stringMatching(/^5 passed, 0 failed, 1 skipped/) });
    const published = await step('publish-bundle', 'spring', ...places);
    expect(published).toMatchObject({ code: 0, stdout: 'stable is spring\n' });
    expect(JSON.parse(readFileSync(join(releases.base, 'index.json'), 'utf8'))).toMatchObject({
      bundles: { spring: { core: '3.2.1', platform: '3.2.2' } },
      pointers: { stable: 'spring' },
    });
  }, 300_000);
});
