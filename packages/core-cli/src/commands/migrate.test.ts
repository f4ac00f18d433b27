import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Value } from 'typebox/value';
import { commandOutputs } from '@provisioning/client';
import { type Outcome, run } from '../../test/run.ts';

const home = mkdtempSync(join(tmpdir(), 'provisioning-migrate-'));
const environment = { HOME: home, PATH: '', PROVISIONING_NONINTERACTIVE: '1' };
const cli = (...words: readonly string[]): Promise<Outcome> => run([...words], { environment, cwd: home });
const metadata = join(home, 'shop/.provisioning/metadata.yaml');

interface Migrated {
  readonly status: string;
  readonly workspaces: readonly {
    readonly workspace: string;
    readonly steps: readonly string[];
    readonly files: readonly string[];
    readonly backups: readonly string[];
  }[];
}

beforeAll(async () => {
  for (const name of ['shop', 'fresh'])
    expect(await cli('workspace', 'init', name, join(home, name), '--yes')).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('migrate finds nothing to do, then lists what is due and waits for a yes', async () => {
  expect(await cli('migrate')).toMatchObject({ code: 0, stdout: 'Nothing to migrate\n' });
  rmSync(metadata);
  writeFileSync(join(home, 'shop/config.user.toml'), '[http]\ntimeout = 61\n');
  const planned = await cli('migrate', '--check', '--out', 'json');
  const plan = JSON.parse(planned.stdout) as Migrated;
  expect([planned.code, [...Value.Errors(commandOutputs['migrate']!, plan)]]).toEqual([0, []]);
  expect(plan).toMatchObject({
    status: 'planned',
    workspaces: [{ workspace: 'shop', files: [join(home, 'shop/config.user.toml')], backups: [] }],
  });
  const refused = await cli('migrate');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('take over') });
  expect(existsSync(metadata)).toBe(false);
}, 60_000);

test('migrate takes over the old configuration and the workspace, each after a backup', async () => {
  const done = JSON.parse((await cli('migrate', '--yes', '--out', 'json')).stdout) as Migrated;
  expect(done).toMatchObject({ status: 'migrated', workspaces: [{ workspace: 'shop' }] });
  expect(done.workspaces[0]!.backups).toHaveLength(2);
  expect(done.workspaces[0]!.backups.every((path) => existsSync(path))).toBe(true);
  expect(readFileSync(metadata, 'utf8')).toContain('migration_history');
  const value = await cli('config', 'get', 'http.timeout', '--workspace', 'shop', '--out', 'json');
  expect(value.stdout).toContain('61');
  expect(await cli('migrate')).toMatchObject({ code: 0, stdout: 'Nothing to migrate\n' });
}, 60_000);
