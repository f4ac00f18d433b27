import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Cluster } from '@provisioning/extensions-sdk';
import { type ClusterRemovalOptions, planClusterRemoval } from '../../cluster/plan.ts';
import { readClusters } from '../../cluster/state.ts';
import type { Plan } from '../../plan/plan.ts';
import type { NodeResult } from '../run-graph.ts';
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

beforeAll(async () => {
  bed = await ClusterBed.make(['one']);
  await ownTaskserv('a');
  await ownTaskserv('b');
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

test('what does not fit is refused before anything happens', async () => {
  const large = { ...chain(), resources: { ...chain().resources, min_nodes: 3 } } as Cluster;
  await expect(bed.plan(large)).rejects.toThrow('Cluster requirements not met: needs 3 servers, found 1');
  const odd = clusterOf([component('x', [], { type: 'nonsense' as never })]);
  await expect(bed.plan(odd)).rejects.toThrow('Unknown component type: nonsense');
});
