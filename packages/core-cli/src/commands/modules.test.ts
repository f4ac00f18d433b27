import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Outcome, run } from '../../test/run.ts';

let folder: string;

const cli = (line: string, more: { cwd?: string } = {}): Promise<Outcome> =>
  run(line.split(' '), {
    environment: { HOME: folder, PATH: process.env['PATH']!, USER: 'ana' },
    cwd: more.cwd ?? join(folder, 'ws/infra/prod'),
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-modules-'));
  const made = await cli(`workspace init ${folder}/ws --infra-name prod`, { cwd: folder });
  expect(made.stderr).not.toContain('error');
  expect(made.code).toBe(0);
  await rm(join(folder, 'ws/infra/prod/servers.toml'), { force: true });
  await writeFile(
    join(folder, 'ws/infra/prod/settings.toml'),
    '[[servers]]\nhostname = "db-01"\nprovider = "local"\ntaskservs = ["postgres"]\n[[servers]]\nhostname = "db-02"\nprovider = "local"\n',
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('08.A1 module load, list, validate and unload on the command line', async () => {
  // A new infrastructure has `os` (03 §4.2); without it a module brings it along.
  expect((await cli('module list taskserv --out json')).stdout).toContain('"os"');
  expect((await cli('module unload taskserv . os')).stdout).toContain('Unloaded os');
  const loaded = await cli('module load taskserv . redis');
  expect(loaded).toMatchObject({ code: 0, stderr: '' });
  expect(loaded.stdout).toMatch(/ok: Loaded redis \S+ \(core\) → \.taskservs\/redis\n/);
  expect(loaded.stdout).toContain('+ os (required by redis)');
  expect((await cli('module load taskserv . redis')).stdout).toContain('info: already loaded: redis');
  const listed = await cli('module list taskserv --out json');
  expect(JSON.parse(listed.stdout)).toMatchObject([
    { name: 'os', status: 'ok', requested: false },
    { name: 'redis', status: 'ok', requested: true },
  ]);
  expect((await cli('module validate .')).code).toBe(0);
  expect((await cli('module unload taskserv . redis')).stdout).toContain('Unloaded redis');
  expect(await readdir(join(folder, 'ws/infra/prod/.taskservs'))).toEqual([]);
});

test('08.A2 an unknown module is exit 5 and loads nothing', async () => {
  const { code, stderr } = await cli('module load taskserv . redis nope');
  expect(code).toBe(5);
  expect(stderr).toContain('module not found: nope');
  expect(stderr).toContain("Run 'provisioning module discover taskserv'");
  expect((await cli('module list nonsense')).code).toBe(2);
});

test('discover, dt and extension list tell the same extensions', async () => {
  const names = JSON.parse((await cli('module discover taskserv --out json')).stdout) as string[];
  expect(names).toContain('postgres');
  expect(JSON.parse((await cli('dt --out json')).stdout)).toEqual(names);
  const records = JSON.parse((await cli('discover taskservs sql --out json')).stdout) as object[];
  expect(records).toContainEqual(
    expect.objectContaining({ name: 'postgres', layer: 'core', has_schema: true }),
  );
  expect((await cli('extension list --type provider')).stdout).toContain('local');
  expect((await cli('extension info postgresql')).stdout).toContain('postgres');
  expect((await cli('extension info nope')).code).toBe(5);
});

test('08.A6 layer test names the origin of each value, layer explain the chain of one', async () => {
  await mkdir(join(folder, 'ws/infra/prod/taskservs'), { recursive: true });
  await writeFile(join(folder, 'ws/infra/prod/taskservs/postgres.toml'), 'max_connections = 500\n');
  const { stdout, code } = await cli('layer test postgres');
  expect(code).toBe(0);
  expect(stdout).toContain('Layer Resolution Test: postgres → prod');
  expect(stdout).toContain('• max_connections = 500 (overrides)');
  expect(stdout).toContain('max_connections: 500 (from Infrastructure)');
  expect(stdout).toContain('⊘ Not found');
  expect(stdout).toContain('port: 5432 (from Core)');
  const chain = await cli('layer explain postgres.max_connections');
  expect(chain.stdout).toContain('500 (from Infrastructure) infra/prod/taskservs/postgres.toml:1');
  expect((await cli('layer explain postgres.nope')).code).toBe(5);
  expect((await cli('layer test nope')).stderr).toContain("Module 'nope' not found");
  const both = await cli('layer test postgres prod upcloud --out json');
  expect(JSON.parse(both.stdout)).toMatchObject([
    { kind: 'taskserv', name: 'postgres' },
    { kind: 'provider', name: 'upcloud', config: { defaults: { server: { plan: expect.any(String) } } } },
  ]);
  expect((await cli('layer test postgres prod nope')).code).toBe(5);
  expect((await cli('layer show')).stdout).toContain('infra/prod/taskservs/postgres.toml (overrides)');
  expect((await cli('layer explain')).stdout).toContain('INFRASTRUCTURE LAYER (300)');
  expect((await cli('layer stats')).stdout).toContain('• Projects: 1');
});

test('08.A10 08.A11 templates on the command line', async () => {
  const listed = await cli('template list');
  expect(listed.stdout).toContain('• production-kubernetes - Production-ready Kubernetes setup');
  expect(listed.stdout).toContain('Total: 13 templates');
  expect(JSON.parse((await cli('template list --type providers --out json')).stdout)).toHaveLength(5);
  expect((await cli('tpl show production-kubernetes')).stdout).toContain('Minimum 2 servers');
  expect((await cli('template show nope')).code).toBe(5);
  const checked = await cli('template apply production-postgres prod --check');
  expect(checked.stdout).toContain('Check mode: No changes will be made');
  const applied = await cli('template apply production-postgres prod --set replicas=1');
  expect(applied).toMatchObject({ code: 0 });
  expect(applied.stdout).toContain('Template applied successfully!');
  expect((await cli('template apply production-postgres prod')).stdout).toContain('already applied');
  expect((await cli('layer test postgres')).stdout).toContain('replication.replicas: 1 (from Workspace)');
  expect((await cli('template validate prod')).stdout).toContain('Status: ok: Valid');
  const unfit = await cli('template apply production-redis prod');
  expect(unfit.code).toBe(1);
  expect(unfit.stderr).toContain('Infrastructure not compatible: needs 3 servers, found 2');
  expect((await cli('template create mine --from production-redis')).code).toBe(0);
  expect((await cli('template refresh')).stdout).toContain('14 templates');
  expect((await cli('template remove production-postgres prod')).code).toBe(0);
  expect(await readFile(join(folder, 'ws/infra/prod/.manifest/templates.yaml'), 'utf8')).toContain(
    'applied: []',
  );
});
