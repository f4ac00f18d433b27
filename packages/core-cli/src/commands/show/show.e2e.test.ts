import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Sandbox } from '../../../test/sandbox.ts';
import { Terminal } from '../../../test/tmux.ts';

describe('commands of the tree that show and check a workspace (01 §13)', () => {
  let sandbox: Sandbox;
  let workspace: string;
  let terminal: Terminal | undefined;

  beforeAll(async () => {
    sandbox = await Sandbox.make({ PROVISIONING_NONINTERACTIVE: 'true' });
    expect((await sandbox.run(['workspace', 'init', 'shop', '--template', 'demo'])).code).toBe(0);
    workspace = join(sandbox.folder, 'workspaces/shop');
  }, 60_000);
  afterEach(() => terminal?.close());
  afterAll(() => sandbox.remove());

  test('show servers shows one server, and what a taskserv is set to on it', async () => {
    expect(await sandbox.json(['show', 'servers'])).toEqual([]);
    expect(await sandbox.json(['show', 'servers', 'web-01'])).toMatchObject({
      definition: { hostname: 'web-01', provider: 'local', memory: 512 },
      state: null,
    });
    expect(await sandbox.json(['show', 'servers', 'db-01', 'taskserv', 'postgres'])).toMatchObject({
      server: 'db-01',
      taskserv: 'postgres',
      config: { port: 5432, databases: [{ name: 'app', owner: 'app' }] },
    });
    expect(await sandbox.run(['show', 'servers', 'db-01', 'taskserv', 'redis'])).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/db-01 has no taskserv redis[\s\S]*- postgres/),
    });
    expect((await sandbox.run(['show', 'servers', 'nope'])).code).toBe(5);
  }, 60_000);

  test('show costs --all counts every infrastructure of the workspace', async () => {
    expect((await sandbox.run(['generate', 'infra', 'second'])).code).toBe(0);
    const { servers } = await sandbox.json<{ servers: { infra: string; hostname: string }[] }>([
      'show',
      'costs',
      '--all',
    ]);
    expect(servers.map(({ infra, hostname }) => `${infra}/${hostname}`).sort()).toEqual([
      'demo/cache-01',
      'demo/db-01',
      'demo/web-01',
      'second/server-01',
    ]);
  }, 60_000);

  test('infra create and infra delete are deploy and destroy', async () => {
    const [created, deployed] = await Promise.all(
      [
        ['infra', 'create', '--check'],
        ['deploy', '--check'],
      ].map((words) => sandbox.run(words)),
    );
    expect(created).toEqual(deployed);
    expect(created!.stdout).toContain('Server: web-01');
    expect(await sandbox.run(['infra', 'delete', '--check'])).toEqual(
      await sandbox.run(['destroy', '--check']),
    );
  }, 60_000);

  test('health takes the areas that health check takes', async () => {
    const { stdout } = await sandbox.run(['health', 'servers']);
    expect(stdout).toMatch(/Servers: 0\/0 healthy/);
    expect(stdout).not.toMatch(/Encryption Keys/);
  }, 60_000);

  test('the tests of every extension of the workspace run, those of the product do not', async () => {
    const folder = join(workspace, 'extensions/taskservs/mine');
    expect(
      (await sandbox.run(['generate', 'extension', 'taskserv', 'mine', '--output', join(folder, '..')])).code,
    ).toBe(0);
    mkdirSync(join(folder, 'tests/unit'), { recursive: true });
    writeFileSync(
      join(folder, 'tests/unit/own.test.ts'),
      "import { test } from 'node:test';\ntest('own', () => {});\n",
    );
    const reports = await sandbox.json<{ extension: string; summary: { passed: number } }[]>([
      'workspace',
      'tools',
      'test-all',
      '--test-type',
      'unit',
    ]);
    expect(reports.map(({ extension }) => extension)).toEqual(['mine']);
    expect(reports[0]!.summary.passed).toBeGreaterThan(0);
    expect((await sandbox.run(['oci', 'package', 'validate', folder])).stdout).toEqual(
      (await sandbox.run(['extension', 'validate', folder])).stdout,
    );
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 });
    terminal.type(`provisioning extension test ${folder} --test-type unit --watch; echo "code $?"`);
    await terminal.until(/Total: \d+, passed \d+, failed 0[\s\S]*Watching/);
    writeFileSync(
      join(folder, 'tests/unit/own.test.ts'),
      "import { test } from 'node:test';\ntest('own', () => { throw new Error('broken'); });\n",
    );
    await terminal.until(/failed 1/);
    terminal.press('C-c');
    expect(await terminal.until(/code \d+/)).toContain('code 1');
  }, 120_000);

  test('a fast path that is asked for is built in', async () => {
    expect(await sandbox.run(['plugin', 'install', 'age'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('age is built in'),
    });
    expect((await sandbox.run(['plugin', 'install', 'nope'])).code).toBe(2);
  }, 60_000);
});
