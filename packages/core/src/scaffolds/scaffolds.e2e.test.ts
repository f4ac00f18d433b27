import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runExtensionTests } from '../extensions/run-tests.ts';
import { TestFolder } from '../extensions/testing/extension-folder.ts';
import { validateExtension } from '../extension-validation/validate.ts';
import { type ScaffoldOptions, generateExtension, scaffolds } from './generate.ts';

async function generate(
  folder: TestFolder,
  more: Partial<ScaffoldOptions>,
): ReturnType<typeof generateExtension> {
  return generateExtension({
    type: 'taskserv',
    name: 'my-api',
    author: 'Ana',
    output: folder.path,
    year: 2025,
    ...more,
  });
}

test('08.A15 a generated taskserv is valid, its tests pass, and a second one exists', async () => {
  await using folder = await TestFolder.create();
  const { path, files } = await generate(folder, {
    category: 'development',
    port: 8080,
    repository: 'ana/my-api',
  });
  expect(path).toBe(join(folder.path, 'taskservs/development/my-api'));
  expect(files).toEqual(
    expect.arrayContaining([
      'manifest.yaml',
      'schema/config.json',
      'schema/version.json',
      'schema/dependencies.json',
      'scripts/check.sh',
      'scripts/install.sh',
      'scripts/uninstall.sh',
      'docs/README.md',
      'tests/unit/my-api.test.js',
    ]),
  );
  const report = await validateExtension(path, 'taskserv');
  expect(report.rules).toMatchObject({ structure: { errors: [], warnings: [] }, interface: { errors: [] } });
  expect(report.valid).toBe(true);
  const tests = await runExtensionTests({ path });
  expect(tests.summary).toMatchObject({ failed: 0, success_rate: 100 });
  expect(tests.test_results.find(({ test_type }) => test_type === 'e2e')).toMatchObject({
    status: 'skipped',
  });
  await expect(generate(folder, { category: 'databases' })).rejects.toThrow(
    `Extension already exists: ${path}`,
  );
  await expect(generate(folder, { category: 'development' })).rejects.toThrow(
    `Extension already exists: ${path}`,
  );
  await expect(generate(folder, { name: 'My_Api' })).rejects.toMatchObject({
    exitCode: 2,
    message: 'Invalid extension name: use kebab-case',
  });
});

test.each(scaffolds)(
  'what generate writes for $type $name is valid and passes its tests',
  async ({ type, name }) => {
    await using folder = await TestFolder.create();
    const kind =
      type === 'taskserv'
        ? { pattern: name as never }
        : type === 'provider'
          ? { template: name as never }
          : {};
    const { path } = await generate(folder, { type, name: `my-${name}`, ...kind });
    const report = await validateExtension(path, type);
    const errors = Object.values(report.rules).flatMap((rule) => rule.errors);
    expect(errors).toEqual([]);
    const { test_results: results, summary } = await runExtensionTests({ path });
    expect(results.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(summary.passed).toBeGreaterThan(0);
  },
);

test('tests that fail, and a key in a file, are told', async () => {
  await using folder = await TestFolder.create();
  const { path } = await generate(folder, {});
  await folder.write({
    'taskservs/my-api/tests/unit/bad.test.js':
      "import { test } from 'node:test';\ntest('bad', () => { throw new Error('broken'); });\n",
    'taskservs/my-api/key.pem': '-----BEGIN PRIVATE KEY-----\n',
  });
  const { summary, test_results: results } = await runExtensionTests({ path });
  expect(summary.failed).toBe(2);
  expect(results.find(({ test_type }) => test_type === 'unit')?.error).toContain('broken');
  expect(results.find(({ test_type }) => test_type === 'security')?.error).toContain('private key');
  await expect(runExtensionTests({ path: join(folder.path, 'nope') })).rejects.toMatchObject({ exitCode: 5 });
});

test('validation names what is missing and what is wrong', async () => {
  await using folder = await TestFolder.create();
  const { path } = await generate(folder, {});
  await folder.write({
    'taskservs/my-api/default/my-api.service.hbs': '{{#if a}}',
    'taskservs/my-api/scripts/install.sh': '#!/bin/sh\nif true; then\n',
    'taskservs/my-api/schema/config.json':
      '{"type":"object","properties":{"port":{"type":"integer","default":"x"}}}',
  });
  const report = await validateExtension(path, 'taskserv', { productVersion: '0.0.1' });
  expect(report.valid).toBe(false);
  expect(report.rules.interface.errors.join('\n')).toContain('default/my-api.service.hbs:1');
  expect(report.rules.interface.errors.join('\n')).toContain('install.sh');
  expect(report.rules.schema.errors).toEqual(['schema/config: default of port must be integer']);
  expect(report.rules.version.errors[0]).toContain('needs provisioning 0.1.0 or newer');
});

test('08 §10 tests learn where they run; in turn they never overlap', async () => {
  await using folder = await TestFolder.create();
  await folder.extension('acme', { name: 'acme', type: 'taskserv' });
  const path = join(folder.path, 'acme');
  // Each says it begins, waits for the other where that may come in, and says it ends.
  const body = (name: string) => `import test from 'node:test';
import assert from 'node:assert';
import { appendFileSync, readFileSync } from 'node:fs';
test('${name}', async () => {
  assert.equal(process.env.PROVISIONING_TEST_TARGET, 'test-env');
  appendFileSync('turns', '${name} in\\n');
  const others = () => readFileSync('turns', 'utf8').split('\\n').filter((line) => / in$/.test(line)).length;
  for (let i = 0; i < 200 && others() < 2 && !process.env.ALONE; i += 1) await new Promise((done) => setTimeout(done, 50));
  appendFileSync('turns', '${name} out\\n');
});
`;
  await folder.write({
    'acme/tests/integration/integration.test.mjs': body('integration'),
    'acme/tests/e2e/e2e.test.mjs': body('e2e'),
  });
  const turns = async (parallel: boolean) => {
    await rm(join(path, 'turns'), { force: true });
    const { summary } = await runExtensionTests({
      path,
      types: ['integration', 'e2e'],
      target: 'test-env',
      parallel,
      environment: { PATH: process.env['PATH'], ...(parallel ? {} : { ALONE: '1' }) },
    });
    expect(summary).toMatchObject({ passed: 2, failed: 0 });
    return (await readFile(join(path, 'turns'), 'utf8')).trim().split('\n');
  };
  expect(await turns(false)).toEqual(['integration in', 'integration out', 'e2e in', 'e2e out']);
  expect((await turns(true)).slice(0, 2).sort()).toEqual(['e2e in', 'integration in']);
});
