import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetchManifest, type Index, openLayout } from '@provisioning/distribution';
import { type Ended, runProgram } from '../testing/process.ts';
import { ReleaseFolder } from '../testing/releases.ts';

const root = join(import.meta.dirname, '../../../..');

describe('images', () => {
  let folder: string;
  let releases: ReleaseFolder;
  const image = `localhost/provisioning-image-test-${process.pid}:9.9.9`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-images-test-'));
    releases = await ReleaseFolder.make(['core', 'platform']);
  }, 600_000);
  afterAll(async () => {
    await runProgram('podman', ['rmi', '--force', image]);
    releases?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const podman = (...words: string[]): Promise<Ended> =>
    runProgram('podman', [
      ...[
        '--runtime',
        'runc',
        'run',
        '--rm',
        '--network',
        'none',
        '--read-only',
        '--tmpfs',
        '/data:mode=1777',
      ],
      ...['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096', image, ...words],
    ]);

  test('11.A17 images for two architectures, one index over them', async () => {
    const words = ['package-containers', '--version', '9.9.9', '--dist-dir', join(releases.folder, 'built')];
    const built = await runProgram(
      process.execPath,
      [join(root, 'tools/build/run.ts'), ...words, '--output-dir', join(folder, 'images')],
      { environment: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' } },
    );
    expect(built).toMatchObject({ code: 0 });
    expect(built.stdout.trim().split('\n')).toEqual([
      'provisioning:9.9.9',
      'provisioning-platform/extension-registry:v9.9.9',
      'provisioning-platform/orchestrator:v9.9.9',
    ]);
    const layout = await openLayout(join(folder, 'images'));
    const repository = layout.repository('provisioning');
    const index = (await fetchManifest(repository, await repository.resolve('9.9.9'))) as Index;
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
    ]);
    expect((await repository.resolve('latest')).digest).toBe((await repository.resolve('9.9.9')).digest);
    // The programs of the second one are of that architecture.
    const arm = join(root, 'node_modules/.cache/provisioning/images/apt/arm64/root/bin/busybox');
    expect(readFileSync(arm).readUInt16LE(18)).toBe(0xb7);
  }, 600_000);

  test('11.A17 the image runs without rights, with a read-only root', async () => {
    const copied = await runProgram('skopeo', [
      'copy',
      '--quiet',
      `oci:${join(folder, 'images')}:provisioning:9.9.9`,
      `containers-storage:${image}`,
    ]);
    expect(copied).toMatchObject({ code: 0 });
    expect(await podman('provisioning', '--version')).toMatchObject({ code: 0, stdout: '9.9.9\n' });
    expect(await podman('id', '-u')).toMatchObject({ code: 0, stdout: '10001\n' });
    const made = await podman(
      'sh',
      '-c',
      'provisioning workspace init demo /data/demo --template demo --yes && ls /data/demo',
    );
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('infra') });
  }, 180_000);
});
