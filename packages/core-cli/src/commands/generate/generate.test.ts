import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
const text = (file: string) => readFile(join(folder, 'ws/infra', file), 'utf8');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-cli-generate-'));
  await mkdir(join(folder, 'ws'));
  expect((await cli(`workspace init ${folder}/ws --infra-name production`)).code).toBe(0);
  await rm(join(folder, 'ws/infra/production/servers.toml'), { force: true });
  await writeFile(
    join(folder, 'ws/infra/production/servers.toml'),
    '[[servers]]\nhostname = "edge-01"\nprovider = "local"\n[[servers]]\nhostname = "web"\nprovider = "local"\ncount = 2\nlabels = "role: edge-01-peer"\n',
  );
  await mkdir(join(folder, 'ws/infra/production/data'), { recursive: true });
  await writeFile(join(folder, 'ws/infra/production/data/state.json'), '{}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('08 §8 generate infra writes a valid definition, once', async () => {
  const made = await cli('generate infra --new staging --provider local');
  expect(made).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Created infrastructure 'staging'"),
  });
  expect(await readdir(join(folder, 'ws/infra/staging'))).toEqual(
    expect.arrayContaining([
      '.gitignore',
      'README.md',
      'config.toml',
      'servers.toml',
      'settings.toml',
      'taskservs',
    ]),
  );
  expect((await cli('infra validate staging')).code).toBe(0);
  expect(await cli('generate infra staging')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Infrastructure 'staging' already exists"),
  });
  expect((await cli('generate infra Bad_Name!')).code).toBe(2);
  expect((await readdir(join(folder, 'ws/infra'))).filter((name) => name.startsWith('.new'))).toEqual([]);
});

test('05 §8.3 --from copies a definition with other hostnames and without its state', async () => {
  expect((await cli('generate infra --from production --name production-green')).code).toBe(0);
  const servers = await text('production-green/servers.toml');
  expect(servers).toContain('hostname = "edge-01-green"');
  expect(servers).toContain('hostname = "web-green"');
  expect(servers).toContain('role: edge-01-peer');
  expect(await text('production/servers.toml')).toContain('hostname = "edge-01"\n');
  expect(await readdir(join(folder, 'ws/infra/production-green/data'))).toEqual([]);
});

test('08 §8 generate server and cluster add to the definition; new leads to the maker of a kind', async () => {
  expect((await cli('generate server job-01 --plan small --infra staging --check')).stdout).toContain(
    'Would define',
  );
  expect(await text('staging/servers.toml')).not.toContain('job-01');
  expect((await cli('generate server job-01 --plan small --infra staging')).code).toBe(0);
  expect(await text('staging/servers.toml')).toContain('job-01');
  expect((await cli('generate cluster monitoring --infra staging')).code).toBe(0);
  expect(await text('staging/clusters/monitoring.yaml')).toContain('name: node-exporter');
  expect((await cli('generate new infra lab')).code).toBe(0);
  expect(await cli('generate new workflow release --infra production')).toMatchObject({ code: 0 });
  const workflow = join(folder, 'ws/workflows/release.toml');
  const written = await readFile(workflow, 'utf8');
  expect(written).toContain('servers = ["edge-01","web-01","web-02"]');
  expect((await cli(`workflow validate ${workflow} --strict`)).code).toBe(0);
  expect(await cli('generate workflow release --infra lab')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`Workflow already exists: ${workflow}`),
  });
  expect((await cli('generate workflow release --infra lab --force')).code).toBe(0);
  expect(await readFile(workflow, 'utf8')).not.toBe(written);
  expect((await cli(`workflow validate ${workflow} --strict`)).code).toBe(0);
  expect((await cli('generate workflow ../release')).code).toBe(2);
  expect(await cli('generate new nonsense x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Unknown type: nonsense'),
  });
});

test('08 §6.3 show config prints a module as its layers merge it', async () => {
  await writeFile(join(folder, 'ws/infra/staging/taskservs/postgres.toml'), 'max_connections = 77\n');
  const { stdout, code } = await cli('show config postgres --infra staging --out json');
  expect([code, (JSON.parse(stdout) as { max_connections: number }).max_connections]).toEqual([0, 77]);
  expect((await cli('show config postgres --infra staging --provenance')).stdout).toMatch(
    /max_connections = 77 \(Infrastructure, infra\/staging\/taskservs\/postgres\.toml:1\)/,
  );
  expect((await cli('show config nope --infra staging')).code).toBe(5);
  expect((await cli('show config')).code).toBe(0);
});
