import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answer, startService, type TestService } from '@provisioning/extensions-sdk/testing';
import { serviceSocket } from '../../../providers/local/src/engine/service.ts';
import { type Bed, makeBed } from '../../../providers/local/src/testing/bed.ts';
import { type Infrastructure, loadInfrastructure } from '../infra/index.ts';
import { runGraph } from '../execution/operations.ts';
import type { GraphEvent } from '../execution/run-graph.ts';
import { Project } from '../project/project.ts';
import { ensureWorkspaceKey } from '../transport/index.ts';
import { planDeploy } from './deploy.ts';
import { planDestroy } from './destroy.ts';
import { planServers } from './servers.ts';

/** A real container engine, a declared cloud and a declared DNS service in one infrastructure. */
let bed: Bed;
let service: TestService;
let project: Project;
let infrastructure: Infrastructure;
const cloud = { servers: [] as { id: string; name: string; ip: string }[], posts: 0 };
const shown = (one: object) => ({
  ...one,
  status: 'active',
  size: 'small',
  cores: 1,
  memory: 1024,
  zone: 'here',
  os: 'ubuntu-22.04',
});
const records = new Map<string, { id: string; name: string; type: string; content: string; ttl: number }>();

const files = {
  'extensions/providers/acme/manifest.yaml':
    'name: acme\ntype: provider\nversion: 1.0.0\ndescription: A cloud\n',
  'extensions/providers/names/manifest.yaml':
    'name: names\ntype: provider\nversion: 1.0.0\ndescription: DNS\n',
  'infra/demo/settings.toml': `
[[servers]]
hostname = "near-01"
provider = "local"
os = "debian"
cores = 1
memory = 256
running_wait = 0
[[servers]]
hostname = "far-01"
provider = "acme"
plan = "small"
user = "root"
running_wait = 0
[[servers]]
kind = "dns"
hostname = "www"
provider = "names"
zone = "example.org"
target = "far-01"
[[servers]]
kind = "dns"
hostname = "db"
provider = "names"
zone = "example.org"
target = "near-01"
[[servers]]
kind = "dns"
hostname = "note"
provider = "names"
zone = "example.org"
type = "TXT"
value = "made here"
`,
};

const declarations = (url: string) => ({
  'extensions/providers/acme/rest.yaml': `
base_url: ${url}
auth: { method: none }
operations:
  listServers: { method: GET, path: /servers, items: servers }
  createServer: { method: POST, path: /servers, body: { name: '{{server.hostname}}' }, item: server, ok: 'server.id != null' }
  deleteServer: { method: DELETE, path: '/servers/{{id}}' }
fields: { id: id, name: name, status: status, plan: size, cores: cores, memory: memory, zone: zone, os: os, ip.public: ip }
states: { active: running }
plans: [{ name: small, cores: 1, memory_mb: 1024, description: small, zones: [], architecture: x86_64 }]
zones: [here]
images: [ubuntu-22.04]
`,
  'extensions/providers/names/rest.yaml': `
base_url: ${url}
auth: { method: none }
operations:
  dns.list: { method: GET, path: '/zones/{{zone}}', items: records }
  dns.create: { method: POST, path: '/zones/{{zone}}', body: { name: '{{record.name}}', type: '{{record.type}}', content: '{{record.value}}', ttl: '{{record.ttl}}' } }
  dns.update: { method: PATCH, path: '/zones/{{zone}}/{{id}}', body: { content: '{{record.value}}' } }
  dns.delete: { method: DELETE, path: '/zones/{{zone}}/{{id}}' }
capabilities: { server_management: false, dns_management: true }
plans: []
zones: []
images: []
`,
});

beforeAll(async () => {
  bed = await makeBed();
  const { path } = bed.workspace;
  const { publicKey } = await ensureWorkspaceKey(path);
  // The cloud's machine: it only has to answer over SSH.
  const local = await bed.open('elsewhere');
  const machine = await local.createServer(bed.spec('machine', { ssh_public_keys: [publicKey] }), {
    wait: true,
  });
  const ip = machine.ip_addresses.private ?? '';
  service = await startService((request, response) => {
    const [, kind, zone, id] = request.path.split('/');
    const body = (request.body ?? {}) as Record<string, string>;
    if (kind === 'servers') {
      if (request.method === 'GET') {
        return answer(response, 200, { servers: cloud.servers.map(shown) });
      }
      if (request.method === 'POST') {
        cloud.posts += 1;
        const made = { id: `s-${cloud.posts}`, name: body['name']!, ip };
        cloud.servers.push(made);
        return answer(response, 201, { server: shown(made) });
      }
      cloud.servers.splice(
        cloud.servers.findIndex((one) => one.id === zone),
        1,
      );
      return answer(response, 204);
    }
    if (request.method === 'GET') return answer(response, 200, { records: [...records.values()] });
    if (request.method === 'DELETE') {
      records.delete(id!);
      return answer(response, 204);
    }
    const key = id ?? `r-${records.size + 1}`;
    const { name, type, content } = { ...records.get(key), ...body } as Record<string, string>;
    records.set(key, { id: key, name: name!, type: type!, content: content!, ttl: 300 });
    return answer(response, 200, {});
  });
  for (const [file, text] of Object.entries({ ...files, ...declarations(service.url) })) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), text);
  }
  const socket = serviceSocket({ cacheDir: bed.cacheDir, variables: {}, log: () => undefined });
  const configuration: Record<string, unknown> = {
    'providers.local': { docker_socket: socket, private_service: false },
  };
  project = new Project({
    workspace: bed.workspace,
    infra: 'demo',
    environment: 'development',
    configuration: { get: (key) => configuration[key] },
    moduleUrls: [import.meta.url],
    variables: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    cachePath: join(bed.workspace.path, '.cache'),
  });
  infrastructure = await loadInfrastructure({
    workspacePath: path,
    workspaceName: bed.workspace.name,
    infra: 'demo',
  });
}, 300_000);

afterAll(async () => {
  await project?.close();
  await service?.close();
  await bed?.[Symbol.asyncDispose]();
});

const context = () => project.context({ idempotencyKey: 'mixed' });
const contents = () => Object.fromEntries([...records.values()].map(({ name, content }) => [name, content]));

test('06.A11 one server create over local, rest and DNS: providers side by side, a record after its target', async () => {
  // What 'server create' does.
  const plan = await planServers(context(), infrastructure);
  expect(plan.servers.map(({ server, action }) => `${action} ${server.hostname}`).sort()).toEqual([
    'create far-01',
    'create near-01',
  ]);
  expect(plan.records.map(({ name, action }) => `${action} ${name}`).sort()).toEqual([
    'create db.example.org',
    'create note.example.org',
    'create www.example.org',
  ]);
  const story: string[] = [];
  const onEvent = (event: GraphEvent) => {
    if (event.type !== 'progress') story.push(`${event.node.name} ${event.type}`);
  };
  const results = await runGraph(project, plan.graph, { runId: 'mixed', onEvent });
  expect(results.map(({ name, status, error }) => [name, status, error?.message])).toEqual(
    plan.graph.map(({ name }) => [name, 'completed', undefined]),
  );
  const at = (line: string) => story.indexOf(line);
  const ends = Math.min(at('near-01 ended'), at('far-01 ended'));
  expect(at('near-01 started')).toBeLessThan(ends);
  expect(at('far-01 started')).toBeLessThan(ends);
  expect(at('www.example.org started')).toBeGreaterThan(at('far-01 ended'));
  expect(at('db.example.org started')).toBeGreaterThan(at('near-01 ended'));
  const near = await (await project.provider('local')).getIp({ hostname: 'near-01' }, 'private');
  expect(contents()).toEqual({
    'www.example.org': cloud.servers[0]!.ip,
    'db.example.org': near,
    'note.example.org': 'made here',
  });
}, 240_000);

test('a second run changes nothing; a record that was changed by hand is set right', async () => {
  const again = await planDeploy(context(), infrastructure, { serversOnly: true });
  expect([again.graph, again.changes.every(({ action }) => action === 'unchanged')]).toEqual([[], true]);
  const www = [...records.values()].find(({ name }) => name === 'www.example.org')!;
  www.content = '198.51.100.7';
  const repair = await planDeploy(context(), infrastructure, { serversOnly: true });
  expect(repair.graph.map(({ name }) => name)).toEqual(['www.example.org']);
  await runGraph(project, repair.graph, { runId: 'repair' });
  expect([contents()['www.example.org'], cloud.posts]).toEqual([cloud.servers[0]!.ip, 1]);
}, 120_000);

test('destroy takes the records with the servers', async () => {
  const plan = await planDestroy(context(), infrastructure);
  await runGraph(project, plan.graph, { runId: 'destroy' });
  expect([records.size, cloud.servers]).toEqual([0, []]);
}, 120_000);

test('an entry that points at no server is refused, by name', async () => {
  const file = join(bed.workspace.path, 'infra/demo/settings.toml');
  const wrong = files['infra/demo/settings.toml'].replace('target = "far-01"', 'target = "gone-01"');
  await writeFile(file, wrong);
  const { name: workspaceName, path: workspacePath } = bed.workspace;
  await expect(loadInfrastructure({ workspacePath, workspaceName, infra: 'demo' })).rejects.toMatchObject({
    exitCode: 3,
    message: "DNS entry 'www' points at server 'gone-01', which is not defined",
  });
});
