import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeData } from '../config/merge.ts';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { TestFolder } from '../extensions/testing/extension-folder.ts';
import { TemplateCatalogue } from '../templates/catalogue.ts';
import type { LayerPlaces } from './collect.ts';
import { loadInfrastructure } from '../infra/index.ts';
import { layerStatistics } from './counts.ts';
import { layersAround, withLayers } from './definition.ts';
import { explainKey } from './explain.ts';
import { layerOverview } from './overview.ts';
import { mergeSources } from '../sources/provenance.ts';
import { LayerResolver } from './resolve.ts';
import type { LayerSource } from '../sources/source.ts';

const core = 'product/node_modules/@provisioning/taskservs';

/** The merges of S:56999-57054. */
async function world(): Promise<TestFolder> {
  const folder = await TestFolder.create();
  await folder.extension(`${core}/databases/postgres`, {
    name: 'postgres',
    type: 'taskserv',
    version: '15.5.0',
  });
  await folder.write({
    [`${core}/package.json`]: '{}',
    [`${core}/databases/postgres/schema/config.json`]: JSON.stringify(
      {
        type: 'object',
        properties: {
          version: { type: 'string', default: '15.5' },
          port: { type: 'integer', default: 5432 },
          max_connections: { type: 'integer', default: 100 },
          allowed: { type: 'array', default: ['10.0.0.0/8'] },
          replication: { type: 'object', properties: { sync_mode: { enum: ['async', 'sync'] } } },
        },
      },
      null,
      2,
    ),
    'ws/.provisioning/metadata.yaml': {},
    'ws/config/provisioning.toml': '',
    'ws/templates/production-postgres/metadata.toml':
      '[template]\nname = "production-postgres"\nversion = "1.0.0"\ncategory = "taskservs"\ntargets = ["taskserv:postgres"]\n',
    'ws/templates/production-postgres/config.toml':
      'imports = ["shared/limits"]\n[postgres_config.replication]\nenabled = true\nreplicas = 2\nsync_mode = "async"\n',
    'ws/templates/shared/limits.toml': 'statement_timeout = "30s"\n',
    'ws/infra/prod/settings.toml': '[[servers]]\nhostname = "db-01"\ntaskservs = ["postgres"]\n',
    'ws/infra/prod/taskservs/postgres.toml':
      'max_connections = 500\ncustom_extensions = ["pgvector", "timescaledb"]\n[replication]\nsync_mode = "sync"\n',
    'ws/infra/prod/.manifest/templates.yaml': {
      applied: [{ name: 'production-postgres', version: '1.0.0', variables: {}, files: [] }],
    },
  });
  return folder;
}

function places(folder: TestFolder, more: Partial<LayerPlaces> = {}): LayerPlaces {
  const workspacePath = join(folder.path, 'ws');
  return {
    catalogue: new ExtensionCatalogue({
      workspacePath,
      infra: 'prod',
      moduleUrls: [pathToFileURL(join(folder.path, 'product/dist/main.js')).href],
    }),
    templates: new TemplateCatalogue({ workspacePath, corePath: join(folder.path, core) }),
    workspacePath,
    infra: 'prod',
    ...more,
  };
}

const resolver = (folder: TestFolder, more: Partial<LayerPlaces> = {}): LayerResolver =>
  new LayerResolver(places(folder, more));

test('08.A6 the layers merge, and every value knows its origin', async () => {
  await using folder = await world();
  const { config, provenance, sources } = await resolver(folder).resolve('taskserv', 'postgres');
  expect(config).toEqual({
    version: '15.5',
    port: 5432,
    max_connections: 500,
    allowed: ['10.0.0.0/8'],
    replication: { enabled: true, replicas: 2, sync_mode: 'sync' },
    custom_extensions: ['pgvector', 'timescaledb'],
    statement_timeout: '30s',
  });
  const origin = Object.fromEntries(
    provenance.map(({ path, layer, action }) => [path, `${layer} ${action}`]),
  );
  expect(origin).toEqual({
    version: 'core base',
    port: 'core base',
    allowed: 'core base',
    max_connections: 'infrastructure overrides',
    'replication.enabled': 'workspace inherited',
    'replication.replicas': 'workspace inherited',
    'replication.sync_mode': 'infrastructure overrides',
    custom_extensions: 'infrastructure added',
    statement_timeout: 'workspace inherited',
  });
  expect(provenance.find(({ path }) => path === 'max_connections')).toMatchObject({
    line: 1,
    shadowed: [{ layer: 'core', value: 100 }],
  });
  expect(sources.map(({ layer }) => layer)).toEqual(['core', 'workspace', 'workspace', 'infrastructure']);
  expect(await explainKey(resolver(folder), 'postgres.max_connections')).toMatchObject([
    {
      chain: [
        { value: 500, wins: true },
        { value: 100, wins: false },
      ],
    },
  ]);
  await expect(explainKey(resolver(folder), 'postgres.max_conections')).rejects.toMatchObject({
    exitCode: 5,
    message: 'Key not found: postgres.max_conections',
    hint: 'Did you mean postgres.max_connections?',
  });
});

test('08.A7 a list in a higher layer replaces the whole list; a mark removes a key', async () => {
  await using folder = await world();
  await folder.write({
    'ws/infra/prod/overrides/postgres.yaml': { allowed: ['192.168.0.0/16'], statement_timeout: null },
    'ws/infra/prod/taskservs/postgres.toml': 'port = "__unset__"\n',
  });
  const { config } = await resolver(folder).resolve('taskserv', 'postgres');
  expect(config).toMatchObject({ allowed: ['192.168.0.0/16'] });
  expect(config).not.toHaveProperty('port');
  expect(config).not.toHaveProperty('statement_timeout');
});

test('08.A8 a wrong type names the file and line that won, and layer show marks the file', async () => {
  await using folder = await world();
  await folder.write({ 'ws/infra/prod/taskservs/postgres.toml': '# sizes\n\nmax_connections = "many"\n' });
  await expect(resolver(folder).resolve('taskserv', 'postgres')).rejects.toMatchObject({
    exitCode: 3,
    message: 'postgres.max_connections: expected int, got string (infra/prod/taskservs/postgres.toml:3)',
  });
  const overview = await layerOverview(resolver(folder));
  expect(overview.failures).toMatchObject([
    {
      file: join(folder.path, 'ws/infra/prod/taskservs/postgres.toml'),
      reason: expect.stringContaining('got string'),
    },
  ]);
});

test('08.A9 an edited import is seen at once; a second resolution is a hit', async () => {
  await using folder = await world();
  const first = resolver(folder);
  expect((await first.resolve('taskserv', 'postgres')).cached).toBe(false);
  expect((await first.resolve('taskserv', 'postgres')).cached).toBe(true);
  await first.flush();
  const second = resolver(folder);
  expect((await second.resolve('taskserv', 'postgres')).cached).toBe(true);
  await folder.write({ 'ws/templates/shared/limits.toml': 'statement_timeout = "60s"\n' });
  const changed = await second.resolve('taskserv', 'postgres');
  expect(changed).toMatchObject({ cached: false, config: { statement_timeout: '60s' } });
  await folder.write({ 'ws/infra/prod/overrides/postgres.toml': 'port = 6000\n' });
  expect((await second.resolve('taskserv', 'postgres')).config.port).toBe(6000);
  await folder.write({ 'ws/templates/taskservs/databases/postgres.toml': 'ssl = true\n' });
  expect((await second.resolve('taskserv', 'postgres')).config.ssl).toBe(true);
  await rm(join(folder.path, 'ws/infra/prod/overrides/postgres.toml'));
  expect((await second.resolve('taskserv', 'postgres')).config.port).toBe(5432);
  await second.flush();
  const { performance } = await layerStatistics(resolver(folder));
  expect(performance).toMatchObject({ resolutions: 7, hit_rate: 2 / 7 });
});

test('a definition is deployed with what templates and overrides say', async () => {
  await using folder = await world();
  await folder.write({ 'ws/infra/prod/overrides/postgres.toml': 'max_connections = 700\n' });
  const load = await loadInfrastructure({ workspacePath: join(folder.path, 'ws'), infra: 'prod' });
  const { taskservs } = await withLayers(load, places(folder));
  expect(taskservs['postgres']).toEqual({
    statement_timeout: '30s',
    replication: { enabled: true, replicas: 2, sync_mode: 'sync' },
    max_connections: 700,
    custom_extensions: ['pgvector', 'timescaledb'],
  });
});

test('08 §6.2 a definition is deployed with what its own files import, from its folder and the shared ones', async () => {
  await using folder = await world();
  await folder.write({
    'ws/infra/prod/taskservs/redis.toml': 'imports = ["policies/memory"]\nport = 6380\n',
    'ws/infra/prod/policies/memory.toml': 'maxmemory = "2gb"\nport = 1\n',
  });
  const load = await loadInfrastructure({ workspacePath: join(folder.path, 'ws'), infra: 'prod' });
  const { taskservs } = await withLayers(load, places(folder));
  expect(taskservs['redis']).toEqual({ maxmemory: '2gb', port: 6380 });
});

test('flags are above everything, template roots of the workspace below its templates', async () => {
  await using folder = await world();
  await folder.write({ 'extra/postgres.toml': 'sync = 1\n[replication]\nreplicas = 7\nslots = 3\n' });
  const own = { templatePaths: [{ path: join(folder.path, 'extra'), priority: 150 }] };
  const { config } = await resolver(folder, own).resolve('taskserv', 'postgres', {
    values: { version: '16.1' },
  });
  expect(config).toMatchObject({ version: '16.1', sync: 1, replication: { replicas: 2, slots: 3 } });
});

test('layer show sums up what each file does', async () => {
  await using folder = await world();
  const { layers, failures } = await layerOverview(resolver(folder));
  expect(failures).toEqual([]);
  expect(layers[0]?.files).toEqual([
    { file: join(folder.path, 'ws/infra/prod/taskservs/postgres.toml'), mark: 'overrides' },
  ]);
  expect(layers[1]?.files).toContainEqual({
    file: join(folder.path, 'ws/templates/production-postgres/config.toml'),
    mark: 'used',
    template: 'production-postgres',
  });
});

test('imports in a circle, missing imports and paths outside are refused', async () => {
  await using folder = await world();
  const importing = (names: string): Promise<void> =>
    folder.write({ 'ws/infra/prod/taskservs/postgres.toml': `imports = [${names}]\n` });
  await folder.write({ 'ws/templates/shared/loop.toml': 'imports = ["shared/loop"]\n' });
  await importing('"shared/loop"');
  await expect(resolver(folder).resolve('taskserv', 'postgres')).rejects.toThrow('Circular imports');
  await importing('"shared/none"');
  await expect(resolver(folder).resolve('taskserv', 'postgres')).rejects.toThrow(
    "'shared/none' is not there",
  );
  await importing('"../../../etc/passwd"');
  await expect(resolver(folder).resolve('taskserv', 'postgres')).rejects.toThrow(
    'Path outside allowed directories',
  );
});

test('the merge with provenance gives what the plain merge gives', () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.array(fc.integer()));
  const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
  const { record } = fc.letrec((tie) => ({
    record: fc.dictionary(key, fc.oneof({ depthSize: 'small' }, leaf, tie('record')), { maxKeys: 4 }),
  }));
  const source = (value: unknown, index: number): LayerSource => ({
    layer: 'core',
    priority: index,
    file: `${index}`,
    value: value as Record<string, unknown>,
    locate: () => ({ file: `${index}` }),
  });
  const prune = (value: unknown): unknown =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .map(([name, inner]) => [name, prune(inner)] as const)
            .filter(([, inner]) => JSON.stringify(inner) !== '{}'),
        );
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), (values) => {
      const plain = values.reduce<Record<string, unknown>>(
        (lower, higher) => mergeData(lower, higher as Record<string, unknown>),
        {},
      );
      const { config, provenance } = mergeSources(values.map(source));
      expect(prune(config)).toEqual(prune(plain));
      expect(new Set(provenance.map(({ path }) => path)).size).toBe(provenance.length);
    }),
    { numRuns: 500 },
  );
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('what the organisation and the infrastructure say of a provider stands around its configuration', async () => {
  await using folder = await world();
  await folder.write({
    'ws/templates/providers/local.toml': 'network_mode = "host"\nruntime = "crun"\n',
    'ws/infra/prod/overrides/local.toml': 'runtime = "runc"\n',
  });
  expect(await layersAround(places(folder), 'provider', 'local')).toEqual({
    below: { network_mode: 'host', runtime: 'crun' },
    above: { runtime: 'runc' },
  });
});
