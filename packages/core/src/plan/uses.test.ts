import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Context } from '@provisioning/extensions-sdk';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { loadInfrastructure } from '../infra/load.ts';
import { TaskservPackages } from '../taskserv/index.ts';
import { taskservIssues, taskservsOf } from './uses.ts';

let workspacePath: string;

beforeEach(async () => {
  workspacePath = await mkdtemp(path.join(tmpdir(), 'provisioning-uses-'));
  await put('servers.toml', '[[servers]]\nhostname = "web-01"\ntaskservs = ["os", "nginx"]\n');
});
afterEach(() => rm(workspacePath, { recursive: true, force: true }));

async function put(file: string, text: string): Promise<string> {
  const target = path.join(workspacePath, 'infra', 'main', file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
  return target;
}

async function load() {
  const definition = await loadInfrastructure({ workspacePath, infra: 'main' });
  const catalogue = new ExtensionCatalogue({ workspacePath, moduleUrls: [import.meta.url] });
  const context = {
    extension: async (_kind: 'taskserv', name: string) => (await catalogue.get('taskserv', name)).path,
  } as unknown as Context;
  return { context, definition };
}

async function planned() {
  const { context, definition } = await load();
  return taskservsOf(context, definition.servers[0]!, definition, new TaskservPackages());
}

test('wrong settings of a taskserv are found where they are written, in every form and place', async () => {
  const message = 'Taskserv nginx on web-01: config.port must be integer, found "abc"';
  const toml = await put('taskservs/nginx.toml', '# comment\nport = "abc"\napi_token = "hush"\n');
  const error: any = await planned().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message, location: { file: toml, line: 2, column: 1 } });
  expect(error.issues[0].frame).toContain('> 2 | port = "abc"');
  expect(JSON.stringify(error)).not.toContain('hush');
  await rm(toml);
  const yaml = await put('taskservs.yaml', 'taskservs:\n  nginx:\n    port: abc\n');
  await expect(planned()).rejects.toMatchObject({ message, location: { file: yaml, line: 3, column: 5 } });
  await rm(yaml);
  const own = await put(
    'servers.toml',
    '[[servers]]\nhostname = "web-01"\ntaskservs = ["os", {name = "nginx", config = {port = "abc"}}]\n',
  );
  await expect(planned()).rejects.toMatchObject({ message, location: { file: own, line: 3 } });
});

test('a server that is not defined is named with the place that names it', async () => {
  const file = await put(
    'taskservs/nginx.toml',
    '[[sites]]\nname = "app"\nservers = [{ server = "db-02", port = 80 }]\n',
  );
  await expect(planned()).rejects.toMatchObject({
    code: 'SERVER_REFERENCE_UNKNOWN',
    location: { file, line: 3 },
    hint: 'Servers of this infrastructure: web-01',
  });
});

test('a taskserv that is not known is reported at its server, with the names that are near', async () => {
  const file = await put('servers.toml', '[[servers]]\nhostname = "web-01"\ntaskservs = ["postgress"]\n');
  await expect(planned()).rejects.toMatchObject({
    code: 'TASKSERV_NOT_FOUND',
    message: `${file}:3:14: Taskserv 'postgress' not found`,
    hint: expect.stringMatching(/^Did you mean postgres\?\nAvailable taskservs: \[/),
  });
});

test('validation tells of everything at once, each with its place', async () => {
  const servers = await put(
    'servers.toml',
    '[[servers]]\nhostname = "web-01"\ntaskservs = ["os", "ngin", "nginx"]\n[[servers]]\nhostname = "db-01"\ntaskservs = ["redis"]\n',
  );
  const nginx = await put('taskservs/nginx.toml', 'port = "abc"\nclient_max_body_size = "much"\n');
  const redis = await put('taskservs/redis.toml', 'port = 0\n');
  const { context, definition } = await load();
  expect(await taskservIssues(context, definition)).toMatchObject([
    { message: "Taskserv 'ngin' not found", location: { file: servers, line: 3 } },
    {
      message: expect.stringMatching(/^Taskserv nginx on web-01: .*port.*; .*client_max_body_size/),
      location: { file: nginx, line: 1 },
    },
    {
      message: expect.stringMatching(/^Taskserv redis on db-01: config\.port/),
      location: { file: redis, line: 1 },
    },
  ]);
});
