import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { TestFolder } from '../extensions/testing/extension-folder.ts';
import { loadInfrastructure } from '../infra/index.ts';
import { LayerResolver } from '../layers/resolve.ts';
import { applyTemplate } from './apply.ts';
import { readApplied } from './applied.ts';
import { TemplateCatalogue } from './catalogue.ts';
import { checkTemplates } from '../layers/template-check.ts';
import { createTemplate, removeTemplate } from './manage.ts';
import { addMissing } from './merge-file.ts';
import { renderText } from './render.ts';

const corePath = fileURLToPath(new URL('../../../taskservs', import.meta.url));

async function world(servers = 2): Promise<TestFolder> {
  const folder = await TestFolder.create();
  const list = Array.from(
    { length: servers },
    (_value, index) => `[[servers]]\nhostname = "k8s-0${index + 1}"\n`,
  );
  await folder.extension('ws/extensions/taskservs/kubernetes', {
    name: 'kubernetes',
    type: 'taskserv',
    version: '1.30.0',
  });
  await folder.write({
    'ws/.provisioning/metadata.yaml': {},
    'ws/config/provisioning.toml': '',
    'ws/infra/prod/settings.toml': list.join(''),
  });
  return folder;
}

const workspacePath = (folder: TestFolder): string => join(folder.path, 'ws');
const templates = (folder: TestFolder): TemplateCatalogue =>
  new TemplateCatalogue({ workspacePath: workspacePath(folder), corePath });
const infrastructure = (folder: TestFolder): ReturnType<typeof loadInfrastructure> =>
  loadInfrastructure({ workspacePath: workspacePath(folder), infra: 'prod' });
const resolver = (folder: TestFolder): LayerResolver =>
  new LayerResolver({
    workspacePath: workspacePath(folder),
    infra: 'prod',
    templates: templates(folder),
    catalogue: new ExtensionCatalogue({
      workspacePath: workspacePath(folder),
      infra: 'prod',
      moduleUrls: [pathToFileURL(join(folder.path, 'x.js')).href],
    }),
  });
const apply = async (folder: TestFolder, more: object = {}): ReturnType<typeof applyTemplate> =>
  applyTemplate({
    catalogue: templates(folder),
    name: 'production-kubernetes',
    ...more,
    infrastructure: 'infrastructure' in more ? (more.infrastructure as never) : await infrastructure(folder),
  });

test('08.A10 there are 13 templates, 5 of them for providers; a folder of the workspace adds one', async () => {
  await using folder = await world();
  const catalogue = templates(folder);
  const names = (await catalogue.list()).map(({ name }) => name).sort();
  expect(catalogue.broken).toEqual([]);
  expect(names).toEqual([
    'aws-development',
    'aws-production',
    'buildkit-cluster',
    'ci-cd-pipeline',
    'development-kubernetes',
    'local-docker',
    'monitoring-stack',
    'production-kubernetes',
    'production-postgres',
    'production-redis',
    'security-stack',
    'upcloud-development',
    'upcloud-production',
  ]);
  expect(await catalogue.list({ category: 'providers' })).toHaveLength(5);
  expect((await catalogue.list({ category: 'configs' })).map(({ name }) => name)).toEqual([
    'dev',
    'prod',
    'test',
  ]);
  await folder.write({
    'ws/templates/mine/metadata.toml': '[template]\nname = "mine"\ncategory = "taskservs"\n',
    'ws/templates/production/redis.toml': 'maxmemory = "1gb"\n',
  });
  const found = await templates(folder).list();
  expect(found).toHaveLength(14);
  expect(found.find(({ name }) => name === 'production-redis')).toMatchObject({ source: 'workspace' });
  await expect(catalogue.get('production-kubernetis')).rejects.toMatchObject({
    exitCode: 5,
    hint: expect.stringContaining('production-kubernetes'),
  });
});

test('every built-in template contributes what it says, with its variables', async () => {
  await using folder = await world();
  const catalogue = templates(folder);
  for (const template of await catalogue.list()) {
    const chain = await catalogue.chain(template);
    const { templateSources } = await import('./contribution.ts');
    for (const target of template.metadata.template.targets) {
      const [kind, name] = target.split(':') as ['taskserv', string];
      const variables = { domain: 'git.example.com' };
      const sources = await templateSources(catalogue, template, kind, name, variables, {
        importRoots: catalogue.roots.map(({ path }) => path),
      });
      expect([template.name, target, sources.length]).not.toEqual([template.name, target, 0]);
      expect(sources.length).toBeGreaterThanOrEqual(
        chain.filter(({ metadata }) => metadata.template.targets.includes(target)).length,
      );
    }
  }
});

test('08.A11 a template that does not fit writes nothing; one that fits writes files and a record', async () => {
  await using small = await world(1);
  await expect(apply(small)).rejects.toMatchObject({
    exitCode: 1,
    message: 'Infrastructure not compatible: needs 2 servers, found 1',
  });
  expect(await readdir(join(small.path, 'ws/infra/prod'))).toEqual(['settings.toml']);
  await using folder = await world(2);
  const checked = await apply(folder, { check: true });
  expect(checked.files.map(({ path, action }) => `${path} ${action}`)).toEqual([
    'monitoring/prometheus.toml created',
    'policies/network.toml created',
    'policies/security.toml created',
    'taskservs/kubernetes.toml created',
    'taskservs/prometheus.toml created',
  ]);
  expect(await readdir(join(folder.path, 'ws/infra/prod'))).toEqual(['settings.toml']);
  await apply(folder, { variables: { worker_count: '8' } });
  const file = join(folder.path, 'ws/infra/prod/taskservs/kubernetes.toml');
  expect(await readFile(file, 'utf8')).toContain('worker_count = 8');
  const record = await readFile(join(folder.path, 'ws/infra/prod/.manifest/templates.yaml'), 'utf8');
  expect((await readApplied(join(folder.path, 'ws/infra/prod')))[0]).toMatchObject({
    name: 'production-kubernetes',
    version: '1.0.0',
    variables: { worker_count: 8, control_plane_count: 3 },
  });
  await writeFile(file, '# mine\nworker_count = 9\n');
  const again = await apply(folder);
  expect(again).toMatchObject({ alreadyApplied: true, files: [] });
  expect(await readFile(file, 'utf8')).toBe('# mine\nworker_count = 9\n');
  expect(await readFile(join(folder.path, 'ws/infra/prod/.manifest/templates.yaml'), 'utf8')).toBe(record);
  const { config } = await resolver(folder).resolve('taskserv', 'kubernetes');
  expect(config).toMatchObject({
    version: '1.30.0',
    worker_count: 9,
    control_plane_count: 3,
    cluster: { dns_domain: 'cluster.local' },
    security: { encrypt_etcd: true, pod_security: { enforce: 'restricted' } },
  });
});

test('a newer version keeps what the user changed and adds what is new', async () => {
  await using folder = await world();
  await createTemplate({
    catalogue: templates(folder),
    workspacePath: workspacePath(folder),
    name: 'ours',
    from: 'production-kubernetes',
  });
  await apply(folder, { name: 'ours' });
  const file = join(folder.path, 'ws/infra/prod/taskservs/kubernetes.toml');
  await writeFile(file, '# mine\nworker_count = 9 # more\n');
  const metadata = join(folder.path, 'ws/templates/ours/metadata.toml');
  await writeFile(metadata, (await readFile(metadata, 'utf8')).replace('0.1.0', '0.2.0'));
  const { files } = await apply(folder, { name: 'ours' });
  expect(files.find(({ path }) => path === 'taskservs/kubernetes.toml')).toMatchObject({ action: 'updated' });
  expect(await readFile(file, 'utf8')).toBe(
    '# mine\nworker_count = 9 # more\nimports = [ "policies/security", "policies/network" ]\ncontrol_plane_count = 3\n',
  );
  const removed = await removeTemplate(join(folder.path, 'ws/infra/prod'), 'ours');
  expect(removed.kept).toEqual(['taskservs/kubernetes.toml']);
  expect(removed.removed).toHaveLength(4);
  expect(await readdir(join(folder.path, 'ws/infra/prod'))).not.toContain('policies');
});

test('08.A12 validate reports a missing quota', async () => {
  await using folder = await world();
  await apply(folder);
  const good = await checkTemplates(resolver(folder), await infrastructure(folder));
  expect(good).toMatchObject({ valid: true });
  expect(good.compliance.map(({ label }) => label)).toContain('Resource quotas set');
  await folder.write({ 'ws/infra/prod/overrides/kubernetes.toml': 'resource_quotas = "__unset__"\n' });
  const bad = await checkTemplates(resolver(folder), await infrastructure(folder));
  expect(bad.valid).toBe(false);
  expect(bad.compliance.find(({ label }) => label === 'Resource quotas set')).toMatchObject({ ok: false });
});

test('templates that disagree are a conflict until the infrastructure decides', async () => {
  await using folder = await world();
  await apply(folder);
  const { conflicts } = await apply(folder, { name: 'development-kubernetes' });
  expect(conflicts.map(({ key }) => key)).toContain('worker_count');
  const checked = await checkTemplates(resolver(folder), await infrastructure(folder));
  const line = checked.configuration.find(({ label }) => label === 'No conflicting settings');
  expect(line?.ok).toBe(false);
  expect(line?.details?.join()).not.toContain('worker_count:');
});

test('08 §7.2 aws-production brings the network of the infrastructure', async () => {
  await using folder = await world();
  await apply(folder, { name: 'aws-production', force: true });
  const { network } = await infrastructure(folder);
  const subnet = (name: string, open: boolean): object => ({ name, public: open });
  expect(network).toMatchObject({
    vpc: { cidr: '10.0.0.0/16', enable_dns: true },
    subnets: [
      ...[subnet('public-1', true), subnet('public-2', true)],
      ...[subnet('private-1', false), subnet('private-2', false)],
      ...[subnet('database-1', false), subnet('database-2', false)],
    ],
  });
});

test('a required variable is asked for, a wrong one refused', async () => {
  await using folder = await world();
  await folder.write({
    'ws/infra/prod/settings.toml':
      '[[servers]]\nhostname = "a"\nmemory = 8192\n[[servers]]\nhostname = "b"\nmemory = 8192\n',
  });
  const pipeline = { name: 'ci-cd-pipeline' };
  await expect(apply(folder, pipeline)).rejects.toMatchObject({
    exitCode: 2,
    message: 'Missing variable: domain',
  });
  const asked = await apply(folder, {
    ...pipeline,
    ask: () => Promise.resolve('git.example.com'),
    check: true,
  });
  expect(asked.variables).toMatchObject({ domain: 'git.example.com' });
  await expect(apply(folder, { variables: { nope: '1' } })).rejects.toMatchObject({ exitCode: 2 });
  await expect(apply(folder, { variables: { worker_count: 'many' } })).rejects.toThrow('expected integer');
});

test('a template that extends itself is refused', async () => {
  await using folder = await world();
  await folder.write({
    'ws/templates/a/metadata.toml': '[template]\nname = "a"\ncategory = "taskservs"\nextends = "b"\n',
    'ws/templates/b/metadata.toml': '[template]\nname = "b"\ncategory = "taskservs"\nextends = "a"\n',
  });
  const catalogue = templates(folder);
  await expect(catalogue.chain(await catalogue.get('a'))).rejects.toThrow('Circular template inheritance');
});

test('definitions in TypeScript are left; the text is put beside them', async () => {
  await using folder = await world();
  const before = await infrastructure(folder);
  await folder.write({ 'ws/infra/prod/taskservs/kubernetes.ts': 'export default { worker_count: 4 };\n' });
  const { files } = await apply(folder, { infrastructure: before });
  expect(files).toContainEqual(
    expect.objectContaining({ path: 'taskservs/kubernetes.ts.template-new', action: 'proposed' }),
  );
  expect((await resolver(folder).resolve('taskserv', 'kubernetes')).config.worker_count).toBe(4);
  await rm(join(folder.path, 'ws/infra/prod/taskservs/kubernetes.ts'));
});

test.each([
  [
    'a = 1 # one\n\n[b]\n# two\nc = 2\n',
    { a: 9, d: 3, b: { e: 4 }, f: { g: 5 } },
    'a = 1 # one\nd = 3\n\n[b]\n# two\nc = 2\ne = 4\n\n[f]\ng = 5\n',
  ],
  ['b = { c = 1 }\n', { b: { d: 2 } }, 'b = { d = 2, c = 1 }'],
])('adding to TOML keeps what is there: %j', (text, additions, expected) => {
  const result = addMissing(text, 'x.toml', additions);
  if (expected.startsWith('b = {')) expect(result).toContain('d = 2');
  else expect(result).toBe(expected);
});

test('adding to YAML keeps comments', () => {
  const text = '# mine\na: 1 # one\nb:\n  c: 2\n';
  expect(addMissing(text, 'x.yaml', { a: 9, b: { d: 3 } })).toBe('# mine\na: 1 # one\nb:\n  c: 2\n  d: 3\n');
});

test('texts render with helpers, safe variables, and an error that names the line', async () => {
  const text =
    '{{upper name}} {{default none "x"}} {{join list "-"}}\n{{nindent (toYaml map) 2}} {{env.USER}} {{b64enc name}} {{sha256 "a"}}';
  const values = { name: 'web', none: '', list: [1, 2], map: { a: 1 } };
  expect(await renderText(text, 'x.hbs', values, { env: { USER: 'ana', SECRET: 'x' } })).toBe(
    'WEB x 1-2\n\n  a: 1 ana d2Vi ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
  );
  await expect(renderText('a\n{{nope}}', 'x.hbs', {})).rejects.toThrow("x.hbs:2: unknown variable 'nope'");
  await expect(renderText('{{env.SECRET}}', 'x.hbs', {}, { env: { SECRET: 'x' } })).rejects.toThrow(
    'unknown variable',
  );
  await expect(renderText('{{#if a}}', 'x.hbs', {})).rejects.toThrow('x.hbs:1');
});
