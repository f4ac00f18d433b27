import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Cluster } from '@provisioning/extensions-sdk';
import { formatReport, runClusterConformance } from '@provisioning/extensions-sdk/conformance';
import { planCanaryWeight, planClusterRollback, planPromotion } from './changeover.ts';
import {
  type ClusterPlanOptions,
  type ClusterRemovalOptions,
  planCluster,
  planClusterRemoval,
} from './plan.ts';
import { readClusters } from '../state/clusters.ts';
import type { Plan } from '../plan/plan.ts';
import type { NodeResult } from '../execution/run-graph.ts';
import { ClusterBed, clusterOf, component } from './testing/cluster-bed.ts';

let bed: ClusterBed;

/** A taskserv that is a file on the host, and tells the order of what happens. */
async function ownTaskserv(name: string, install = ''): Promise<void> {
  const folder = join(bed.bed.workspacePath, 'extensions', 'taskservs', name);
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

/** A taskserv that writes its setting into a file. */
async function paintTaskserv(): Promise<void> {
  const folder = join(bed.bed.workspacePath, 'extensions/taskservs/paint');
  await mkdir(join(folder, 'default'), { recursive: true });
  await writeFile(
    join(folder, 'manifest.yaml'),
    'name: paint\ntype: taskserv\nversion: 1.0.0\ninstall: {files: [{template: paint.hbs, path: /root/paint}]}\n',
  );
  await writeFile(join(folder, 'default/paint.hbs'), '{{config.colour}}\n');
}

beforeAll(async () => {
  bed = await ClusterBed.make(['one']);
  await paintTaskserv();
  await ownTaskserv('a');
  await ownTaskserv('b');
  await ownTaskserv('never', 'exit 7');
  for (const name of ['first', 'second']) await ownTaskserv(name);
  await ownTaskserv('third', 'if [ -e /root/no-third ]; then exit 7; fi');
  await ownTaskserv('c', 'if [ ! -e /root/allow-c ]; then echo "c is not allowed here"; exit 7; fi');
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

const chain = (): Cluster => clusterOf([component('a'), component('b', ['a']), component('c', ['b'])]);
const run = (plan: Plan, rollback = true): Promise<readonly NodeResult[]> => bed.run(plan, rollback);
const sh = (script: string): Promise<string> => bed.sh('one', script);
const removal = (options: ClusterRemovalOptions = {}): Promise<Plan> =>
  planClusterRemoval(bed.context(), bed.infrastructure(), chain(), options);
const story = async (): Promise<string> => {
  const text = await sh('cat /root/story 2>/dev/null || true; rm -f /root/story');
  return text.trim().split('\n').join(' ');
};

test('07.A16 c of a → b → c fails: b and a go in that order; without rollback they stay', async () => {
  const plan = await bed.plan(chain());
  expect(plan.graph.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'record chain']);
  const results = await run(plan);
  expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'failed', 'skipped']);
  expect(results[2]?.error?.message).toContain('Cluster deployment failed at component: c');
  expect((await story()).replace('-c ', '')).toBe('+a +b -b -a');
  const state = (await readClusters(bed.context()))['chain'];
  expect(state?.components).toMatchObject([{ component: 'c', status: 'failed' }]);

  const kept = await bed.plan(chain(), { keepOnFailure: true });
  await run(kept, false);
  expect(await story()).toBe('+a +b');
}, 240_000);

test('what was there before a run stays when it is rolled back', async () => {
  const results = await run(await bed.plan(chain()));
  expect(results[2]?.status).toBe('failed');
  expect((await story()).replace('-c', '').trim()).toBe('');
  expect(await sh('ls /root/is-a /root/is-b')).toContain('/root/is-a');
}, 120_000);

test('a run that succeeds is recorded; again changes nothing', async () => {
  await sh('touch /root/allow-c');
  expect((await run(await bed.plan(chain()))).map(({ status }) => status)).toEqual(
    Array(4).fill('completed'),
  );
  expect(await story()).toBe('+c');
  await run(await bed.plan(chain()));
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
      const input = structuredClone(node.input) as { parts: { server: { hostname: string } }[] };
      input.parts[0]!.server.hostname = 'nowhere';
      return { ...node, input };
    }),
  });
  const plan = await removal();
  expect(plan.graph.map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  const stopped = await run(broken(plan), false);
  expect(stopped.map(({ status }) => status)).toEqual(['completed', 'failed', 'skipped']);
  expect(stopped[1]?.error?.message).toContain('Component removal failed: b');
  expect(await sh('ls /root')).toContain('is-a');
  const forced = await removal({ force: true });
  const results = await run(broken(forced), false);
  expect(results.map(({ status }) => status)).toEqual(Array(3).fill('completed'));
  expect((results[1]?.output as { warnings: string[] }).warnings[0]).toContain('Failed to remove service b');
  expect(await sh('ls /root')).not.toContain('is-a');
  expect(await readClusters(bed.context())).toEqual({});
}, 180_000);

test('07 §10 the conformance kit of clusters sees order, rollback and removal on a real server', async () => {
  const steps = [component('first'), component('second', ['first']), component('third', ['second'])];
  const cluster = clusterOf(steps, 'stairs');
  const folder = join(bed.bed.workspacePath, 'extensions', 'clusters', 'stairs');
  await mkdir(folder, { recursive: true });
  const { name, version, components } = cluster;
  const files = {
    'manifest.yaml': `name: ${name}\ntype: cluster\nversion: ${version}\ndependencies: {first: '*', second: '*', third: '*'}\n`,
    'cluster.yaml': JSON.stringify({ name, version, components }),
    'README.md': 'Three taskservs, each of which needs the one before it.\n',
  };
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  const told = async (sign: string): Promise<string[]> =>
    (await sh('cat /root/story 2>/dev/null || true'))
      .split('\n')
      .filter((line) => line.startsWith(sign))
      .map((line) => line.slice(1));
  const report = await runClusterConformance({
    folder,
    deployment: {
      create: async ({ failAt } = {}) => {
        await sh(`rm -f /root/story /root/no-third; ${failAt === 'third' ? 'touch /root/no-third' : ''}`);
        await run(await bed.plan(cluster));
        const deployed = await told('+');
        return { deployed, removed: (await told('-')).filter((one) => deployed.includes(one)) };
      },
      healthy: async () =>
        (await sh('ls /root/is-first /root/is-second /root/is-third')).trim().split('\n').length === 3,
      delete: async () => {
        await sh('rm -f /root/story');
        await run(await planClusterRemoval(bed.context(), bed.infrastructure(), cluster));
        return { removed: await told('-') };
      },
    },
  });
  if (!report.passed) throw new Error(formatReport(report));
  expect(report.groups.at(-1)!.checks.map(({ result }) => result)).toEqual(Array(5).fill('passed'));
}, 240_000);

test('what does not fit is refused before anything happens', async () => {
  const large = { ...chain(), resources: { ...chain().resources, min_nodes: 3 } } as Cluster;
  await expect(bed.plan(large)).rejects.toThrow('Cluster requirements not met: needs 3 servers, found 1');
  const odd = clusterOf([component('x', [], { type: 'nonsense' as never })]);
  await expect(bed.plan(odd)).rejects.toThrow('Unknown component type: nonsense');
});

const everything = () =>
  clusterOf(
    [
      component('backnet', [], {
        type: 'infrastructure',
        config: { network: { name: 'backnet' }, volume: { name: 'shared', size: 1 } },
      }),
      component('node', ['backnet'], {
        type: 'server',
        config: { cores: 1, memory: 512, os: 'debian', running_wait: 0 },
        resources: { replicas: 2 },
      }),
      component('marker', ['node'], {
        service: 'ip-aliases',
        servers: '@servers(node)',
        config: { aliases: [] },
      }),
    ],
    'farm',
  );

test('07 §10.2 servers, networks and volumes come with a cluster, are used by it, and go with it', async () => {
  const farm = everything();
  await bed.carryOut(await bed.plan(farm));
  const hostnames = async () => (await bed.bed.provider.listServers()).map(({ hostname }) => hostname).sort();
  const network = async () => (await bed.bed.provider.network!.list()).some(({ name }) => name === 'backnet');
  const volume = async () => (await bed.bed.provider.volume!.list()).some(({ name }) => name === 'shared');
  expect([await hostnames(), await network(), await volume()]).toEqual([
    ['farm-node-01', 'farm-node-02', 'one'],
    true,
    true,
  ]);
  expect((await readClusters(bed.context()))['farm']?.components).toMatchObject([
    { component: 'backnet', type: 'resource', servers: ['backnet', 'shared'] },
    { component: 'node', type: 'server', servers: ['farm-node-01', 'farm-node-02'] },
    { component: 'marker', type: 'taskserv', servers: ['farm-node-01', 'farm-node-02'] },
  ]);

  // Fewer servers: the last one loses its taskserv, then goes.
  const fewer = await bed.plan(farm, { scale: { node: 1 } });
  expect(fewer.changes.filter(({ action }) => action === 'delete')).toMatchObject([
    { name: 'farm/marker', reasons: ['from farm-node-02'] },
    { name: 'farm/node', reasons: ['from farm-node-02'] },
  ]);
  await bed.carryOut(fewer);
  expect(await hostnames()).toEqual(['farm-node-01', 'one']);

  await bed.carryOut(await planClusterRemoval(bed.context(), bed.infrastructure(), farm));
  expect([await hostnames(), await network(), await volume()]).toEqual([['one'], false, true]);
  await bed.bed.provider.volume!.delete(
    (await bed.bed.provider.volume!.list()).find(({ name }) => name === 'shared')!.id,
  );
}, 300_000);

test('07 §10.2.6 a component that fails takes the servers, networks and volumes of its run with it', async () => {
  const farm = everything();
  const broken = {
    ...farm,
    components: farm.components.map((one) => (one.name === 'marker' ? { ...one, service: 'never' } : one)),
  };
  const results = await bed.run(await bed.plan(broken), true);
  expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'failed', 'skipped']);
  const [servers, networks, volumes] = await Promise.all([
    bed.bed.provider.listServers(),
    bed.bed.provider.network!.list(),
    bed.bed.provider.volume!.list(),
  ]);
  expect(servers.map(({ hostname }) => hostname)).toEqual(['one']);
  expect([networks.filter(({ name }) => name === 'backnet'), volumes]).toEqual([[], []]);
}, 300_000);

test('an infrastructure component that the provider has no service for is refused with what lacks', async () => {
  const names = clusterOf([
    component('names', [], {
      type: 'infrastructure',
      config: { dns: { name: 'x', zone: 'example.org', value: '192.0.2.1' } },
    }),
  ]);
  const [result] = await bed.run(await bed.plan(names));
  expect(result?.error?.message).toContain("Provider 'local' does not support dns_management");
  const nothing = clusterOf([component('odd', [], { type: 'infrastructure', config: {} })]);
  await expect(bed.plan(nothing)).rejects.toMatchObject({ code: 'COMPONENT_INVALID', exitCode: 3 });
});

/** A kubectl that keeps what is applied in a file and tells of it: a control plane is out of reach here. */
const kubectl = `#!/bin/sh
echo "$*" >>/root/kubectl.log
case "$1" in
  apply) cat >/root/applied.json; echo deployment.apps/shop configured ;;
  get) if [ -e /root/applied.json ]; then
    of() { grep -o '"provisioning/'$1'":"[^"]*' /root/applied.json | sed 's/.*"//'; }
    case "$*" in
      *replicas*) printf '%s ' "$(cat /root/replicas)"; of objects ;;
      *) printf 'shop '; of digest ;;
    esac
  fi ;;
  rollout) if [ -e /root/no-rollout ]; then echo 'error: timed out waiting for the condition' >&2; exit 1; fi ;;
  delete) case "$*" in *" -f "*) ;; *) exit ;; esac; cat >/root/deleted.json; rm -f /root/applied.json ;;
esac
`;

test('07 §10.2.5 an application with containers for Kubernetes is applied, waited for, and deleted again', async () => {
  await bed.sh('one', `cat >/usr/local/bin/kubectl <<'end'\n${kubectl}end\nchmod 755 /usr/local/bin/kubectl`);
  const shop = (image: string) =>
    clusterOf(
      [
        component('shop', [], {
          type: 'application',
          resources: { replicas: 3 },
          config: {
            spec: { containers: [{ name: 'shop', image }] },
            service: { name: 'shop', ports: [{ name: 'http', target: 80 }] },
          },
        }),
      ],
      'kube',
    );
  await expect(bed.plan(shop('shop:1'))).rejects.toThrow("application 'shop' needs Kubernetes");
  const infrastructure = bed.infrastructure({ settings: { cluster_admin_host: 'one' } as never });
  const plan = (image: string, options: ClusterPlanOptions = {}) =>
    planCluster({ ...bed.context(), config }, infrastructure, shop(image), {
      namespace: 'trade',
      ...options,
    });
  const config = (path: string): unknown => (path === 'scaling.auto_scaling_enabled' ? true : undefined);
  await bed.carryOut(await plan('shop:1'));
  const objects = async () =>
    (
      JSON.parse(await bed.sh('one', 'cat /root/applied.json')) as {
        items: { kind: string; spec?: { replicas?: number } }[];
      }
    ).items;
  const applied = { items: await objects() };
  expect(applied.items.map(({ kind }) => kind)).toEqual(['Namespace', 'Deployment', 'Service']);
  expect(applied.items[1]?.spec?.replicas).toBe(3);
  expect(await bed.sh('one', 'grep rollout /root/kubectl.log')).toBe(
    'rollout status deployment/shop -n trade --timeout=600s\n',
  );

  // Between bounds Kubernetes scales it itself; what it made of it stays. A number takes the autoscaler away again.
  await bed.sh('one', 'echo 5 >/root/replicas');
  const bounded = await plan('shop:1', { autoScaling: { component: 'shop', min: 2, max: 6 } });
  expect(bounded.warnings).toEqual(['shop does not scale by itself: container shop requests no cpu']);
  await bed.carryOut(bounded);
  const scaled = await objects();
  expect(scaled[1]?.spec?.replicas).toBe(5);
  expect(scaled.at(-1)).toEqual({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: expect.objectContaining({ name: 'shop', namespace: 'trade' }),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
      ...{ minReplicas: 2, maxReplicas: 6 },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 600 } },
    },
  });
  await bed.carryOut(await plan('shop:1', { autoScaling: null, scale: { shop: 4 } }));
  expect((await objects()).map(({ kind, spec }) => `${kind} ${spec?.replicas ?? ''}`)).toEqual([
    'Namespace ',
    'Deployment 4',
    'Service ',
  ]);
  expect(await bed.sh('one', 'grep "^delete.*Horizontal" /root/kubectl.log')).toBe(
    'delete --ignore-not-found -n trade HorizontalPodAutoscaler/shop\n',
  );

  // A rollout that does not come about: what was there before is applied again.
  const first = await bed.sh('one', 'cat /root/applied.json; touch /root/no-rollout');
  const results = await bed.run(await plan('shop:2'));
  expect(results[0]?.error?.message).toContain('timed out waiting for the condition');
  expect(await bed.sh('one', 'cat /root/applied.json; rm /root/no-rollout')).toBe(first);

  await bed.carryOut(await planClusterRemoval(bed.context(), infrastructure, shop('shop:1')));
  expect(await bed.sh('one', 'cat /root/deleted.json')).not.toContain('"Namespace"');
}, 120_000);

test('05 §8.4 a canary beside its cluster is promoted to every server, and rolled back again', async () => {
  await bed.add('two');
  const wall = (name: string, colour: string): Cluster => ({
    ...clusterOf(
      [component('paint', [], { config: { colour }, scaling: { min: 1, max: 2 } as never })],
      name,
    ),
    version: colour,
  });
  const painted = async (): Promise<(string | undefined)[]> =>
    Promise.all(
      ['one', 'two'].map(async (host) => (await bed.sh(host, 'cat /root/paint || true')).trim() || undefined),
    );
  const main = wall('wall', 'red');
  const canary = { ...wall('wall-canary', 'blue'), canary_of: 'wall' };
  await bed.carryOut(await bed.plan(main, { scale: { paint: 1 } }));
  const early = planCanaryWeight(bed.context(), bed.infrastructure(), main, 'wall-canary', 50);
  await expect(early).rejects.toMatchObject({ code: 'CLUSTER_NOT_RUNNING' });
  await bed.carryOut(await bed.plan(canary, { scale: { paint: 1 } }));
  expect(await painted()).toEqual(['red', 'blue']);

  const rolling = { batch_size: 1, interval: 0 };
  await bed.carryOut(await planPromotion(bed.context(), bed.infrastructure(), main, canary, { rolling }));
  expect(await painted()).toEqual(['blue', undefined]);
  const override = join(bed.bed.workspacePath, 'infra/demo/overrides/clusters/wall.yaml');
  expect(await readFile(override, 'utf8')).toContain('colour: blue');

  const promoted = wall('wall', 'blue');
  await bed.carryOut(await planClusterRollback(bed.context(), bed.infrastructure(), promoted));
  expect(await painted()).toEqual(['red', undefined]);
  await expect(planClusterRollback(bed.context(), bed.infrastructure(), promoted)).rejects.toMatchObject({
    code: 'CLUSTER_NO_HISTORY',
    exitCode: 5,
  });
}, 180_000);
