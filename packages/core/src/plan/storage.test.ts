import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type BucketService,
  type Context,
  type Operation,
  ProviderError,
} from '@provisioning/extensions-sdk';
import { definedServer } from '@provisioning/extensions-sdk/testing';
import { TestFolder } from '../extensions/testing/extension-folder.ts';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { bucketDelete, bucketEnsure } from '../operations/storage/bucket.ts';
import { planStorageRemoval } from './removal.ts';
import { listStorage, planStorage } from './storage.ts';

/** Buckets of an infrastructure at a provider whose buckets are folders. The tests build on each other. */
let folder: TestFolder;
let context: Context;
const infrastructure = {
  ...{ name: 'main', environment: 'dev', settings: { server_defaults: {} } },
  servers: [definedServer({ hostname: 'web-01', provider: 'shelf' })],
  storage: { buckets: [{ name: 'assets', versioning: false, encryption: 'AES256' }] },
} as unknown as Infrastructure;

beforeAll(async () => {
  folder = await TestFolder.create();
  const root = join(folder.path, 'buckets');
  await mkdir(root);
  const bucket: BucketService = {
    ensure: async ({ name }) => {
      await mkdir(join(root, name), { recursive: true });
      return { id: name };
    },
    list: async () => (await readdir(root)).map((name) => ({ id: name, name })),
    delete: async (id) => {
      await rmdir(join(root, id)).catch((cause: unknown) => {
        throw new ProviderError({
          ...{ provider: 'shelf', operation: 'bucket.delete', code: 'conflict', cause },
          ...{ message: `Bucket ${id} is not empty`, help: 'Delete its objects first.' },
        });
      });
    },
  };
  context = {
    workspace: { name: 'ws', path: folder.path },
    infra: 'main',
    provider: async () => ({ bucket }),
    providerMetadata: async () => ({ category: 'cloud' }),
    step: <T>(_name: string, work: () => Promise<T>) => work(),
  } as unknown as Context;
});
afterAll(() => folder[Symbol.asyncDispose]());

const actions = (plan: { changes: readonly { action: string; kind: string; name: string }[] }) =>
  plan.changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`);

test('05 §4.6 a bucket is planned, made, found again and listed', async () => {
  expect(await listStorage(context, infrastructure)).toMatchObject([
    { kind: 'bucket', name: 'assets', state: 'planned' },
  ]);
  const plan = await planStorage(context, infrastructure);
  expect(actions(plan)).toEqual(['create bucket assets']);
  const [node] = plan.graph;
  expect(node!.type).toBe(bucketEnsure.type);
  const made = await (bucketEnsure as unknown as Operation).run(context, node!.input);
  expect(made).toEqual({ id: 'assets', created: true });
  expect(await planStorage(context, infrastructure)).toMatchObject({ graph: [] });
  expect(await listStorage(context, infrastructure)).toMatchObject([{ name: 'assets', state: 'created' }]);
});

test('a bucket with objects is refused by its provider; an empty one goes', async () => {
  const object = join(folder.path, 'buckets', 'assets', 'logo.svg');
  await writeFile(object, '<svg/>');
  const plan = await planStorageRemoval(context, infrastructure, ['assets']);
  expect(actions(plan)).toEqual(['delete bucket assets']);
  const remove = () => (bucketDelete as unknown as Operation).run(context, plan.graph[0]!.input);
  await expect(remove()).rejects.toThrow('Bucket assets is not empty');
  await rm(object);
  expect(await remove()).toEqual({ deleted: true });
  expect(await remove()).toEqual({ deleted: false });
  await expect(planStorageRemoval(context, infrastructure, ['assets'])).rejects.toMatchObject({
    exitCode: 5,
  });
});
