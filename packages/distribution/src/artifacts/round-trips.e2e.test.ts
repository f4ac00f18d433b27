import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { RegistryServer } from '../server/registry-server.ts';
import { Scratch } from '../testing/session.ts';
import { pullExtension } from './pull.ts';
import { pushExtension } from './push.ts';
import { cleanUp } from '../../../../tools/testing/clean-up.ts';

let scratch: Scratch;
let server: RegistryServer;
let host: string;
let asked: string[] = [];

beforeAll(async () => {
  scratch = await Scratch.create();
  server = new RegistryServer({
    storage: scratch.path('registry'),
    port: 0,
    onRequest: ({ method, path }) =>
      asked.push(`${method} ${path.replace(/^.*\/(?=manifests|blobs|tags)/, '')}`),
  });
  host = `127.0.0.1:${(await server.listen()).port}`;
});
afterAll(() =>
  cleanUp(
    () => server?.close(),
    () => scratch?.remove(),
  ),
);
beforeEach(() => {
  asked = [];
});

async function push(name: string, version: string): Promise<string> {
  const path = await scratch.extension(`src/${name}-${version}`, { name, version });
  const artifacts = scratch.session(host);
  try {
    return (await pushExtension(artifacts, { path })).state;
  } finally {
    await artifacts.close();
  }
}

async function pull(reference: string, into: string): Promise<string> {
  const artifacts = scratch.session(host, { cache: into });
  try {
    return (
      await pullExtension(artifacts, reference, { cwd: scratch.folder, destination: scratch.path(into) })
    ).path;
  } finally {
    await artifacts.close();
  }
}

/** Without what differs by content. */
const shapes = (): readonly string[] =>
  asked
    .map((line) => line.replace(/sha256:[0-9a-f]+$/, '<digest>').replace(/uploads\/.+$/, 'uploads/<id>'))
    .sort();

test('a new extension is pushed without asking for what cannot be there', async () => {
  expect(await push('fresh', '1.0.0')).toBe('pushed');
  expect(shapes()).toEqual([
    'GET tags/list',
    'POST blobs/uploads/',
    'POST blobs/uploads/',
    'PUT blobs/uploads/<id>',
    'PUT blobs/uploads/<id>',
    'PUT manifests/1.0.0',
  ]);
  expect(await push('fresh', '1.0.0')).toBe('unchanged');
});

test('a complete version is pulled by its tag; anything else reads the list of tags', async () => {
  await push('pulled', '1.2.0');
  await push('pulled', '1.3.0');
  asked = [];
  await pull('pulled:1.2.0', 'exact');
  expect(shapes()).toEqual(['GET blobs/<digest>', 'GET blobs/<digest>', 'GET manifests/1.2.0']);
  asked = [];
  await pull('pulled:1.3', 'partial');
  expect(shapes()).toContain('GET tags/list');
});

test('09 §1 a version is found under the tag with v, and one that is not there by no tag', async () => {
  await push('tagged', '2.0.0');
  const repository = server.layout.repository('provisioning-extensions/tagged');
  await repository.tag(await repository.resolve('2.0.0'), 'v2.1.0');
  await expect(pull('tagged:2.1.0', 'with-v')).resolves.toContain('tagged');
  await expect(pull('tagged:9.9.9', 'none')).rejects.toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
    hint: expect.stringContaining('tagged:2.0.0') as unknown,
  });
});
