import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadInfrastructure } from '../infra/load.ts';
import { planDeploy } from '../plan/deploy.ts';
import { planServers } from '../plan/servers.ts';
import { Project } from '../project/project.ts';
import { providerServerIssues } from './server-settings.ts';

let workspacePath: string;
let file: string;

beforeEach(async () => {
  workspacePath = await mkdtemp(join(tmpdir(), 'provisioning-server-settings-'));
  await mkdir(join(workspacePath, 'infra/main'), { recursive: true });
  file = join(workspacePath, 'infra/main/servers.toml');
});
afterEach(() => rm(workspacePath, { recursive: true, force: true }));

async function load(text: string) {
  await writeFile(file, text);
  const definition = await loadInfrastructure({ workspacePath, infra: 'main' });
  const project = new Project({
    workspace: { name: 'demo', path: workspacePath },
    infra: 'main',
    environment: 'dev',
    configuration: { get: () => undefined },
    moduleUrls: [import.meta.url],
    variables: { PATH: process.env['PATH'] },
    cachePath: join(workspacePath, 'cache'),
  });
  return { definition, context: project.context({ idempotencyKey: 'test' }) };
}

test("06 §2 what a server says under its provider's name is held to the provider's schema, with its place", async () => {
  const { definition, context } = await load(`[[servers]]
hostname = "web"
provider = "aws"
count = 3

[servers.aws]
spot = "yes"
subnet_id = "mine"

[[servers]]
hostname = "db-01"
provider = "hetzner"
hetzner = { placement_group = 7, networks = ["inside"] }

[[servers]]
hostname = "db-02"
provider = "hetzner"
hetzner = "fast"
`);
  const issues = await providerServerIssues(context, definition.servers);
  expect(issues).toMatchObject([
    {
      message: expect.stringMatching(/^Server 'web-01': aws\.subnet_id .*found "mine"$/),
      location: { file, line: 8 },
      frame: expect.stringContaining('>  8 | subnet_id = "mine"'),
    },
    { message: 'Server \'web-01\': aws.spot must be boolean, found "yes"', location: { line: 7 } },
    {
      message: "Server 'db-02': hetzner must hold the provider's settings, found \"fast\"",
      location: { line: 18 },
    },
  ]);
});

test('a plan says so before any provider is asked', async () => {
  const { definition, context } = await load(
    '[[servers]]\nhostname = "web-01"\nprovider = "aws"\n[servers.aws]\nspot = 1\n',
  );
  // Without credentials AWS would be asked for them first.
  for (const plan of [planServers, planDeploy]) {
    await expect(plan(context, definition)).rejects.toMatchObject({
      exitCode: 3,
      message: `${file}:5:1: Server 'web-01': aws.spot must be boolean, found 1`,
      location: { file, line: 5 },
    });
  }
});
