import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadConfiguration } from '../config/load.ts';
import { processSurroundings } from '../config/surroundings.ts';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { loadInfrastructure } from './load.ts';
import { providerServerDefaults } from './provider-defaults.ts';

let workspacePath: string;
const put = async (file: string, text: string): Promise<void> => {
  const target = path.join(workspacePath, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
};

beforeAll(async () => {
  workspacePath = await mkdtemp(path.join(tmpdir(), 'provisioning-defaults-'));
});
afterAll(() => rm(workspacePath, { recursive: true, force: true }));

test('05 §2.1.5 extension, configuration, defs, server_defaults, entry: the later wins; a written size beats a default plan', async () => {
  await put(
    'extensions/providers/acme/manifest.yaml',
    [
      'name: acme',
      'type: provider',
      'version: 1.0.0',
      'entry_points: { provider: provider.js }',
      'defaults:',
      '  server: { template: acme-linux, user: acme, disk: 15, title: shipped, labels: { from: manifest } }',
      '',
    ].join('\n'),
  );
  await put('extensions/providers/acme/provider.js', 'throw new Error("must not be loaded");\n');
  await put(
    'config/provisioning.toml',
    '[providers.acme]\ndefault_plan = "small"\ndefault_os = "acme-next"\n[providers.acme.defaults]\ndisk_gb = 16\n',
  );
  await put('infra/main/settings.toml', 'provider = "acme"\n[server_defaults]\ntitle = "common"\n');
  await put('infra/main/defs/acme_defaults.toml', 'disk = 17\ntitle = "defs"\n');
  await put(
    'infra/main/servers.toml',
    '[[servers]]\nhostname = "a"\n[[servers]]\nhostname = "b"\ncores = 8\nos = "own"\n[[servers]]\nhostname = "c"\nprovider = "local"\n',
  );
  const surroundings = { ...processSurroundings(workspacePath), env: {}, home: workspacePath };
  const workspace = { name: 'w', path: workspacePath };
  const configuration = await loadConfiguration({ surroundings, workspace });
  const extensions = new ExtensionCatalogue({ workspacePath, moduleUrls: [import.meta.url] });
  const infrastructure = await loadInfrastructure({
    workspacePath,
    infra: 'main',
    configuration,
    serverDefaults: (provider) => providerServerDefaults(provider, { extensions, configuration }),
  });
  const [a, b, c] = infrastructure.servers;
  expect(a).toMatchObject({ os: 'acme-next', user: 'acme', disk: 17, title: 'common', plan: 'small' });
  expect(a).toMatchObject({ labels: { from: 'manifest' } });
  expect(b).toMatchObject({ os: 'own', cores: 8 });
  expect(b).not.toHaveProperty('plan', 'small');
  expect(c).toMatchObject({ os: 'debian-12' });
});
