import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Project } from '../project/project.ts';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { installedProviders, installProvider, removeProvider, validateProviders } from './install.ts';

let workspacePath: string;
let base: string;
beforeEach(async () => {
  workspacePath = await mkdtemp(join(tmpdir(), 'install-'));
  base = join(workspacePath, 'infra', 'wuji');
  await mkdir(join(workspacePath, 'config'), { recursive: true });
  await mkdir(base, { recursive: true });
  await writeFile(
    join(base, 'settings.toml'),
    '[settings]\nmain_name = "wuji"\n\n[[servers]]\nhostname = "web-01"\nprovider = "upcloud"\nplan = "2xCPU-4GB"\n',
  );
});
afterEach(() => rm(workspacePath, { recursive: true, force: true }));

const catalogue = () =>
  new ExtensionCatalogue({
    workspacePath,
    infra: 'wuji',
    moduleUrls: [pathToFileURL(join(import.meta.dirname, 'x')).href],
  });
const project = () =>
  new Project({
    workspace: { name: 'demo', path: workspacePath },
    infra: 'wuji',
    environment: 'dev',
    configuration: { get: () => undefined },
    moduleUrls: [pathToFileURL(join(import.meta.dirname, 'x')).href],
    variables: {},
    cachePath: join(workspacePath, 'cache'),
  });
const options = () => ({
  open: (name: string) => project().provider(name),
  catalogue: catalogue(),
  target: { base, layer: 'infrastructure', workspacePath, infra: 'wuji', name: 'wuji' } as const,
  name: 'upcloud',
});

test('06.A13 install links and records; removing while used is refused; a broken link is found', async () => {
  expect(await installProvider(options())).toMatchObject({ name: 'upcloud', status: 'loaded' });
  expect((await lstat(join(base, '.providers', 'upcloud'))).isSymbolicLink()).toBe(true);
  expect(await installedProviders(base)).toEqual([
    { name: 'upcloud', version: '0.1.0', mode: 'link', path: '.providers/upcloud' },
  ]);
  expect(await installProvider(options())).toMatchObject({ status: 'already-loaded' });
  expect(await validateProviders(options())).toEqual([]);
  await expect(removeProvider(options())).rejects.toMatchObject({
    code: 'PROVIDER_IN_USE',
    exitCode: 1,
    message: "Provider 'upcloud' is used by: web-01",
  });

  await rm(join(base, '.providers', 'upcloud'));
  await symlink('../nowhere', join(base, '.providers', 'upcloud'));
  expect(await validateProviders(options())).toEqual([
    { provider: 'upcloud', message: '.providers/upcloud does not lead to the provider' },
  ]);

  await removeProvider({ ...options(), force: true });
  expect(await installedProviders(base)).toEqual([]);
  expect(await readFile(join(base, 'providers.manifest.yaml'), 'utf8')).toBe('providers: []\n');
});

test('production refuses links and finds them', async () => {
  await installProvider(options());
  expect(await validateProviders({ ...options(), pinnedOnly: true })).toEqual([
    { provider: 'upcloud', message: "Provider 'upcloud' is linked; production needs a pinned pack" },
  ]);
  await expect(installProvider({ ...options(), pinnedOnly: true })).rejects.toMatchObject({
    code: 'PROVIDER_NOT_PINNED',
  });
});

test('a provider that servers name but nobody has is found', async () => {
  await writeFile(
    join(base, 'settings.toml'),
    '[settings]\nmain_name = "wuji"\n\n[[servers]]\nhostname = "web-01"\nprovider = "moon"\nplan = "small"\n',
  );
  expect(await validateProviders(options())).toEqual([
    { provider: 'moon', message: "Provider 'moon' not found" },
  ]);
});
