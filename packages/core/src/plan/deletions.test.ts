import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Context } from '@provisioning/extensions-sdk';
import { definedServer } from '@provisioning/extensions-sdk/testing';
import { TestFolder } from '../extensions/testing/extension-folder.ts';
import { type PlanOptions, planDeploy } from './deploy.ts';

/** What a plan deletes: servers that carry our tags and that nothing speaks of any more, and no other. */
let folder: TestFolder;

beforeAll(async () => {
  folder = await TestFolder.create();
  const created_at = '2026-01-01T00:00:00Z';
  const part = (component: string, type: string, servers: string[]) => ({
    component,
    type,
    status: 'deployed',
    servers,
    deployed_at: created_at,
  });
  const components = [part('node', 'server', ['farm-node-01']), part('cache', 'taskserv', ['gone-01'])];
  await folder.write({
    'ws/infra/main/data/clusters.json': JSON.stringify({
      farm: { cluster: 'farm', version: '1.0.0', components, created_at },
    }),
  });
});
afterAll(() => folder[Symbol.asyncDispose]());

const observed = (provider: string, hostname: string) => ({
  ...{
    id: hostname,
    name: hostname,
    hostname,
    provider,
    status: 'running',
    plan: 'p',
    cores: 2,
    memory: 4096,
  },
  ...{ disk: 40, zone: 'z', os: 'debian-12', ip_addresses: {}, created_at: '2026-01-01T00:00:00Z', tags: {} },
});

/** Two providers with servers of this infrastructure. */
function context(): Context {
  const reported: Readonly<Record<string, readonly string[]>> = {
    acme: ['web-01', 'gone-01', 'off-01', 'farm-node-01', 'moved-01'],
    other: ['moved-01'],
  };
  return {
    workspace: { name: 'ws', path: join(folder.path, 'ws') },
    infra: 'main',
    environment: 'dev',
    config: () => undefined,
    provider: async (name: string) => ({
      listServers: async () => (reported[name] ?? []).map((hostname) => observed(name, hostname)),
      listPlans: async () => [],
    }),
    providerMetadata: async (name: string) => ({ name, category: 'container', capabilities: {} }),
    signal: new AbortController().signal,
    report: () => undefined,
  } as unknown as Context;
}

async function deleted(options: PlanOptions = {}): Promise<string[]> {
  const servers = [
    definedServer({ hostname: 'web-01', provider: 'acme' }),
    definedServer({ hostname: 'moved-01', provider: 'other' }),
  ];
  const infrastructure = {
    name: 'main',
    environment: 'dev',
    servers,
    taskservs: {},
    dns: [],
    disabled: ['off-01'],
  };
  const plan = await planDeploy(context(), infrastructure as never, {
    readOnly: true,
    serversOnly: true,
    ...options,
  });
  const nodes = plan.graph.filter(({ type }) => type === 'server.delete');
  const changes = plan.changes.filter(({ action }) => action === 'delete').map(({ name }) => name);
  expect(nodes.map(({ name }) => name)).toEqual(changes);
  return nodes.map(({ input }) => {
    const { server } = input as { server: { hostname: string; provider: string } };
    return `${server.hostname} at ${server.provider}`;
  });
}

test('05 §7.4 what is no longer defined goes; what is switched off, of a cluster, or now elsewhere stays where it belongs', async () => {
  // gone-01 has a taskserv of a cluster, but no cluster brought it along.
  expect((await deleted()).sort()).toEqual(['gone-01 at acme', 'moved-01 at acme']);
});

test('a plan for some servers deletes none, nor one that keeps what is not defined', async () => {
  expect(await deleted({ targets: ['web-*'] })).toEqual([]);
  expect(await deleted({ keepUndefined: true })).toEqual([]);
});
