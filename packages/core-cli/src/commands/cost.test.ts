import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  type CostAdvice,
  type CostBreakdown,
  recordCost,
  type ServerRecord,
  StateFile,
  type UnusedResource,
} from '@provisioning/core';
import { UpcloudMock } from '../../../providers/upcloud/test/mock.ts';
import { password, username } from '../../../providers/upcloud/test/fixture.ts';
import { CliBed } from '../testing/cli-bed.ts';

const definition = `
[[servers]]
hostname = "web-01"
provider = "upcloud"
plan = "2xCPU-4GB"
zone = "fi-hel1"
tags = { cost_center = "shop" }
`;

let bed: CliBed;
let cloud: UpcloudMock;
jest.setTimeout(120_000);
beforeAll(async () => {
  cloud = await UpcloudMock.start();
  bed = await CliBed.make(definition);
  await writeFile(
    join(bed.workspacePath, 'config', 'providers', 'upcloud.toml'),
    `[upcloud]\napi_url = "${cloud.url}"\nrate_limit = { requests_per_minute = 60000, burst_size = 1000 }\n`,
  );
  Object.assign(bed.environment, { UPCLOUD_USERNAME: username, UPCLOUD_PASSWORD: password });
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await cloud?.[Symbol.asyncDispose]();
});

const day = 86_400_000;
const place = () => ({ workspace: { name: 'ws', path: bed.workspacePath }, infra: 'prod' });
const tomorrow = (days: number): number => Date.now() + days * day;

/** A server at the provider as a deploy would have left it. */
async function make(): Promise<void> {
  const opened = await bed.open();
  const provider = await opened.project.provider('upcloud');
  const made = await provider.createServer(
    {
      ...{ hostname: 'web-01', plan: '2xCPU-4GB', cores: 2, memory: 4096, disk: 25, zone: 'fi-hel1' },
      ...{ os: 'debian-12', ssh_public_keys: ['ssh-ed25519 AAAA me'], allowed_ports: [], time_zone: 'UTC' },
      ...{ tags: {}, extra: {}, idempotency_key: 'test' },
    },
    { wait: false },
  );
  await new StateFile(bed.infra).recordServer(made, Date.now());
  await note({ status: 'running' });
}

/** Changes what is known of it here. */
function note(record: Partial<ServerRecord>): Promise<void> {
  return new StateFile(bed.infra).update((state) => ({
    ...state,
    servers: { 'web-01': { ...state.servers['web-01']!, ...record } },
  }));
}

test('the cost is told by part, server and cost center', async () => {
  const { components, servers, cost_centers, unpriced } = await bed.json<CostBreakdown>('cost breakdown');
  expect(components).toContainEqual({ name: 'plan', currency: 'EUR', monthly: expect.any(Number) });
  expect(servers).toEqual([{ name: 'web-01', currency: 'EUR', monthly: expect.closeTo(24.79, 1) }]);
  expect(cost_centers).toEqual([{ name: 'shop', currency: 'EUR', monthly: expect.closeTo(24.79, 1) }]);
  expect(unpriced).toEqual([]);
  for (const line of ['cost', 'costs', 'cost show', 'show cost', 'price'])
    expect(await bed.cli(line)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Total: 24.79 EUR/month'),
    });
});

test('an alert is kept and told of whenever servers would be created; a check keeps nothing', async () => {
  const planned = await bed.json<{ threshold: number }>('cost alert --threshold 20 --check');
  expect(planned).toMatchObject({ check_mode: true, threshold: 20, exceeded: true });
  expect(await bed.json('cost alert')).toMatchObject({ threshold: null, exceeded: false });
  expect(await bed.json('cost alert --threshold 20')).toMatchObject({ threshold: 20, exceeded: true });
  const created = await bed.cli('server create --check');
  expect(created.stdout + created.stderr).toContain(
    'Cost alert: 24.79 EUR a month, the alert is set to 20.00',
  );
  expect(await bed.json('cost alert --threshold 30')).toMatchObject({ exceeded: false });
  expect(await bed.json('cost alert --remove')).toMatchObject({ threshold: null });
  expect(await bed.cli('cost alert --threshold much')).toMatchObject({ code: 2 });
});

test('recorded days show how the cost went', async () => {
  const cost = (monthly: number) => ({
    ...{ servers: [], incomplete: false },
    totals: [{ currency: 'EUR', hourly: monthly / 730, monthly }],
  });
  await recordCost(place(), cost(5), tomorrow(-60));
  await recordCost(place(), cost(10), tomorrow(-2));
  await recordCost(place(), cost(11), tomorrow(-1));
  await recordCost(place(), cost(12.5), tomorrow(-1));
  const days = await bed.json<{ totals: { monthly: number }[] }[]>('cost trends');
  expect(days.map(({ totals }) => totals[0]!.monthly)).toEqual([10, 12.5]);
  expect(await bed.json<unknown[]>('cost trends --period 90d')).toHaveLength(3);
  expect((await bed.cli('cost trends')).stdout).toContain('+2.50 EUR');
});

test('a smaller plan is recommended after a quiet week, not before', async () => {
  await make();
  const asked = () => bed.json<CostAdvice[]>('cost recommendations');
  const step = 10 * 60_000;
  const rows = (days: number): string =>
    Array.from(
      { length: (days * day) / step },
      (_, index) => `${tomorrow(-days) + index * step},20,10\n`,
    ).join('');
  const file = join(bed.infra, 'data', 'utilisation', 'web-01.csv');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, rows(3));
  expect((await asked()).filter(({ kind }) => kind === 'resize')).toEqual([]);
  await writeFile(file, rows(8));
  const [advice] = (await asked()).filter(({ kind }) => kind === 'resize');
  expect(advice).toMatchObject({ server: 'web-01', plan: '1xCPU-1GB', currency: 'EUR' });
  expect(advice!.saving).toBeGreaterThan(5);
  expect(await bed.json('performance analyze')).toMatchObject([
    { server: 'web-01', cpu: 20, memory: 10, verdict: 'idle' },
  ]);
  expect(await bed.json('performance recommendations')).toEqual(await bed.json('cost recommendations'));
});

test('what is not used is found; a no keeps it, a yes deletes it', async () => {
  await bed.define(`${definition}\n[[storage.volumes]]\nname = "spare"\nsize = 20\ntype = "maxiops"\n`);
  expect(await bed.cli('storage create --yes --direct')).toMatchObject({ code: 0 });
  expect((await bed.cli('storage create --yes --direct')).stdout).toContain('Nothing to do');
  await note({ status: 'stopped', status_since: new Date(tomorrow(-9)).toISOString() });
  const unused = () => bed.json<UnusedResource[]>('cost unused');
  const found = await unused();
  expect(found.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['server web-01', 'volume prod-spare']);
  expect(found[0]!.reason).toMatch(/^stopped since /);

  const before = cloud.mutations();
  expect((await bed.cli('cost optimize')).stdout).toContain('no server uses it');
  expect((await bed.cli('cost optimize --apply --check')).code).toBe(0);
  expect(await bed.cli('cost optimize --apply')).toMatchObject({ code: 2 });
  const refused = await bed.type('cost optimize --apply --direct', 'n\n');
  expect([refused.code, refused.stdout]).toEqual([0, expect.stringContaining('Nothing was agreed to')]);
  expect(refused.stderr).toContain('Delete volume prod-spare (no server uses it)?');
  expect(cloud.mutations()).toBe(before);

  await bed.define(definition.replace('hostname', 'lock = true\nhostname'));
  const applied = await bed.type('cost optimize --apply --direct', 'y\n');
  expect([applied.code, applied.stderr]).toEqual([0, expect.not.stringContaining('Delete server')]);
  expect(applied.stdout).toContain('1 of 1 savings applied');
  expect((await unused()).map(({ name }) => name)).toEqual(['web-01']);
});

test('volumes and networks are deleted by name, after a question', async () => {
  await bed.define(
    `${definition}\n[[storage.volumes]]\nname = "spare"\nsize = 20\ntype = "maxiops"\n\n[network.vpc]\nname = "main"\ncidr = "10.0.0.0/16"\n`,
  );
  expect(await bed.cli('storage create --yes --direct')).toMatchObject({ code: 0 });
  const listed = async () =>
    (await bed.json<{ name: string; state: string }[]>('storage list'))
      .filter(({ name }) => name.endsWith('spare'))
      .map(({ state }) => state);
  expect(await listed()).toEqual(['detached']);
  expect(await bed.cli('storage delete spare --check')).toMatchObject({ code: 0 });
  expect(await bed.type('storage delete spare --direct', 'n\n')).toMatchObject({ code: 1 });
  expect(await listed()).toEqual(['detached']);
  expect(await bed.cli('storage delete spare --yes --direct')).toMatchObject({ code: 0 });
  expect(await listed()).toEqual(['planned']);
  expect(await bed.cli('storage delete nope --yes')).toMatchObject({ code: 5 });

  expect(await bed.cli('network create --yes --direct')).toMatchObject({ code: 0 });
  expect((await bed.cli('network delete main --yes --direct')).stdout).toContain('Deleted main');
  expect(await bed.cli('network delete main --yes --direct')).toMatchObject({ code: 5 });
});
