import { expect, test } from '@jest/globals';
import type { Context } from '@provisioning/extensions-sdk';
import type { ResourcePart } from './part.ts';
import { resourcePart } from './resource.ts';

/** A provider that calls its things as clouds do, `<infra>-<name>`. */
function cloud() {
  const there = new Map<string, string>();
  const said: string[] = [];
  const service = {
    list: async () => [...there].map(([id, name]) => ({ id, name, status: 'available', address: null })),
    ensure: async ({ name }: { name: string }) => {
      there.set(`id-${name}`, `main-${name}`);
      return { id: `id-${name}` };
    },
    delete: async (id: string) => void there.delete(id),
  };
  const context = {
    infra: 'main',
    provider: async () => ({ network: service, managed: { database: service } }),
    report: (progress: { message?: string }) => said.push(progress.message ?? ''),
  } as unknown as Context;
  return { context, there, said };
}

const part = (resource: ResourcePart['resource']): ResourcePart => ({
  ...{ kind: 'resource', provider: 'acme', resource, name: 'own', config: {} },
});

test('what a provider names after the infrastructure is found again and taken away', async () => {
  const { context, there } = cloud();
  expect(await resourcePart.state(context, part('network'))).toBe('absent');
  await resourcePart.deploy(context, part('network'));
  expect(await resourcePart.state(context, part('network'))).toBe('there');
  await resourcePart.remove(context, part('network'), { cleanupData: false } as never);
  expect([...there]).toEqual([]);
});

test('06 §2 a database that the provider runs goes only with its data', async () => {
  const { context, there, said } = cloud();
  await resourcePart.deploy(context, part('database'));
  await resourcePart.remove(context, part('database'), { cleanupData: false } as never);
  expect([[...there.values()], said]).toEqual([['main-own'], ['database own stays with its data']]);
  await resourcePart.remove(context, part('database'), { cleanupData: true } as never);
  expect([...there]).toEqual([]);
  await expect(resourcePart.state(context, part('kubernetes'))).rejects.toMatchObject({
    message: "Provider 'acme' does not support managed_kubernetes",
  });
});
