import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { catalogueFolder } from '../../../../tools/testing/taskserv-bed.ts';
import { mergeConfig, resolveTaskservConfig, serverReferences } from './configuration.ts';
import { renderTaskserv } from './desired.ts';
import { loadTaskservPackage } from './package.ts';
import { parseTemplate, TemplateRenderer } from './templates.ts';

const load = (path: string) => loadTaskservPackage(join(catalogueFolder, path));
const server = { hostname: 'web-01', ip: '10.0.0.3', private_ip: '10.0.0.3', public_ip: '' };
const database = { hostname: 'db-01', ip: '10.0.0.1', private_ip: '10.0.0.1', public_ip: '' };

test('schema defaults < profile < own configuration, records merge deeply', async () => {
  const redis = await load('databases/redis');
  const resolve = (profile: string, config: Record<string, unknown>) =>
    resolveTaskservConfig(redis, { name: 'redis', profile, config }, 'one');
  expect(resolve('default', {})).toMatchObject({ port: 6379, maxmemory: '512mb', persistence: true });
  expect(resolve('development', {})).toMatchObject({ maxmemory: '128mb', persistence: false });
  expect(resolve('development', { maxmemory: '1gb', own: 1 })).toMatchObject({
    maxmemory: '1gb',
    persistence: false,
    own: 1,
  });
  expect(() => resolve('huge', {})).toThrow("has no profile 'huge'");
  expect(mergeConfig({ a: { b: 1, c: [1, 2] } }, { a: { c: [3] }, d: null })).toEqual({
    a: { b: 1, c: [3] },
    d: null,
  });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  mergeConfig({}, JSON.parse('{"__proto__": {"polluted": 1}}'));
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('a wrong configuration names every key, and never the value of a secret', async () => {
  const redis = await load('databases/redis');
  const config = { port: 'many', maxmemory_policy: 'random', password: 'has blanks' };
  expect(() =>
    resolveTaskservConfig(redis, { name: 'redis', profile: 'default', config }, 'cache-01'),
  ).toThrow(
    expect.objectContaining({
      code: 'TASKSERV_CONFIG_INVALID',
      exitCode: 3,
      message: expect.stringMatching(
        /^Taskserv redis on cache-01: config\.port must be integer, found "many"; config\.maxmemory_policy must be one of noeviction/,
      ),
    }),
  );
  try {
    resolveTaskservConfig(redis, { name: 'redis', profile: 'default', config }, 'cache-01');
  } catch (error) {
    expect(JSON.stringify(error)).not.toContain('has blanks');
  }
});

test('fields of format server give the references, whose addresses templates know', async () => {
  const haproxy = await load('networking/haproxy');
  const use = {
    name: 'haproxy',
    profile: 'default',
    config: {
      frontends: [{ name: 'pg', port: 5432, backend: 'pg' }],
      backends: [{ name: 'pg', servers: [{ server: 'db-01', port: 5432 }] }],
    },
  };
  const config = resolveTaskservConfig(haproxy, use, 'web-01');
  expect(serverReferences(haproxy.schema, config)).toEqual(['db-01']);
  const render = (servers: Record<string, typeof database>) =>
    renderTaskserv(haproxy, config, undefined, { server, servers });
  expect(render({ 'db-01': database }).files[0]!.content).toContain('server db-01 10.0.0.1:5432 check');
  expect(() => render({})).toThrow(expect.objectContaining({ code: 'SERVER_ADDRESS_UNKNOWN' }));
});

test('07.A9 a broken template is refused with file and line', () => {
  expect(() => parseTemplate('one\n{{#if config.x}}\nno end\n', 'default/a.hbs')).toThrow(
    expect.objectContaining({
      code: 'TEMPLATE_INVALID',
      location: expect.objectContaining({ file: 'default/a.hbs', line: 4 }),
    }),
  );
  const renderer = new TemplateRenderer({ config: {}, server, servers: {}, version: '1' });
  expect(() => renderer.render('a\n{{config.port}}', 'b.hbs')).toThrow(
    expect.objectContaining({ code: 'TEMPLATE_INVALID', location: { file: 'b.hbs', line: 2 } }),
  );
  expect(renderer.render('{{sh "it\'s $HOME"}}', 'c.hbs')).toBe("'it'\\''s $HOME'");
});

test('a manifest with an error says where', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-taskserv-'));
  try {
    writeFileSync(join(folder, 'manifest.yaml'), 'name: x\ntype: taskserv\nversion: 1.0.0\n  bad: [\n');
    await expect(loadTaskservPackage(folder)).rejects.toMatchObject({
      code: 'TASKSERV_INVALID',
      location: { file: join(folder, 'manifest.yaml'), line: expect.any(Number) },
    });
    writeFileSync(join(folder, 'manifest.yaml'), 'name: X\ntype: taskserv\nversion: v1\nports: [0]\n');
    await expect(loadTaskservPackage(folder)).rejects.toThrow(
      /name must match.*version must match.*ports\.0/s,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('07 §3 network policies, quotas and Pod Security Standards of kubernetes become manifests', async () => {
  const kubernetes = await load('kubernetes/kubernetes');
  const config = {
    namespaces: ['default', 'shop'],
    network_policies: [
      { name: 'deny-all', policy_types: ['Ingress', 'Egress'] },
      {
        name: 'allow-dns',
        policy_types: ['Egress'],
        egress: [{ namespace: 'kube-system', protocol: 'UDP', port: 53 }, { cidr: '10.0.0.0/8' }, {}],
      },
    ],
    resource_quotas: { shop: { requests_cpu: '4', limits_memory: '16Gi', pods: 50 } },
    security: { pod_security_standard: 'restricted', pod_security: { warn: 'baseline' }, encrypt_etcd: true },
  };
  const use = { name: 'kubernetes', profile: 'default', config };
  const { files, environment } = renderTaskserv(
    kubernetes,
    resolveTaskservConfig(kubernetes, use, 'cp-01'),
    undefined,
    { server, servers: {} },
  );
  const text = (path: string): string => files.find((file) => file.path.endsWith(path))!.content;
  const made = parseAllDocuments(text('provisioning-policies.yaml')).map((one) => one.toJS() as object);
  expect(made.filter((one) => one !== null)).toMatchObject([
    {
      kind: 'Namespace',
      metadata: {
        name: 'default',
        labels: {
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/warn': 'baseline',
        },
      },
    },
    { kind: 'NetworkPolicy', metadata: { name: 'deny-all', namespace: 'default' } },
    { metadata: { name: 'allow-dns', namespace: 'default' } },
    { kind: 'Namespace', metadata: { name: 'shop' } },
    { metadata: { name: 'deny-all', namespace: 'shop' }, spec: { policyTypes: ['Ingress', 'Egress'] } },
    {
      metadata: { name: 'allow-dns', namespace: 'shop' },
      spec: {
        podSelector: {},
        egress: [
          {
            ports: [{ protocol: 'UDP', port: 53 }],
            to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
          },
          { to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
          {},
        ],
      },
    },
    {
      kind: 'ResourceQuota',
      metadata: { namespace: 'shop' },
      spec: { hard: { 'requests.cpu': '4', 'limits.memory': '16Gi', pods: '50' } },
    },
  ]);
  const [, cluster] = parseAllDocuments(text('kubeadm.yaml')).map((one) => one.toJS() as object);
  expect(cluster).toMatchObject({
    apiServer: { extraArgs: { 'encryption-provider-config': '/etc/kubernetes/pki/encryption.yaml' } },
  });
  expect(environment).toContain('K8S_QUOTA_NAMESPACES=shop');
});

test('07 §5.8 a server smaller than resources of kubernetes is refused before anything is done', async () => {
  const { scripts } = await load('kubernetes/kubernetes');
  const attempt = (cpu: string, memory: string) =>
    spawnSync('sh', ['-eu'], {
      input: scripts.get('pre-install'),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], SERVER_HOSTNAME: 'cp-01', NODE_CPU: cpu, NODE_MEMORY: memory },
    });
  expect(attempt('', '')).toMatchObject({ status: 0 });
  expect(attempt('100m', '16Mi')).toMatchObject({ status: 0 });
  expect(attempt('5000', '')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/cp-01 has \d+ CPUs;.*5000/),
  });
  expect(attempt('1', '900Ti')).toMatchObject({ status: 1, stderr: expect.stringContaining('900Ti') });
});
