import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { InfrastructureBackup } from '@provisioning/core';
import { CliBed } from '../testing/cli-bed.ts';

/** An infrastructure with a service that holds data goes back to what it was. */
let bed: CliBed;

const definition = (memory: number): string => `
[[servers]]
hostname = "cache-01"
provider = "local"
memory = ${memory}
taskservs = ["os", "redis"]
`;

jest.setTimeout(180_000);

beforeAll(async () => {
  bed = await CliBed.make(definition(512), { servers: true });
  await must('create-server-task cache-01 --yes --direct');
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

async function must(line: string): Promise<string> {
  const { code, stdout, stderr } = await bed.cli(line);
  if (code !== 0) throw new Error(`${line}: exit ${code}\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

const redis = async (command: string): Promise<string> =>
  (await bed.sh('cache-01', `redis-cli ${command}`)).trim();

test('a backup holds definition and data; restore brings both back and keeps what was there', async () => {
  await redis('set colour blue');
  const made = await must('backup create --include-volumes');
  expect(made).toMatch(/redis on cache-01[^]*snapshot of cache-01/);
  await redis('set colour red');
  await bed.define(definition(768));
  expect(await must('restore --backup latest --test')).toMatch(/settings\.toml[^]*data of redis on cache-01/);
  expect(await redis('get colour')).toBe('red');
  expect((await bed.cli('restore --backup latest')).code).toBe(2);
  expect(await must('restore --backup latest --yes')).toContain('What was there is kept as prod-');
  expect(await redis('get colour')).toBe('blue');
  expect(await readFile(join(bed.infra, 'settings.toml'), 'utf8')).toBe(definition(512));
  expect(await must('plan')).toContain('Nothing to change');
  expect(await bed.json<unknown[]>('backup list')).toHaveLength(2);
});

test('the snapshot that a backup took with its data is one the server goes back to', async () => {
  const [, backup] = await bed.json<InfrastructureBackup[]>('backup list');
  const provider = await (await bed.open()).project.provider('local');
  const taken = (await provider.snapshot!.list()).map(({ id }) => id);
  expect(backup!.snapshots).toEqual([{ server: 'cache-01', provider: 'local', id: taken[0] }]);
  await bed.sh('cache-01', 'echo later > /root/after-the-backup');
  await must('storage restore cache-01 --backup latest --yes');
  expect(await bed.sh('cache-01', 'ls /root')).not.toContain('after-the-backup');
});

test('05 §10 how busy a server is, now and over a while', async () => {
  const [now] = await bed.json<{ server: string; cpu: number; memory: number }[]>('metrics get');
  expect(now).toMatchObject({ server: 'cache-01', cpu: expect.any(Number), memory: expect.any(Number) });
  expect(now!.memory).toBeGreaterThan(0);
  const monitor = 'metrics monitor cache-01 --duration 3s --interval 1s';
  const [seen] = await bed.json<{ samples: number; memory: { highest: number } }[]>(monitor);
  expect(seen!.samples).toBeGreaterThanOrEqual(1);
  expect(seen!.memory.highest).toBeGreaterThan(0);
  expect(await bed.cli('metrics get nope')).toMatchObject({
    ...{ code: 5, stderr: expect.stringContaining('cache-01') },
  });
});
