import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { processSurroundings } from '../config/surroundings.ts';
import { TestFolder } from '../extensions/testing/extension-folder.ts';
import { chooseZone } from '../operations/server/zone.ts';
import { openProject, type OpenedProject } from '../project/open.ts';

/** A workspace with one server of UpCloud that says neither plan nor zone, and one that the machine itself carries. */
async function open(folder: TestFolder, files: Record<string, string> = {}): Promise<OpenedProject> {
  await folder.write({
    'ws/config/provisioning.toml': '',
    'ws/infra/main/settings.toml': 'provider = "upcloud"\n',
    'ws/infra/main/servers.toml':
      '[[servers]]\nhostname = "plain"\n[[servers]]\nhostname = "sized"\ncores = 8\nmemory = 16384\n',
    ...files,
  });
  return openProject({
    surroundings: { ...processSurroundings(folder.path), env: {}, home: folder.path },
    workspace: { name: 'ws', path: join(folder.path, 'ws') },
    infra: 'main',
    moduleUrls: [import.meta.url],
  });
}

/** As `template apply` records it. */
const applied = (...names: string[]): string =>
  `applied:\n${names.map((name) => `  - { name: ${name}, version: 1.0.0, source: core, applied_at: '2026-01-01T00:00:00Z', variables: {}, files: [] }\n`).join('')}`;

async function settings({ project }: OpenedProject, provider: string): Promise<Record<string, unknown>> {
  return (await project.context({ idempotencyKey: 'x' }).providerSettings?.(provider)) ?? {};
}

test('08 §6.2 a default of the schema gives way to a template, a template to what is written', async () => {
  await using folder = await TestFolder.create();
  await using bare = await open(folder);
  expect(await settings(bare, 'local')).toMatchObject({ network_mode: 'bridge' });

  const organisation = { 'ws/templates/providers/local.toml': 'network_mode = "host"\nruntime = "podman"\n' };
  await using shared = await open(folder, organisation);
  expect(await settings(shared, 'local')).toMatchObject({ network_mode: 'host', runtime: 'podman' });

  // What somebody wrote wins, even when it says what the schema says anyway.
  const written = { 'ws/config/provisioning.toml': '[providers.local]\nnetwork_mode = "bridge"\n' };
  await using own = await open(folder, written);
  expect(await settings(own, 'local')).toMatchObject({ network_mode: 'bridge', runtime: 'podman' });

  await using above = await open(folder, { 'ws/infra/main/overrides/local.toml': 'network_mode = "none"\n' });
  expect(await settings(above, 'local')).toMatchObject({ network_mode: 'none', runtime: 'podman' });
});

test('06 §4.1 default_plan: of the extension, of a template, of the configuration; a size that is written wins', async () => {
  await using folder = await TestFolder.create();
  const planOf = async (project: OpenedProject) =>
    (await project.infrastructure()).servers.map(({ plan }) => plan);
  await using bare = await open(folder);
  expect(await planOf(bare)).toEqual(['2xCPU-4GB', '']);
  await using applying = await open(folder, {
    'ws/infra/main/.manifest/templates.yaml': applied('upcloud-production'),
  });
  expect(await planOf(applying)).toEqual(['4xCPU-8GB', '']);
  await using written = await open(folder, {
    'ws/config/provisioning.toml': '[providers.upcloud]\ndefault_plan = "1xCPU-1GB"\n',
  });
  expect(await planOf(written)).toEqual(['1xCPU-1GB', '']);
});

test('08 §7.2 what the templates of providers say of servers reaches every server', async () => {
  const withTemplate = async (provider: string, name: string) => {
    await using folder = await TestFolder.create();
    await using opened = await open(folder, {
      'ws/infra/main/settings.toml': `provider = "${provider}"\n`,
      'ws/infra/main/.manifest/templates.yaml': applied(name),
    });
    return (await opened.infrastructure()).servers[0];
  };
  expect(await withTemplate('aws', 'aws-development')).toMatchObject({
    plan: 't3.medium',
    aws: { spot: true },
  });
  expect(await withTemplate('upcloud', 'upcloud-production')).toMatchObject({
    network: { private_network: true },
    firewall_rules: [{ direction: 'ingress', port: 22, action: 'allow' }],
    upcloud: { storage_backups: [{ frequency: 'daily', retention_days: 7 }] },
  });
});

test('06 §5.3 zone auto asks the settings in force, templates among them', async () => {
  await using folder = await TestFolder.create();
  await using opened = await open(folder, {
    'ws/templates/providers/upcloud.toml': 'default_zone = "fi-hel1"\n',
  });
  const context = opened.project.context({ idempotencyKey: 'x' });
  const provider = { listZones: () => Promise.resolve([]) } as never;
  const server = { hostname: 'plain', provider: 'upcloud', zone: 'auto' } as never;
  expect(await chooseZone(context, provider, server, undefined)).toBe('fi-hel1');
});
