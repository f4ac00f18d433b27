import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { WorkflowDefinition } from '@provisioning/client';
import {
  costTrend,
  initWorkspace,
  openMaintenance,
  readClusters,
  readSamples,
  setCostAlert,
  updateCluster,
  StateFile,
  type Surroundings,
} from '@provisioning/core';
import { password, username } from '../../../providers/upcloud/test/fixture.ts';
import { UpcloudMock } from '../../../providers/upcloud/test/mock.ts';
import { Infrastructures } from '../resources/infrastructures.ts';
import { InfrastructureWatch } from './infrastructure-watch.ts';

/** The watch on a real workspace, at a provider that answers as the real one; load and clock are given. */
jest.setTimeout(60_000);
const minute = 60_000;
let home: string;
let cloud: UpcloudMock;
let surroundings: Surroundings;
let path: string;
let now: number;
let load: { cpu: number; memory: number } | undefined;
let submitted: WorkflowDefinition[];
let active: boolean;
let warnings: string[];
let alerts: string[];
let refused: string[];
/** Whether the program ends while it submits. */
let dies: boolean;
let onSubmit: () => void;
/** Whether what is submitted comes to be. */
let works: boolean;
let watch: InfrastructureWatch;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'provisioning-watch-'));
  cloud = await UpcloudMock.start();
  surroundings = {
    env: { UPCLOUD_USERNAME: username, UPCLOUD_PASSWORD: password, USER: 'ana', PATH: process.env['PATH'] },
    ...{ cwd: home, home, platform: 'linux', now: () => new Date() },
    installation: join(import.meta.dirname, '..', '..', '..', '..'),
  };
  const made = await initWorkspace({ surroundings, version: '0.1.0', target: 'shop', infra: 'prod' });
  path = made.path;
  const infra = join(path, 'infra', 'prod');
  await rm(join(infra, 'servers.toml'), { force: true });
  await writeFile(
    join(infra, 'settings.toml'),
    `[[servers]]
hostname = "web"
provider = "upcloud"
plan = "2xCPU-4GB"
zone = "fi-hel1"
count = 2

[auto_scaling.servers]
min_count = 2
max_count = 4
`,
  );
  await writeFile(join(infra, 'config.toml'), '[scaling]\nauto_scaling_enabled = true\n');
  await writeFile(join(path, 'config', 'providers', 'upcloud.toml'), `[upcloud]\napi_url = "${cloud.url}"\n`);
  for (const hostname of ['web-01', 'web-02']) await runs(hostname);
  now = Date.parse('2026-11-23T12:00:00Z');
  load = { cpu: 50, memory: 50 };
  submitted = [];
  active = false;
  warnings = [];
  alerts = [];
  refused = [];
  dies = false;
  works = true;
  watch = newWatch();
});

const newWatch = (): InfrastructureWatch =>
  new InfrastructureWatch({
    infrastructures: new Infrastructures({
      surroundings,
      moduleUrls: [import.meta.url],
      log: () => undefined,
    }),
    surroundings,
    submit: async (definition) => {
      if (dies) {
        onSubmit();
        return new Promise(() => undefined);
      }
      if (works) await carryOut(definition);
      return `run-${submitted.push(definition)}`;
    },
    isActive: () => active,
    onWarning: (message) => warnings.push(message),
    onScalingRefused: ({ wanted, reason }) => refused.push(`${wanted}: ${reason}`),
    onCostAlert: ({ message }) => alerts.push(message),
    measure: async ({ infra: name }, { hostname }) => {
      if (load === undefined) throw new Error(`${name}/${hostname} does not answer`);
      return load;
    },
    now: () => now,
  });
afterEach(async () => {
  await watch.stop();
  await cloud[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** A server that stands and runs. */
async function runs(hostname: string): Promise<void> {
  const size = { plan: '2xCPU-4GB', zone: 'fi-hel1', cores: 2, memory: 4096 };
  const state = new StateFile(join(path, 'infra', 'prod'));
  await state.recordCreation({ hostname, id: hostname, provider: 'upcloud', ...size, tags: {} }, Date.now());
  await state.update((known) => ({
    ...known,
    servers: { ...known.servers, [hostname]: { ...known.servers[hostname]!, status: 'running' } },
  }));
}

/** What the workflow leaves behind when it comes to its end. */
async function carryOut({ operations }: WorkflowDefinition): Promise<void> {
  for (const { type, name } of operations) {
    if (type === 'server.create') await runs(name ?? '');
    if (type === 'server.delete') await new StateFile(join(path, 'infra', 'prod')).forgetServer(name ?? '');
  }
}

/** What a workflow does to others than the first two, which this provider has never heard of. */
const changes = ({ operations }: WorkflowDefinition): string[] =>
  operations.map(({ type, name }) => `${type} ${name}`).filter((text) => !/web-0[12]$/.test(text));
const place = () => ({ workspace: { name: 'shop', path }, infra: 'prod' });
const look = async (minutes = 1): Promise<void> => {
  now += minutes * minute;
  await watch.look();
};

test('a busy group gets one server more, not again before its cooldown and not above its most', async () => {
  await look();
  expect([submitted, warnings]).toEqual([[], []]);
  load = { cpu: 99, memory: 50 };
  await look();
  active = true;
  await look();
  expect(submitted).toHaveLength(1);
  expect(submitted[0]).toMatchObject({
    ...{ name: 'server scale web', infra: 'prod', description: expect.stringContaining('From 2 to 3: cpu') },
  });
  expect(changes(submitted[0]!)).toEqual(['server.create web-03']);
  await look(10);
  expect(submitted).toHaveLength(1);
  active = false;
  await look();
  expect(submitted).toHaveLength(2);
  await look(10);
  await look(10);
  expect(submitted).toHaveLength(2);
});

test('a group that rests loses its newest server down to its least; no samples change nothing', async () => {
  await runs('web-03');
  await new StateFile(join(path, 'infra', 'prod')).scaleGroup('web', 3, 2);
  load = undefined;
  await look();
  expect(submitted).toEqual([]);
  expect(warnings).toContainEqual(expect.stringContaining('No samples of cpu'));
  load = { cpu: 5, memory: 5 };
  await look();
  expect(submitted).toHaveLength(1);
  expect(changes(submitted[0]!)).toEqual(['server.delete web-03']);
  await look(30);
  await look(30);
  expect(submitted).toHaveLength(1);
});

test('05 §5.3 a restart forgets no cooldown', async () => {
  load = { cpu: 99, memory: 50 };
  await look();
  expect(submitted).toHaveLength(1);
  await watch.stop();
  watch = newWatch();
  await look();
  await look();
  expect(submitted).toHaveLength(1);
  await look(10);
  expect(submitted).toHaveLength(2);
});

test('a change that is blocked is taken back, told, and tried again after the cooldown', async () => {
  const settings = join(path, 'infra', 'prod', 'settings.toml');
  const text = await readFile(settings, 'utf8');
  await runs('web-03');
  const state = new StateFile(join(path, 'infra', 'prod'));
  await state.scaleGroup('web', 3, 2);
  await writeFile(settings, text.replace('count = 2', 'count = 2\nlock = true'));
  load = { cpu: 5, memory: 5 };
  await look();
  expect([submitted, refused]).toEqual([[], ["2: Server 'web-03' is locked"]]);
  expect(warnings).toContainEqual(expect.stringContaining("Server 'web-03' is locked. It is tried again"));
  expect((await state.read()).scale).toEqual({ web: 3 });
  await look();
  await look();
  expect(refused).toHaveLength(1);
  await writeFile(settings, text);
  await look(11);
  expect(changes(submitted[0]!)).toEqual(['server.delete web-03']);
  expect((await state.read()).scale).toEqual({ web: 2 });
});

test('servers that a workflow did not make are no longer wished for until the cooldown is over', async () => {
  const state = new StateFile(join(path, 'infra', 'prod'));
  load = { cpu: 99, memory: 50 };
  works = false;
  await look();
  expect((await state.read()).scale).toEqual({ web: 3 });
  await look();
  expect([submitted.length, refused]).toEqual([1, ['3: web-03 was not made']]);
  expect((await state.read()).scale).toEqual({});
  works = true;
  await look(10);
  expect(changes(submitted[1]!)).toEqual(['server.create web-03']);
});

test('nothing happens under maintenance, or where it is not switched on', async () => {
  load = { cpu: 99, memory: 99 };
  const window = { started: new Date(now).toISOString(), until: new Date(now + 30 * minute).toISOString() };
  await openMaintenance(place(), { ...window, user: 'ana' });
  await look();
  expect([submitted, await readSamples(place(), 'web-01')]).toEqual([[], []]);
  await look(40);
  expect(submitted).toHaveLength(1);
  expect(await readSamples(place(), 'web-01')).toEqual([{ at: now, cpu: 99, memory: 99 }]);
  await writeFile(join(path, 'infra', 'prod', 'config.toml'), '');
  await look(40);
  expect(submitted).toHaveLength(1);
});

test('the cost is written down once a day, and an alert is told', async () => {
  await setCostAlert(place(), 40, now);
  await look();
  await look();
  const first = await costTrend(place(), 5, now);
  expect(first.map(({ date }) => date)).toEqual(['2026-11-23']);
  expect(first[0]!.totals[0]!.monthly).toBeCloseTo(49.58, 1);
  expect(alerts).toEqual([expect.stringContaining('49.58 EUR a month, the alert is set to 40.00')]);
  await look(24 * 60);
  expect(await costTrend(place(), 5, now)).toHaveLength(2);
  expect(await readFile(join(path, 'infra', 'prod', 'data', 'costs.json'), 'utf8')).not.toContain(password);
});

/** A cluster on two servers, one component of which scales by itself. */
async function deployCluster(): Promise<void> {
  const infra = join(path, 'infra', 'prod');
  const settings = await readFile(join(infra, 'settings.toml'), 'utf8');
  await writeFile(join(infra, 'settings.toml'), settings.split('[auto_scaling')[0]!);
  const deployed = (component: string, servers: readonly string[]) => ({
    ...{ component, service: component, status: 'deployed' as const, servers },
    deployed_at: new Date(now).toISOString(),
  });
  await updateCluster(place(), 'web', () => ({
    ...{ cluster: 'web', version: '1.0.0', created_at: new Date(now).toISOString(), scale: { web: 1 } },
    auto_scaling: { component: 'web', min: 1, max: 5 },
    components: [
      deployed('system', ['web-01', 'web-02']),
      deployed('web', ['web-01']),
      deployed('entry', ['web-01']),
    ],
  }));
}

test('07 §10.4 a busy cluster gets as many servers as its load asks for and there are, and loses them one by one', async () => {
  await deployCluster();
  const record = async () => (await readClusters(place())).web!;
  load = { cpu: 50, memory: 99 };
  await look();
  expect([submitted, warnings]).toEqual([[], []]);
  load = { cpu: 100, memory: 50 };
  await look();
  await look();
  await look();
  // Three samples of 83 %, on average: ceil(1 × 83 / 70) = 2.
  expect(submitted).toHaveLength(1);
  expect(submitted[0]).toMatchObject({
    ...{ name: 'cluster scale web', description: expect.stringContaining('web from 1 to 2: cpu') },
  });
  expect((await record()).scaling).toMatchObject({ workflow: 'run-1', last_up: expect.any(String) });
  // The workflow did its work; five are asked for, two servers are all there are.
  await updateCluster(place(), 'web', (before) => ({ ...before!, scale: { web: 2 } }));
  await look(10);
  await look(10);
  expect(submitted).toHaveLength(1);
  expect(warnings).toContainEqual(expect.stringContaining('web does not get 3 servers: there are 2'));
  load = { cpu: 5, memory: 5 };
  for (let looks = 0; looks < 5 && submitted.length < 2; looks += 1) await look(10);
  expect(submitted.slice(1)).toMatchObject([{ description: 'web from 2 to 1: all metrics are low' }]);
  await updateCluster(place(), 'web', (before) => ({ ...before!, scale: { web: 1 } }));
  for (let looks = 0; looks < 4; looks += 1) await look(10);
  expect(submitted).toHaveLength(2);
});

test('05 §5.3 a program that ends while it submits forgets no cooldown, of a group or of a cluster', async () => {
  for (const prepare of [() => Promise.resolve(), deployCluster]) {
    await prepare();
    load = { cpu: 100, memory: 50 };
    dies = true;
    const asked = new Promise<void>((resolve) => (onSubmit = resolve));
    now += 60 * minute;
    void watch.look();
    await asked;
    dies = false;
    watch = newWatch();
    for (let looks = 0; looks < 3; looks += 1) await look();
    expect(submitted).toEqual([]);
    await look(10);
    expect(submitted).toHaveLength(1);
    submitted = [];
  }
});
