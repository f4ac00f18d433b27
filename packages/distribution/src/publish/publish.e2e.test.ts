import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startFakeRegistry } from '../testing/fake-registry.ts';
import { type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { Scratch } from '../testing/session.ts';
import { publishExtension, type PublishOptions } from './pipeline.ts';
import { tagRelease } from './tag.ts';

const run = promisify(execFile);
let registry: RunningRegistry;
let scratch: Scratch;

beforeAll(async () => {
  scratch = await Scratch.create();
  registry = await startDockerRegistry();
});
afterAll(async () => {
  await registry.stop();
  await scratch.remove();
});

/** An extension with all that publishing asks for, in a Git repository of its own. */
async function complete(folder: string, name: string): Promise<string> {
  const path = await scratch.extension(
    `${folder}/${name}`,
    { name },
    {
      'CHANGELOG.md': '# Changes\n\n## 1.0.0\n\nFirst.\n',
      LICENSE: 'MIT\n',
      'docs/README.md': '# d\n',
      'docs/API.md': '# d\n',
      'docs/EXAMPLES.md': '# d\n',
      'schema/config.json': '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}\n',
      'scripts/check.sh': '#!/bin/sh\nset -eu\necho installed=true\n',
      'scripts/install.sh': '#!/bin/sh\nset -eu\ntrue\n',
      'tests/unit/one.test.mjs':
        "import test from 'node:test';\ntest('works', () => { if (process.env.BREAK) throw new Error('broken'); });\n",
    },
  );
  const git = (...words: string[]) =>
    run('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], { cwd: path });
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'First');
  await git('config', 'user.name', 'a');
  await git('config', 'user.email', 'a@example.com');
  return path;
}

async function publish(path: string, more: Partial<PublishOptions> = {}, config: object = {}) {
  const session = scratch.session(registry.host, { config: config as Record<string, unknown> });
  try {
    return await publishExtension(session, { path, targets: ['oci'], environment: process.env, ...more });
  } finally {
    await session.close();
  }
}

test('publishing checks, tests, packs once and reads back; a rerun skips, other content is refused', async () => {
  const path = await complete('a', 'redis');
  expect(await publish(path, { check: true })).toMatchObject({ targets: [{ state: 'would-publish' }] });
  const first = await publish(path, { tag: true });
  const reference = `oci://${registry.host}/provisioning-extensions/redis:1.0.0`;
  expect(first).toMatchObject({
    tag: 'taskservs/redis/v1.0.0',
    targets: [{ target: 'oci', reference, state: 'published' }],
  });
  const { stdout } = await run('git', ['tag'], { cwd: path });
  expect(stdout.trim()).toBe('taskservs/redis/v1.0.0');
  expect(await tagRelease(path, 'taskservs/redis/v1.0.0')).toBe('present');
  expect(await publish(path)).toMatchObject({ targets: [{ state: 'present' }] });
  await writeFile(join(path, 'README.md'), '# other\n');
  await expect(publish(path)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('not committed: README.md'),
  });
  await expect(publish(path, { allowDirty: true })).rejects.toMatchObject({
    exitCode: 1,
    message: 'Version 1.0.0 already published',
  });
});

test('nothing is published when the checks or the tests fail', async () => {
  const path = await complete('b', 'nginx');
  await expect(publish(path, { environment: { ...process.env, BREAK: '1' } })).rejects.toMatchObject({
    exitCode: 1,
    code: 'TESTS_FAILED',
  });
  await writeFile(join(path, 'CHANGELOG.md'), '# Changes\n');
  await expect(publish(path, { allowDirty: true, skipTests: true })).rejects.toMatchObject({
    message: 'nginx cannot be published: CHANGELOG.md has no entry for 1.0.0',
  });
  const tags = await fetch(`http://${registry.host}/v2/provisioning-extensions/nginx/tags/list`);
  expect(tags.status).toBe(404);
  const strict = scratch.session(registry.host, { mode: 'multiuser' });
  await expect(
    publishExtension(strict, { path, targets: ['oci'], environment: {}, skipTests: true }),
  ).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('solo mode only') });
});

test('a Git host gets a draft with both files before it is visible; a failure takes the draft away', async () => {
  const path = await complete('c', 'proxy');
  const asked: string[] = [];
  let broken = true;
  const server = await startFakeRegistry((request, response) => {
    asked.push(`${request.method} ${request.url!.replace(/\?.*/, '')}`);
    request.resume();
    request.on('end', () => {
      const url = request.url!;
      if (request.method === 'GET') response.writeHead(404).end('{}');
      else if (broken && url.includes('/assets?name=proxy-1.0.0.tar.gz.sha256'))
        response.writeHead(500).end('{}');
      else response.end(JSON.stringify({ id: 7 }));
    });
  });
  const config = {
    'dependencies.registry.gitea.url': `http://${server.host}`,
    'dependencies.registry.gitea.organization': 'ext',
  };
  const base = '/api/v1/repos/ext/proxy_taskserv';
  try {
    await expect(publish(path, { targets: ['oci', 'gitea'] }, config)).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      message: expect.stringContaining(`done before: oci://${registry.host}`),
    });
    expect(asked.at(-1)).toBe(`DELETE ${base}/releases/7`);
    broken = false;
    asked.length = 0;
    expect(await publish(path, { targets: ['oci', 'gitea'] }, config)).toMatchObject({
      targets: [
        { target: 'oci', state: 'present' },
        { target: 'gitea', state: 'published', reference: 'gitea://ext/proxy_taskserv@1.0.0' },
      ],
    });
    expect(asked.filter((line) => !line.startsWith('GET'))).toEqual([
      'POST /api/v1/orgs/ext/repos',
      `POST ${base}/releases`,
      `POST ${base}/releases/7/assets`,
      `POST ${base}/releases/7/assets`,
      `PATCH ${base}/releases/7`,
    ]);
  } finally {
    await server.close();
  }
});
