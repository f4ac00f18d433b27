import { afterEach, expect, test } from '@jest/globals';
import { Secret } from '@provisioning/extensions-sdk';
import { RemoteRegistry } from '../remote/registry.ts';
import { type FakeRegistry, startFakeRegistry } from '../testing/fake-registry.ts';
import { HarborAdministration, refuseDefaultPassword } from './harbor.ts';

interface Project {
  readonly project_id: number;
  metadata: Record<string, string>;
}

let server: FakeRegistry | undefined;
afterEach(() => server?.close());

/** Answers as Harbor's API is documented: projects, retentions and robots, for `admin` with one password. */
async function harbor(password: string) {
  const projects = new Map<string, Project>();
  const retentions: { rules: { template: string; params: object }[]; scope: object }[] = [];
  const robots: { name: string; permissions: { namespace: string }[] }[] = [];
  server = await startFakeRegistry((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const say = (status: number, document?: unknown) => {
        response.writeHead(status).end(document === undefined ? '' : JSON.stringify(document));
      };
      const basic = Buffer.from(`admin:${password}`).toString('base64');
      if (request.headers.authorization !== `Basic ${basic}`)
        return say(401, { errors: [{ code: 'UNAUTHORIZED', message: 'unauthorized' }] });
      const text = Buffer.concat(chunks).toString('utf8');
      const body = text === '' ? {} : JSON.parse(text);
      const [kind, id] = request.url!.replace('/api/v2.0/', '').split('/');
      const route = `${request.method} ${kind}`;
      if (route === 'POST projects') {
        if (projects.has(body.project_name))
          return say(409, { errors: [{ code: 'CONFLICT', message: 'm' }] });
        projects.set(body.project_name, { project_id: projects.size + 1, metadata: body.metadata });
        return say(201);
      }
      const project = projects.get(id!);
      if (route === 'GET projects') return project === undefined ? say(404) : say(200, project);
      if (route === 'PUT projects') {
        Object.assign(project!.metadata, body.metadata);
        return say(200);
      }
      if (route === 'POST retentions') {
        retentions.push(body);
        const of = [...projects.values()].find(({ project_id: ref }) => ref === body.scope.ref)!;
        of.metadata['retention_id'] = String(retentions.length);
        return say(201);
      }
      if (route === 'PUT retentions') {
        retentions[Number(id) - 1] = body;
        return say(200);
      }
      if (robots.some(({ name }) => name === body.name)) return say(409);
      robots.push(body);
      return say(201, { id: 1, name: `robot$${body.name}`, secret: 'told-once' });
    });
  });
  const connect = (given: string) =>
    new RemoteRegistry(server!.host, {
      credentials: { get: () => Promise.resolve({ username: 'admin', password: new Secret(given) }) },
    });
  return { projects, retentions, robots, connect };
}

const policy = { description: 'd', publicRead: false, keepTags: 10, keepDays: 90 };
const policies = [
  { ...policy, namespace: 'acme/extensions' },
  { ...policy, namespace: 'acme/schemas', keepTags: 20 },
  { ...policy, namespace: 'acme-test', publicRead: true, keepTags: 3, keepDays: 7 },
];

test('09 §9 init makes projects, access and retention at a server that answers as Harbor, and again changes nothing', async () => {
  const { projects, retentions, robots, connect } = await harbor('chosen');
  const registry = connect('chosen');
  const administration = new HarborAdministration(registry);
  expect(await administration.prepare(policies)).toEqual(['acme', 'acme-test']);
  expect([...projects].map(([name, { metadata }]) => [name, metadata['public']])).toEqual([
    ['acme', 'false'],
    ['acme-test', 'true'],
  ]);
  expect(retentions.map(({ rules }) => rules.map(({ template, params }) => [template, params]))).toEqual([
    [
      ['latestPushedK', { latestPushedK: 10 }],
      ['nDaysSinceLastPush', { nDaysSinceLastPush: 90 }],
      ['always', {}],
    ],
    [
      ['latestPushedK', { latestPushedK: 3 }],
      ['nDaysSinceLastPush', { nDaysSinceLastPush: 7 }],
      ['always', {}],
    ],
  ]);
  const before = JSON.stringify([[...projects], retentions.map(({ rules }) => rules)]);
  await administration.prepare(policies);
  expect(JSON.stringify([[...projects], retentions.map(({ rules }) => rules)])).toBe(before);

  expect(await administration.robot('ci', ['acme', 'acme-test'])).toMatchObject({
    name: 'robot$ci',
    secret: 'told-once',
  });
  expect(robots[0]!.permissions.map(({ namespace }) => namespace)).toEqual(['acme', 'acme-test']);
  await expect(administration.robot('ci', ['acme'])).rejects.toMatchObject({ code: 'ROBOT_EXISTS' });
  registry.close();
});

test('09 §9 a wrong password is a refusal that does not repeat it, and the default password is not accepted', async () => {
  const { projects, connect } = await harbor('chosen');
  const registry = connect('a-wrong-one');
  const refused = await new HarborAdministration(registry).prepare(policies).catch((error: Error) => error);
  expect(refused).toMatchObject({ code: 'HARBOR_DENIED', exitCode: 4 });
  expect(JSON.stringify(refused) + String(refused)).not.toContain('a-wrong-one');
  expect(projects.size).toBe(0);
  registry.close();
  expect(() => refuseDefaultPassword(new Secret('Harbor12345'))).toThrow(
    expect.objectContaining({ code: 'DEFAULT_PASSWORD', exitCode: 4 }),
  );
  expect(() => refuseDefaultPassword(new Secret('chosen'))).not.toThrow();
});
