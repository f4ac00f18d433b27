import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ensureWorkspaceKey } from '@provisioning/core';
import { answer, startService, type TestService } from '@provisioning/extensions-sdk/testing';
import { TestSshd } from '../../../core/src/transport/sshd.fixture.ts';
import { Sandbox } from '../../test/sandbox.ts';

/** A declared cloud whose machines are one real SSH server: what counts is which process creates them. */
let cloud: TestService;
let sshd: TestSshd;
let sandbox: Sandbox;
const servers: { id: string; name: string; tags: Record<string, string> }[] = [];

const declaration = (url: string) => `
base_url: ${url}
auth: { method: none }
tags: map
operations:
  listServers: { method: GET, path: /servers, items: servers }
  createServer: { method: POST, path: /servers, body: { name: '{{server.hostname}}', tags: '{{tags}}' }, item: server, ok: 'server.id != null' }
  deleteServer: { method: DELETE, path: '/servers/{{id}}' }
fields: { id: id, name: name, status: status, plan: size, cores: cores, memory: memory, zone: zone, os: os, ip.public: ip, tags: tags }
states: { active: running }
plans: [{ name: small, cores: 1, memory_mb: 1024, description: small, zones: [], architecture: x86_64 }]
zones: [here]
images: [ubuntu-22.04]
`;

const settings = `
[[servers]]
hostname = "web-01"
provider = "acme"
plan = "small"
running_wait = 0
`;

const shown = (server: object) => ({
  ...server,
  ip: '127.0.0.1',
  status: 'active',
  size: 'small',
  cores: 1,
  memory: 1024,
  zone: 'here',
  os: 'ubuntu-22.04',
});

beforeAll(async () => {
  sshd = new TestSshd();
  await sshd.start();
  cloud = await startService((request, response) => {
    if (request.method === 'GET') return answer(response, 200, { servers: servers.map(shown) });
    if (request.method === 'DELETE') {
      servers.length = 0;
      return answer(response, 204);
    }
    const { name, tags } = request.body as { name: string; tags: Record<string, string> };
    const { port, user } = sshd.access();
    const reached = { 'provisioning.ssh-port': String(port), 'provisioning.user': user };
    const made = { id: `s-${servers.length + 1}`, name, tags: { ...tags, ...reached } };
    servers.push(made);
    return answer(response, 201, { server: shown(made) });
  });
  sandbox = await Sandbox.make();
  const workspace = join(sandbox.folder, 'ws');
  expect(
    await sandbox.run(['workspace', 'init', workspace, '--infra-name', 'demo', '--activate']),
  ).toMatchObject({
    code: 0,
  });

  rmSync(join(workspace, 'infra/demo/servers.toml'), { force: true });
  const files = {
    'infra/demo/settings.toml': settings,
    'extensions/providers/acme/manifest.yaml':
      'name: acme\ntype: provider\nversion: 1.0.0\ndescription: A cloud\n',
    'extensions/providers/acme/rest.yaml': declaration(cloud.url),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace, file)), { recursive: true });
    writeFileSync(join(workspace, file), text);
  }
  const { publicKey } = await ensureWorkspaceKey(workspace);
  appendFileSync(join(sshd.folder, 'authorized_keys'), `${publicKey}\n`);
}, 120_000);

afterAll(async () => {
  await sandbox?.remove();
  await cloud?.close();
  await sshd?.stop();
  sshd?.remove();
});

const create = ['-i', 'demo', 'server', 'create', '--yes'];

function configure(lines: readonly string[]): void {
  const user = join(sandbox.folder, 'config', 'provisioning');
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, 'config.toml'), `[orchestrator]\n${lines.join('\n')}\n`);
}

test('12.A15 with auto_start off a server is created directly, with a warning; without fallback it is refused', async () => {
  configure(['auto_start = false', 'fallback_to_direct = false']);
  const refused = await sandbox.run(create);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Orchestrator not available'),
  });
  expect(servers).toHaveLength(0);
  configure(['auto_start = false', 'fallback_to_direct = true']);
  const direct = await sandbox.run(create);
  expect(direct).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Orchestrator not available, running directly'),
  });
  expect(direct.stderr).not.toContain('Workflow submitted');
  expect(servers).toHaveLength(1);
}, 180_000);

test('12.A15 an orchestrator that cannot start is no obstacle where direct work is allowed', async () => {
  servers.length = 0;
  configure(['fallback_to_direct = true']);
  // A store without an address: the program ends right after its start.
  const environment = { ORCHESTRATOR_STORAGE_TYPE: 'postgres', ORCHESTRATOR_STORAGE_POSTGRES_URL: '' };
  const direct = await sandbox.run(create, { environment });
  expect(direct).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Orchestrator not available, running directly'),
  });
  expect(servers).toHaveLength(1);
}, 180_000);

test('12.A15 with auto_start the orchestrator starts and the creation is one of its workflows', async () => {
  servers.length = 0;
  configure(['auto_start = true']);
  const created = await sandbox.run(create);
  expect(created).toMatchObject({ code: 0, stderr: expect.stringContaining('Workflow submitted: ') });
  expect(created.stderr).toContain('Starting required services...');
  expect(servers).toHaveLength(1);
  const listed = await sandbox.run(['workflow', 'list', '--out', 'json']);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ status: 'Completed', kind: 'server' }]);
}, 180_000);

test('a list tells how far a workflow has come, read beside the orchestrator and without it', async () => {
  const ready = join(sandbox.folder, 'ready');
  const wait = `touch ${ready}; while [ -e ${ready} ]; do sleep 0.1; done`;
  writeFileSync(
    join(sandbox.folder, 'halves.toml'),
    `name = "halves"
version = "1.0.0"
operations = [
  { id = "first", type = "command", config = { command = "true" } },
  { id = "second", type = "command", dependencies = ["first"], config = { command = "sh", args = ["-c", "${wait}"] } },
]
`,
  );
  expect(await sandbox.run(['workflow', 'submit', 'halves.toml', '--no-wait', '--yes'])).toMatchObject({
    code: 0,
  });
  while (!existsSync(ready)) await delay(50);
  const list = ['workflow', 'list', '--status', 'running', '--out', 'json'];
  expect(JSON.parse((await sandbox.run(list)).stdout)).toMatchObject([{ name: 'halves', progress: 50 }]);
  const { stdout } = await sandbox.run(['orchestrator', 'status', '--out', 'json']);
  process.kill((JSON.parse(stdout) as { pid: number }).pid, 'SIGKILL');
  expect(JSON.parse((await sandbox.run(list)).stdout)).toMatchObject([{ name: 'halves', progress: 50 }]);
  rmSync(ready);
}, 180_000);
