import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  initWorkspace,
  type OpenedProject,
  openProject,
  planDeploy,
  processSurroundings,
  runGraph,
  StateFile,
  type Surroundings,
} from '@provisioning/core';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { makeCache } from '../../../providers/local/src/testing/bed.ts';
import { startTestService, type TestService } from '../testing/service.fixture.ts';

/** A group of containers that works hard gets another server, and loses it when it rests: measured, planned, run for real. */
jest.setTimeout(300_000);
let folder: string;
let surroundings: Surroundings;
let workspace: { readonly name: string; readonly path: string };
let opened: OpenedProject;
let service: TestService;

const definition = `
[[servers]]
hostname = "web"
provider = "local"
cores = 1
memory = 256
count = 1

[auto_scaling.servers]
min_count = 1
max_count = 2
cpu_threshold = 30
memory_threshold = 95
scale_up_cooldown = "1s"
scale_down_cooldown = "1s"
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-autoscaling-'));
  const cache = join(folder, '.cache');
  await mkdir(join(cache, 'provisioning', 'providers'), { recursive: true });
  await makeCache(join(cache, 'provisioning', 'providers', 'local'));
  surroundings = {
    ...processSurroundings(folder),
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, USER: 'ana', XDG_CACHE_HOME: cache },
    ...{ cwd: folder, home: folder },
    installation: join(import.meta.dirname, '..', '..', '..', '..'),
  };
  const made = await initWorkspace({ surroundings, version: '0.1.0', target: 'shop', infra: 'prod' });
  workspace = { name: 'shop', path: made.path };
  const infra = join(made.path, 'infra', 'prod');
  await rm(join(infra, 'servers.toml'), { force: true });
  await writeFile(join(infra, 'settings.toml'), definition);
  await writeFile(join(infra, 'config.toml'), '[scaling]\nauto_scaling_enabled = true\n');
  opened = await openProject({ surroundings, workspace, infra: 'prod', moduleUrls: [import.meta.url] });
  const plan = await planDeploy(
    opened.project.context({ idempotencyKey: 'first' }),
    await opened.infrastructure(),
  );
  await runGraph(opened.project, plan.graph, { runId: 'first' });
  service = await startTestService(() => undefined, { surroundings, executor: undefined });
}, 300_000);

afterAll(async () => {
  await service?.end();
  await opened?.[Symbol.asyncDispose]();
  await cleanEverything({ variables: surroundings.env as Record<string, string>, workspace, images: false });
  await rm(folder, { recursive: true, force: true });
});

const running = async (): Promise<string[]> => {
  const { servers } = await new StateFile(join(workspace.path, 'infra', 'prod')).read();
  return Object.entries(servers).flatMap(([name, { status }]) => (status === 'running' ? [name] : []));
};

async function sh(script: string): Promise<string> {
  const provider = await opened.project.provider('local');
  const transport = await opened.project.transports.open(await provider.getAccess({ hostname: 'web-01' }));
  return (await transport.run('sh -e -s', { input: script })).stdout;
}

/** Looks again and again, as the timer does, until the group has that many servers. */
async function until(count: number): Promise<void> {
  while ((await running()).length !== count) {
    await service.watch.look();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

test('05 §5.3 a burner raises the load: a server is added; it ends: the server goes', async () => {
  expect(await running()).toEqual(['web-01']);
  await service.watch.look();
  await sh('systemd-run --unit burner --quiet sh -c "while :; do :; done"');
  await until(2);
  expect(await running()).toEqual(['web-01', 'web-02']);
  await sh('systemctl stop burner');
  await until(1);
  expect(await running()).toEqual(['web-01']);
  const { body } = await service.call('GET', '/api/v1/workflows?created_by=autoscaler');
  const names = (body as { data: { name: string; status: string }[] }).data.map(
    ({ name, status }) => `${name} ${status}`,
  );
  expect(names).toEqual(['server scale web Completed', 'server scale web Completed']);
});
