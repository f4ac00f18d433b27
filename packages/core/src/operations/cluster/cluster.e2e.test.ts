import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Cluster, Component, Server } from '@provisioning/extensions-sdk';
import { definedServer } from '@provisioning/extensions-sdk/testing';
import { TaskservBed, type TestHost } from '../../../../../tools/testing/taskserv-bed.ts';
import { loadCluster } from '../../cluster/definition.ts';
import { planCluster, planClusterRemoval } from '../../cluster/plan.ts';
import { readClusters } from '../../cluster/state.ts';
import { ExtensionCatalogue } from '../../extensions/discover.ts';
import type { Infrastructure } from '../../infra/index.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Project } from '../../project/project.ts';
import { type NodeResult, runGraph } from '../run-graph.ts';

let bed: TaskservBed;
let host: TestHost;

/** A taskserv that is a file on the host, and tells the order of what happens. */
async function ownTaskserv(name: string, install = ''): Promise<void> {
  const folder = join(bed.workspacePath, 'extensions', 'taskservs', name);
  await mkdir(join(folder, 'scripts'), { recursive: true });
  await writeFile(
    join(folder, 'manifest.yaml'),
    `name: ${name}\ntype: taskserv\nversion: 1.0.0\ninstall: {facts: "state{{tab}}done"}\n`,
  );
  const scripts = {
    'check.sh': `if [ -e /root/is-${name} ]; then printf 'state\\tdone\\n'; fi\n`,
    'install.sh': `${install}\ntouch /root/is-${name}; echo "+${name}" >>/root/story\n`,
    'uninstall.sh': `rm -f /root/is-${name}; echo "-${name}" >>/root/story\n`,
  };
  for (const [file, text] of Object.entries(scripts))
    await writeFile(join(folder, 'scripts', file), `set -eu\n${text}`);
}

beforeAll(async () => {
  bed = await TaskservBed.make();
  await ownTaskserv('a');
  await ownTaskserv('b');
  await ownTaskserv('c', 'if [ ! -e /root/allow-c ]; then echo "c is not allowed here"; exit 7; fi');
  host = await bed.host('one');
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

function component(name: string, dependencies: string[] = []): Component {
  return { name, type: 'taskserv', enabled: true, dependencies, config: {} };
}

function cluster(components: Component[], name = 'chain'): Cluster {
  return {
    name,
    version: '1.0.0',
    description: '',
    components,
    resources: { min_nodes: 1, cpu_per_node: '1', memory_per_node: '512Mi', storage_per_node: '1Gi' },
    network: { cluster_cidr: '', service_cidr: '', dns_domain: '' },
    features: { monitoring: false, logging: false, ingress: false, storage: false },
  } as unknown as Cluster;
}

const chain = (): Cluster => cluster([component('a'), component('b', ['a']), component('c', ['b'])]);
const servers = (): Server[] => [definedServer({ hostname: 'one', provider: 'local', memory: 1024 })];
const infrastructure = (): Infrastructure =>
  ({
    name: 'demo',
    servers: servers(),
    taskservs: {},
    clusters: {},
    path: join(bed.workspacePath, 'infra/demo'),
  }) as never;

/** The graph runner needs nothing of a project but contexts. */
const project = (): Project => ({ context: () => bed.context() }) as unknown as Project;
const run = (plan: Plan, rollback = true): Promise<readonly NodeResult[]> =>
  runGraph(project(), plan.graph, { runId: `test-${Date.now()}`, rollback });
const story = async (): Promise<string> => {
  const text = await host.sh('cat /root/story 2>/dev/null || true; rm -f /root/story');
  return text.trim().split('\n').join(' ');
};

test('07.A16 c of a → b → c fails: b and a go in that order; without rollback they stay', async () => {
  const plan = await planCluster(bed.context(), infrastructure(), chain());
  expect(plan.graph.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  const results = await run(plan);
  expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'failed']);
  expect(results[2]?.error?.message).toContain('Cluster deployment failed at component: c');
  expect((await story()).replace('-c ', '')).toBe('+a +b -b -a');
  const state = (await readClusters(bed.context()))['chain'];
  expect(state?.components).toMatchObject([{ component: 'c', status: 'failed' }]);

  const kept = await planCluster(bed.context(), infrastructure(), chain(), { keepOnFailure: true });
  await run(kept, false);
  expect(await story()).toBe('+a +b');
}, 240_000);

test('what was there before a run stays when it is rolled back', async () => {
  const results = await run(await planCluster(bed.context(), infrastructure(), chain()));
  expect(results[2]?.status).toBe('failed');
  expect((await story()).replace('-c', '').trim()).toBe('');
  expect(await host.sh('ls /root/is-a /root/is-b')).toContain('/root/is-a');
}, 120_000);

test('a run that succeeds is recorded; again changes nothing', async () => {
  await host.sh('touch /root/allow-c');
  expect(
    (await run(await planCluster(bed.context(), infrastructure(), chain()))).map(({ status }) => status),
  ).toEqual(Array(3).fill('completed'));
  expect(await story()).toBe('+c');
  await run(await planCluster(bed.context(), infrastructure(), chain()));
  expect(await story()).toBe('');
  const { components } = (await readClusters(bed.context()))['chain']!;
  expect(components.map(({ component: name, status }) => `${name} ${status}`).sort()).toEqual([
    'a deployed',
    'b deployed',
    'c deployed',
  ]);
}, 120_000);

test('07.A17 delete stops at a failure, and with force goes on with a warning', async () => {
  // The provider is asked for a server that it can't reach: the removal of b fails.
  const broken = (plan: Plan): Plan => ({
    ...plan,
    graph: plan.graph.map((node) => {
      if (node.name !== 'b') return node;
      const input = structuredClone(node.input) as { deployments: { server: { hostname: string } }[] };
      input.deployments[0]!.server.hostname = 'nowhere';
      return { ...node, input };
    }),
  });
  const plan = await planClusterRemoval(bed.context(), infrastructure(), chain());
  expect(plan.graph.map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  const stopped = await run(broken(plan), false);
  expect(stopped.map(({ status }) => status)).toEqual(['completed', 'failed', 'skipped']);
  expect(stopped[1]?.error?.message).toContain('Component removal failed: b');
  expect(await host.sh('ls /root')).toContain('is-a');
  const forced = await planClusterRemoval(bed.context(), infrastructure(), chain(), { force: true });
  const results = await run(broken(forced), false);
  expect(results.map(({ status }) => status)).toEqual(Array(3).fill('completed'));
  expect((results[1]?.output as { warnings: string[] }).warnings[0]).toContain('Failed to remove service b');
  expect(await host.sh('ls /root')).not.toContain('is-a');
  expect(await readClusters(bed.context())).toEqual({});
}, 180_000);

test('what does not fit is refused before anything happens', async () => {
  const large = { ...chain(), resources: { ...chain().resources, min_nodes: 3 } } as Cluster;
  await expect(planCluster(bed.context(), infrastructure(), large)).rejects.toThrow(
    'Cluster requirements not met: needs 3 servers, found 1',
  );
  const odd = cluster([{ ...component('x'), type: 'nonsense' as never }]);
  await expect(planCluster(bed.context(), infrastructure(), odd)).rejects.toThrow(
    'Unknown component type: nonsense',
  );
});

test('the web cluster of the catalogue answers through its load balancer', async () => {
  const catalogue = new ExtensionCatalogue({
    workspacePath: bed.workspacePath,
    moduleUrls: [import.meta.url],
  });
  await expect(loadCluster('nope', { catalogue, infrastructure: infrastructure() })).rejects.toMatchObject({
    exitCode: 5,
    message: 'Unknown cluster: nope',
  });
  const web = await loadCluster('webapp', { catalogue, infrastructure: infrastructure() });
  const results = await run(await planCluster(bed.context(), infrastructure(), web));
  expect(results.map(({ name, status, error }) => [name, status, error?.message])).toEqual([
    ['system', 'completed', undefined],
    ['web', 'completed', undefined],
    ['entry', 'completed', undefined],
  ]);
  const request = "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; head -1 <&3";
  expect(await host.sh(`bash -c "${request}"`)).toContain('HTTP/1');
}, 300_000);
