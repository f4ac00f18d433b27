import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { InfrastructureBackup } from '@provisioning/core';
import { CliBed } from '../testing/cli-bed.ts';

/** Backups of an infrastructure without servers, through the command line. The tests build on each other. */
let bed: CliBed;
const definition = (memory: number): string =>
  `[[servers]]\nhostname = "web-01"\nprovider = "local"\nmemory = ${memory}\n`;
const settings = () => readFile(join(bed.infra, 'settings.toml'), 'utf8');
const backups = () => bed.json<InfrastructureBackup[]>('backup list');

jest.setTimeout(120_000);
beforeAll(async () => {
  bed = await CliBed.make(definition(1024));
  await writeFile(join(bed.workspacePath, 'secrets', 'plain.txt'), 'hunter2\n');
  await writeFile(
    join(bed.workspacePath, 'secrets', 'keys.yaml.enc'),
    '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n',
  );
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
});

test('a check makes none; a full backup holds the infrastructure and no plain secret', async () => {
  const checked = await bed.cli('backup create --check');
  expect(checked.stdout).toMatch(/^Backup would be created: prod-\d{8}-\d{6} \(full, \d+ files\)/);
  expect(await backups()).toEqual([]);
  const made = await bed.json<InfrastructureBackup>('backup create --name first');
  const files = Object.keys(made.sha256);
  expect(files).toEqual(expect.arrayContaining(['infra/prod/settings.toml', 'secrets/keys.yaml.enc']));
  expect(files).not.toContain('secrets/plain.txt');
  const archive = await stat(join(bed.workspacePath, 'backups', `${made.id}.tar.gz`));
  expect([archive.mode & 0o777, archive.size]).toEqual([0o600, made.size]);
  expect(await backups()).toEqual([expect.objectContaining({ id: made.id, title: 'first', type: 'full' })]);
});

test('an incremental one holds what changed, and is put back with what it adds to', async () => {
  await bed.define(definition(2048));
  await writeFile(join(bed.infra, 'taskservs', 'redis.toml'), 'port = 1\n');
  const made = await bed.json<InfrastructureBackup>('infra backup --type incremental');
  const [newest, full] = await backups();
  expect(newest).toMatchObject({ id: made.id, type: 'incremental', base: full!.id });
  expect(newest!.size).toBeLessThan(full!.size);

  await bed.define(definition(4096));
  await rm(join(bed.infra, 'taskservs', 'redis.toml'));
  await mkdir(join(bed.infra, 'clusters'), { recursive: true });
  await writeFile(join(bed.infra, 'network.toml'), '[network]\n');
  const tested = await bed.cli('restore --test --components servers,taskservs');
  expect(tested.stdout).toMatch(
    /\+ infra\/prod\/taskservs\/redis\.toml\n[^]*~ infra\/prod\/settings\.toml\n[^]*- infra\/prod\/network\.toml\n/,
  );
  expect(await settings()).toBe(definition(4096));

  expect(await bed.cli('restore --no-deploy')).toMatchObject({ code: 2 });
  expect(await bed.type('restore --no-deploy', 'n\n')).toMatchObject({ code: 1 });
  expect(await settings()).toBe(definition(4096));
  expect(await bed.cli(`restore ${made.id} --backup latest --test`)).toMatchObject({ code: 2 });
  expect(await bed.cli('restore --no-deploy --yes --components taskservs')).toMatchObject({ code: 0 });
  expect(await settings()).toBe(definition(4096));
  expect(await bed.cli(`restore ${made.id} --no-deploy --yes`)).toMatchObject({ code: 0 });
  expect(await settings()).toBe(definition(2048));
  expect(await readFile(join(bed.infra, 'taskservs', 'redis.toml'), 'utf8')).toBe('port = 1\n');
  await expect(stat(join(bed.infra, 'network.toml'))).rejects.toThrow('ENOENT');
});

test('what a restore replaced can be had back; rollback takes definitions only', async () => {
  const replaced = (await backups()).find(({ title }) => title === 'before a restore')!;
  const back = `rollback --to-snapshot ${replaced.id} --no-deploy --yes`;
  expect((await bed.cli(back)).stdout).toContain(`Rolled back prod to ${replaced.id}`);
  expect(await settings()).toBe(definition(4096));
  expect(await bed.cli('rollback --to-snapshot nope --yes')).toMatchObject({
    ...{ code: 5, stderr: expect.stringContaining(replaced.id) },
  });
});

test('a damaged archive changes nothing, and nothing is left behind', async () => {
  const full = (await backups()).at(-1)!;
  const file = join(bed.workspacePath, 'backups', `${full.id}.tar.gz`);
  const bytes = await readFile(file);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(file, bytes);
  const damaged = await bed.cli(`restore --backup ${full.id} --yes`);
  expect(damaged).toMatchObject({ code: 1, stderr: expect.stringContaining('Backup is damaged') });
  expect(await settings()).toBe(definition(4096));
  const left = await readdir(join(bed.workspacePath, 'backups'));
  expect(left.filter((name) => name.startsWith('.') || name.endsWith('.partial'))).toEqual([]);
});

test('05 §7.5 a schedule of backups: daily, by cron, or as the definition says', async () => {
  const planned = (line: string) => bed.json<{ name: string; cron: string }>(`${line} --check`);
  expect(await planned('backup schedule --daily --time 02:30')).toMatchObject({
    ...{ name: 'backup-ws-prod', cron: '30 2 * * *' },
  });
  expect(await bed.cli('backup schedule --daily --time late')).toMatchObject({ code: 2 });
  expect(await bed.cli('backup schedule')).toMatchObject({ code: 2 });
  await writeFile(join(bed.infra, 'storage.toml'), '[backup]\nschedule = "15 1 * * *"\nretention = {}\n');
  expect(await planned('backup schedule')).toMatchObject({ cron: '15 1 * * *' });
});

test('a maintenance window opens, is seen, and ends by itself', async () => {
  const status = () => bed.json<{ infra: string; enabled: boolean; until?: string }[]>('maintenance status');
  await bed.json('maintenance enable --duration 30m --check');
  expect(await status()).toEqual([{ infra: 'prod', enabled: false }]);
  await bed.json(['maintenance', 'enable', '--duration', '2h', '--reason', 'new disks']);
  expect(await status()).toEqual([
    expect.objectContaining({ infra: 'prod', enabled: true, user: 'ana', reason: 'new disks' }),
  ]);
  await bed.json('maintenance disable --check');
  expect((await status())[0]!.enabled).toBe(true);
  expect(await bed.json('maintenance disable')).toEqual({ infra: 'prod', was_enabled: true });
  expect((await status())[0]!.enabled).toBe(false);
  const past = { started: '2020-01-01T00:00:00Z', until: '2020-01-01T00:30:00Z', user: 'ana' };
  await writeFile(join(bed.infra, 'data', 'maintenance.json'), JSON.stringify(past));
  expect((await status())[0]!.enabled).toBe(false);
});
