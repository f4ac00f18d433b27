import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readManifest } from './manifest.ts';
import { TestFolder } from './testing/extension-folder.ts';

const extensionToml = `[extension]
name = "custom-provider"
version = "1.0.0"
type = "provider"
description = "Custom cloud provider integration"
author = "Organization Name"
license = "MIT"
homepage = "https://github.com/org/custom-provider"
[compatibility]
provisioning_version = ">=3.0.0,<4.0.0"
nushell_version = ">=0.107.0"
kcl_version = ">=0.11.0"
[dependencies]
http_client = ">=1.0.0"
json_parser = ">=2.0.0"
[entry_points]
cli = "nulib/cli.nu"
provider = "nulib/provider.nu"
[configuration]
config_prefix = "custom_provider"
required_env_vars = ["CUSTOM_PROVIDER_API_KEY"]
optional_config = ["custom_provider.region"]
`;
const providesToml = `[extension]
name = "my-custom-provider"
version = "1.0.0"
description = "Custom cloud provider integration"
keywords = ["cloud", "provider"]
categories = ["providers"]
[compatibility]
provisioning_version = ">=1.0.0"
[provides]
providers = ["custom-cloud"]
taskservs = []
clusters = []
[dependencies]
system_packages = ["curl", "jq"]
extensions = ["os"]
[configuration]
required_env = ["CUSTOM_CLOUD_API_KEY"]
optional_env = ["CUSTOM_CLOUD_REGION"]
[build]
include = ["src/**"]
exclude = ["tests/**"]
`;
const shortToml = `[extension]
name = "mongodb"
version = "1.0.0"
core-version = "^3.0"
[dependencies]
provisioning-core = "^3.0"
`;

for (const name of ['extension.toml', 'metadata.toml', 'manifest.toml']) {
  test(`08.A13 ${name} maps to the record of manifest.yaml`, async () => {
    await using folder = await TestFolder.create();
    await folder.write({
      [`a/${name}`]: extensionToml,
      [`b/${name}`]: providesToml,
      [`taskservs/c/${name}`]: shortToml,
    });
    const first = await readManifest(join(folder.path, 'a'));
    expect(first.manifest).toEqual({
      name: 'custom-provider',
      version: '1.0.0',
      type: 'provider',
      description: 'Custom cloud provider integration',
      author: 'Organization Name',
      license: 'MIT',
      homepage: 'https://github.com/org/custom-provider',
      compatibility: { provisioning: '>=3.0.0,<4.0.0' },
      dependencies: { http_client: '>=1.0.0', json_parser: '>=2.0.0' },
      entry_points: { cli: 'nulib/cli.nu', provider: 'nulib/provider.nu' },
      configuration: {
        config_prefix: 'custom_provider',
        required_env_vars: ['CUSTOM_PROVIDER_API_KEY'],
        optional_config: ['custom_provider.region'],
      },
    });
    const second = (await readManifest(join(folder.path, 'b'))).manifest;
    expect(second).toMatchObject({
      type: 'provider',
      tags: ['cloud', 'provider', 'providers'],
      dependencies: { os: '*' },
      system_packages: ['curl', 'jq'],
      configuration: { required_env_vars: ['CUSTOM_CLOUD_API_KEY'], optional_env: ['CUSTOM_CLOUD_REGION'] },
      build: { include: ['src/**'], exclude: ['tests/**'] },
    });
    const third = (await readManifest(join(folder.path, 'taskservs', 'c'))).manifest;
    expect(third).toMatchObject({ type: 'taskserv', compatibility: { provisioning: '^3.0' } });
    expect(await readdir(join(folder.path, 'a'))).toEqual([name]);
  });
}

test('manifest.yaml wins over older names, with a warning', async () => {
  await using folder = await TestFolder.create();
  await folder.extension('x', { name: 'x', type: 'taskserv' });
  await folder.write({ 'x/extension.toml': extensionToml });
  const { manifest, warnings } = await readManifest(join(folder.path, 'x'));
  expect(manifest.name).toBe('x');
  expect(warnings.join()).toContain('extension.toml is ignored');
});

test.each([
  [{ name: 'Bad Name', type: 'taskserv' }, 'manifest.yaml: name: "Bad Name" is no name'],
  [{ name: 'x', type: 'taskserv', version: 'v1' }, 'manifest.yaml: version: "v1" is no version'],
  [{ name: 'x', type: 'taskserv', version: 'latest-stable' }, '"latest-stable" is no version'],
  [{ name: 'x', type: 'workflow' }, 'type: unsupported kind workflow'],
  [{ name: 'x', type: 'taskserv', dependencies: { os: 'new' } }, 'dependencies.os: new is no version range'],
])('a manifest that is wrong says where: %j', async (manifest, message) => {
  await using folder = await TestFolder.create();
  await folder.extension('x', manifest);
  await expect(readManifest(join(folder.path, 'x'))).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
    exitCode: 3,
    message: expect.stringContaining(message),
  });
});

test('a folder without a manifest says so', async () => {
  await using folder = await TestFolder.create();
  await mkdir(join(folder.path, 'empty'));
  await writeFile(join(folder.path, 'empty', 'README.md'), '');
  await expect(readManifest(join(folder.path, 'empty'))).rejects.toMatchObject({ code: 'MANIFEST_MISSING' });
});
