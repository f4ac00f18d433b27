import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { appendFile, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generateExtension, type ScaffoldOptions, scaffolds } from '@provisioning/core';
import ts from 'typescript';
import { npm } from './npm.ts';
import { publishedPackages, root } from './packages.ts';
import { stageAll } from './stage.ts';

/** The SDK as its users get it: packed, and installed into an empty folder far from the repository. */
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'provisioning-sdk-'));
  const packages = publishedPackages().filter(({ json }) => json.name === '@provisioning/extensions-sdk');
  const [staged] = await stageAll(join(folder, 'staged'), () => undefined, packages);
  const [{ filename }] = JSON.parse(
    await npm(['pack', '--json', '--pack-destination', folder], { cwd: staged!.folder }),
  ) as [{ filename: string }];
  await mkdir(join(folder, 'author'));
  await writeFile(join(folder, 'author', 'package.json'), '{"name":"author","private":true}');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  await npm(['install', ...quiet, join(folder, filename)], { cwd: join(folder, 'author') });
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function generate(type: ScaffoldOptions['type'], template: string): ReturnType<typeof generateExtension> {
  const choice = type === 'taskserv' ? { pattern: template } : type === 'provider' ? { template } : {};
  return generateExtension({
    type,
    name: `my-${template}`,
    author: 'Ana',
    output: join(folder, 'author'),
    year: 2026,
    force: true,
    ...(choice as Partial<ScaffoldOptions>),
  });
}

/** `npm test` of an extension. */
function ownTests(cwd: string): Promise<{ code: number; output: string }> {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return new Promise((resolve) => {
    execFile('npm', ['test', '--silent'], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}

test('the packed SDK has the kits, and nothing of the repository', async () => {
  const sdk = join(folder, 'author/node_modules/@provisioning/extensions-sdk');
  expect((await readdir(sdk)).sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json', 'scaffolds'].sort(),
  );
  const kits = (await import(join(sdk, 'dist/conformance/index.js'))) as Record<string, unknown>;
  for (const kit of ['runProviderConformance', 'runTaskservConformance', 'runClusterConformance']) {
    expect(kits[kit]).toBeInstanceOf(Function);
  }
  expect(existsSync(join(sdk, 'src'))).toBe(false);
});

// Container and bare metal are written from the same files as a cloud.
test.each(scaffolds.filter(({ name }) => name !== 'container' && name !== 'baremetal'))(
  'what generate writes for $type $name passes its kit at once, outside the repository',
  async ({ type, name }) => {
    const { path } = await generate(type, name);
    const { code, output } = await ownTests(path);
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(output).toMatch(/pass [1-9]/);
  },
  120_000,
);

test('a scaffolded provider compiles against the packed types', async () => {
  const { path } = await generate('provider', 'cloud');
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable', 'dom'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    path,
  );
  const program = ts.createProgram([join(path, 'tests/unit/conformance.test.ts')], options);
  const findings = ts.getPreEmitDiagnostics(program);
  expect(findings.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
}, 120_000);

async function expectReasons(path: string, reasons: readonly string[]): Promise<void> {
  const { code, output } = await ownTests(path);
  expect(code).toBe(1);
  for (const reason of reasons) expect(output).toContain(reason);
}

test('an extension that breaks the rules fails its kit, with the reason', async () => {
  const taskserv = (await generate('taskserv', 'database')).path;
  await rm(join(taskserv, 'default', 'my-database.service.hbs'));
  await writeFile(join(taskserv, 'default', 'extra.conf.hbs'), 'port {{config.prot}}\n{{#if config.port}}\n');
  await writeFile(join(taskserv, 'scripts', 'install.sh'), '#!/bin/sh\nif true; then\n');
  await expectReasons(taskserv, [
    'default/ lacks my-database.service.hbs',
    'config.prot is not in the schema',
    '{{#if}} has no end',
    "it says no 'set -e'",
  ]);
  const cluster = (await generate('cluster', 'cluster')).path;
  const definition = `  - name: extra\n    type: taskserv\n    service: nomad\n    dependencies: [extra, nobody]\n`;
  const copy = join(folder, 'author', 'clusters', 'copy');
  await cp(cluster, copy, { recursive: true });
  const text = `name: my-cluster\ncomponents:\n${definition}`;
  await writeFile(join(copy, 'cluster.yaml'), text);
  await appendFile(join(copy, 'manifest.yaml'), 'conflicts: [redis]\n');
  await expectReasons(copy, [
    'extra needs nobody',
    'these wait for each other: extra',
    'dependencies lack nomad',
    'needed and refused: redis',
  ]);
}, 120_000);
