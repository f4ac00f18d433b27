import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Outcome, run } from '../../../test/run.ts';

let folder: string;
const cli = (line: string): Promise<Outcome> =>
  run(line.split(' '), {
    environment: { HOME: folder, PATH: process.env['PATH']!, USER: 'ana' },
    cwd: join(folder, 'ws'),
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-cluster-'));
  expect((await cli(`workspace init ${folder}/ws --infra-name shop`).catch(() => ({ code: 1 }))).code).toBe(
    0,
  );
  await rm(join(folder, 'ws/infra/shop/servers.toml'), { force: true });
  await writeFile(
    join(folder, 'ws/infra/shop/settings.toml'),
    ['web-01', 'web-02', 'web-03']
      .map((name) => `[[servers]]\nhostname = "${name}"\nprovider = "local"\nmemory_gb = 2\n`)
      .join(''),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('07 §10.2 create --check tells the order, the places and the requirements; nothing is asked of a server', async () => {
  const { code, stdout } = await cli('cluster create web --check --out json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    action: 'create-cluster',
    cluster: 'web',
    check_mode: true,
    would_create: true,
    components: [
      { name: 'system', service: 'os', places: ['web-01', 'web-02', 'web-03'] },
      { name: 'web', service: 'nginx', dependencies: ['system'] },
      { name: 'entry', service: 'haproxy', dependencies: ['web'], places: ['web-01'] },
    ],
    requirements_check: { met: true, issues: [] },
  });
  const large = await cli('cluster create buildkit --check --out json');
  expect([large.code, JSON.parse(large.stdout)]).toMatchObject([
    1,
    {
      would_create: false,
      requirements_check: { met: false, issues: ['needs 1 servers with 4 cores and 8Gi, found 0'] },
    },
  ]);
});

test.each([
  ['oci-reg', ['system', 'containerd @web-01', 'registry @web-01']],
  ['registry', ['system', 'containerd @web-01', 'registry @web-01']],
  ['data-platform', ['system', 'postgres @web-01', 'redis @web-01']],
  ['ci-cd', ['system', 'containerd', 'gitea @web-01', 'registry @web-01', 'buildkit']],
  [
    'kubernetes',
    [
      ...['system', 'containerd', 'etcd @web-01', 'control-plane @web-01', 'workers @web-02 @web-03'],
      ...['helm @web-01', 'cilium @web-01'],
    ],
  ],
  ['security-stack', ['cert-manager']],
])('07 §10.1 the components of %s in their order, and where they go', async (name, order) => {
  const infra = join(folder, 'ws/infra/large');
  await mkdir(infra, { recursive: true });
  const servers = ['web-01', 'web-02', 'web-03'].map(
    (hostname) => `[[servers]]\nhostname = "${hostname}"\nprovider = "local"\ncores = 4\nmemory_gb = 8\n`,
  );
  await writeFile(join(infra, 'settings.toml'), servers.join(''));
  const checked = await cli(`cluster create ${name} --check --infra large --out json`);
  const { components } = JSON.parse(checked.stdout) as {
    components: { name: string; places: string[] }[];
  };
  const all = 'web-01,web-02,web-03';
  expect(
    components.map((one) =>
      one.places.join() === all ? one.name : [one.name, ...one.places.map((place) => `@${place}`)].join(' '),
    ),
  ).toEqual(order);
});

test('07 §10.4 scaling, rolling back and promoting say what they need', async () => {
  expect(await cli('cluster scale web --replicas 2 --component db')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Invalid tier: db. Valid options: web'),
  });
  expect(await cli('cluster scale web --replicas 9 --check')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('web needs 9 servers, found 3'),
  });
  expect(await cli('cluster scale web')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--replicas <number>, or --auto-scale'),
  });
  expect(await cli('cluster scale web --auto-scale --min 3 --max 2')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--auto-scale needs --max, at least as large as --min'),
  });
  expect(await cli('cluster scale web --auto-scale --min 2 --max 3')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Cluster web is not running on shop'),
  });
  expect(await cli('cluster rollback web')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('No previous version recorded for web'),
  });
  expect(await cli('cluster promote web')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('web is no canary'),
  });
  expect((await cli('cluster promote web-canary')).stderr).toContain('Canary web-canary is not running');
  expect(await cli('cluster create wep')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('Unknown cluster: wep'),
  });
});

test('07 §10.2 a definition can be stored only, without its secrets, and deploy takes all in order', async () => {
  const secrets = join(folder, 'secrets.yaml');
  await writeFile(
    secrets,
    'components: [{ name: primary, config: { users: [{ name: replicator, password: hidden-here }] } }]\n',
  );
  const stored = await cli(`cluster create postgres-ha --define-only --secrets ${secrets}`);
  expect(stored).toMatchObject({ code: 0, stdout: expect.stringContaining('defined') });
  const text = await readFile(join(folder, 'ws/infra/shop/clusters/postgres-ha.yaml'), 'utf8');
  expect(text).toContain('service: postgres');
  expect(text).not.toContain('hidden-here');
  expect((await cli('cluster create postgres-ha --define-only')).stderr).toContain('is defined already');
  await writeFile(join(folder, 'ws/infra/shop/clusters/web.toml'), 'dependencies = ["postgres-ha"]\n');
  const { stdout, stderr } = await cli('cluster deploy --check --out json');
  expect(stderr).toBe('');
  const names = (JSON.parse(stdout) as { would: { name: string }[] }).would.map(({ name }) => name);
  expect(names).toEqual([
    'postgres-ha/system',
    'postgres-ha/primary',
    'postgres-ha/replica',
    'web/system',
    'web/web',
    'web/entry',
  ]);
  await writeFile(
    join(folder, 'ws/infra/shop/clusters/monitoring.yaml'),
    'components: [{ name: grafana, enabled: true }]\n',
  );
  const monitoring = JSON.parse((await cli('cluster show monitoring --out json')).stdout) as object;
  // What is written wins over the extension, what is not written does not.
  expect(monitoring).toMatchObject({
    resources: { cpu_per_node: '1', memory_per_node: '1Gi' },
    components: expect.arrayContaining([expect.objectContaining({ name: 'grafana', enabled: true })]),
  });
  await rm(join(folder, 'ws/infra/shop/clusters/monitoring.yaml'));
  await writeFile(join(folder, 'ws/infra/shop/clusters/web.toml'), 'dependencies = ["nowhere"]\n');
  expect((await cli('cluster deploy --check')).stderr).toContain("depends on unknown cluster 'nowhere'");
});
