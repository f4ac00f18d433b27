import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Outcome, run } from '../../../test/run.ts';

const home = mkdtempSync(join(tmpdir(), 'provisioning-oci-'));
const environment = {
  HOME: home,
  PATH: '',
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  NO_COLOR: '1',
};
const line = (text: string): Promise<Outcome> =>
  run(text.replaceAll('@/', `${home}/`).split(/ +/), { cwd: home, environment });
/** Where each artifact went. */
const places = async (text: string): Promise<readonly string[]> => {
  const { code, stdout, stderr } = await line(`${text} --out json`);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return (JSON.parse(stdout) as { to: string }[]).map(({ to }) =>
    to.replace(/^layout:.*\/(?=provisioning)/, ''),
  );
};

beforeAll(async () => {
  expect(await line('workspace init shop --activate')).toMatchObject({ code: 0 });
  mkdirSync(join(home, 'redis'));
  writeFileSync(join(home, 'redis/README.md'), '# redis\n');
  writeFileSync(
    join(home, 'redis/manifest.yaml'),
    'name: redis\ntype: taskserv\nversion: 1.0.0\ndescription: d\nauthor: a\nlicense: MIT\n',
  );
  expect(await line('oci push @/redis --registry layout:@/registry')).toMatchObject({ code: 0 });
  expect(
    await line('oci copy redis:1.0.0 layout:@/images/vault:v1.0.0 --registry layout:@/registry'),
  ).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('the images that a workspace names go along into a bundle and a mirror', async () => {
  expect(await line('oci export images.tar --platform-images')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('dependencies.platform.images names no images'),
  });
  const { stdout } = await line('workspace info shop --out json');
  const { path } = JSON.parse(stdout) as { readonly path: string };
  appendFileSync(
    join(path, 'config/provisioning.toml'),
    `\n[dependencies.platform.images]\nvault = "layout:${home}/images/vault:v1.0.0"\n`,
  );
  expect(await places('oci export images.tar --platform-images')).toEqual([
    'provisioning-platform/vault:v1.0.0',
  ]);
  expect(await places('oci import images.tar --to layout:@/carried')).toEqual([
    'provisioning-platform/vault:v1.0.0',
  ]);
  expect(
    (await places('oci mirror layout:@/mirror --platform-images --registry layout:@/registry')).toSorted(),
  ).toEqual(['provisioning-extensions/redis:1.0.0', 'provisioning-platform/vault:v1.0.0']);
});

test('a mirror of what the lock names needs a lock, and copies nothing without one', async () => {
  expect(await line('oci mirror layout:@/nothing --lock --registry layout:@/registry')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('There is no lock to mirror'),
  });
  expect(existsSync(join(home, 'nothing'))).toBe(false);
});

test('oci config sets a key below oci, shows the result, and changes nothing in check mode', async () => {
  const tool = async (words: string): Promise<string> =>
    (JSON.parse((await line(`oci config ${words} --out json`)).stdout) as { tool: string }).tool;
  expect(await tool('--set tool=skopeo --check')).toBe('builtin');
  expect(await tool('--set tool=skopeo')).toBe('skopeo');
  expect(await tool('')).toBe('skopeo');
  expect(await line('oci config --set tool=git')).toMatchObject({ code: 3 });
  expect(await line('oci config --set tool')).toMatchObject({ code: 2 });
  expect(await tool('--set tool=builtin')).toBe('builtin');
});

test('an extension is built into the folder that is named', async () => {
  expect(await line('extension build ./redis --output built')).toMatchObject({ code: 0 });
  expect(existsSync(join(home, 'built/redis-1.0.0.tar.gz'))).toBe(true);
  expect(existsSync(join(home, 'redis/dist'))).toBe(false);
});
