import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetchBytes, fetchManifest, type Index, type Manifest, openLayout } from '@provisioning/distribution';
import { freePort } from '../../../testing/free-port.ts';
import { cleanUp } from '../../../testing/clean-up.ts';
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
  afterAll(
    () =>
      cleanUp(
        () => runProgram('podman', ['rmi', '--force', image]),
        () => releases?.remove(),
        () => rmSync(folder, { recursive: true, force: true }),
      ),
    60_000,
  );

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

  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096'];

  /** Runs the image of a service without rights and with a read-only root. */
  async function whileServing(
    service: string,
    options: readonly string[],
    work: (container: string) => Promise<void>,
  ): Promise<void> {
    const container = `provisioning-image-test-${process.pid}-${service}`;
    const own = `localhost/${container}:9.9.9`;
    const from = `oci:${join(folder, 'images')}:provisioning-platform/${service}:v9.9.9`;
    const copied = await runProgram('skopeo', ['copy', '--quiet', from, `containers-storage:${own}`]);
    expect(copied).toMatchObject({ code: 0 });
    const rights = ['--read-only', '--tmpfs', '/data:mode=1777', '--cap-drop', 'all'];
    const words = ['run', '--detach', '--name', container, ...limits, ...rights, ...options, own];
    try {
      expect(await runProgram('podman', ['--runtime', 'runc', ...words])).toMatchObject({ code: 0 });
      await work(container);
      // SIGTERM ends it in order: killed, it would answer 137.
      await runProgram('podman', ['--runtime', 'runc', 'stop', '--time', '60', container]);
      const ended = await runProgram('podman', ['inspect', '--format', '{{.State.ExitCode}}', container]);
      expect(ended.stdout.trim()).toBe('0');
    } catch (error) {
      const { stdout, stderr } = await runProgram('podman', ['logs', '--tail', '40', container]);
      throw new Error(`${String(error)}\n${stdout}${stderr}`, { cause: error });
    } finally {
      await runProgram('podman', ['--runtime', 'runc', 'rm', '--force', '--time', '0', container]);
      await runProgram('podman', ['rmi', '--force', own]);
    }
  }

  const inside = (container: string, ...words: readonly string[]): Promise<Ended> =>
    runProgram('podman', ['--runtime', 'runc', 'exec', container, ...words]);

  /** The command with which the image says that its service is asked for health. */
  async function healthcheck(service: string): Promise<readonly string[]> {
    const layout = await openLayout(join(folder, 'images'));
    const repository = layout.repository(`provisioning-platform/${service}`);
    const index = (await fetchManifest(repository, await repository.resolve('v9.9.9'))) as Index;
    const manifest = (await fetchManifest(repository, index.manifests[0]!)) as Manifest;
    const { config } = JSON.parse((await fetchBytes(repository, manifest.config)).toString()) as {
      readonly config: { readonly Healthcheck: { readonly Test: readonly string[] } };
    };
    const [kind, ...words] = config.Healthcheck.Test;
    expect(kind).toBe('CMD');
    return words;
  }

  /** Asks as a container engine would until the service is healthy. */
  async function untilHealthy(service: string, container: string): Promise<void> {
    const words = await healthcheck(service);
    const end = Date.now() + 120_000;
    for (;;) {
      const { code, stderr } = await inside(container, ...words);
      if (code === 0) return;
      if (Date.now() > end) throw new Error(`${service} is not healthy: ${stderr}`);
      await delay(200);
    }
  }

  test('11.A17 the orchestrator in its image becomes healthy, without rights, and ends in order', async () => {
    await whileServing('orchestrator', ['--network', 'none'], async (container) => {
      await untilHealthy('orchestrator', container);
      expect((await inside(container, 'id', '-u')).stdout.trim()).toBe('10001');
    });
  }, 300_000);

  test('11.A17 the extension registry in its image becomes healthy with a registry, and is not without', async () => {
    const peer = `provisioning-image-test-${process.pid}-peer`;
    const serve = 'provisioning oci-registry start --type embedded --port 5000 && busybox sleep 600';
    const words = ['run', '--detach', '--name', peer, '--network', 'none', ...limits];
    const file = join(folder, 'registry.toml');
    writeFileSync(file, '[[distributions.oci]]\nregistry = "http://127.0.0.1:5000"\nnamespace = "ns"\n');
    const config = ['--volume', `${file}:/app/config.toml:ro`, '--env', 'REGISTRY_CONFIG=/app/config.toml'];
    try {
      const command = [...words, '--tmpfs', '/data:mode=1777', '--read-only', image, 'sh', '-c', serve];
      expect(await runProgram('podman', ['--runtime', 'runc', ...command])).toMatchObject({ code: 0 });
      const network = ['--network', `container:${peer}`];
      await whileServing('extension-registry', [...network, ...config], (container) =>
        untilHealthy('extension-registry', container),
      );
    } finally {
      await runProgram('podman', ['--runtime', 'runc', 'rm', '--force', '--time', '0', peer]);
    }
    await whileServing('extension-registry', ['--network', 'none'], async (container) => {
      const address = 'http://127.0.0.1:8081/health';
      const end = Date.now() + 120_000;
      let asked = await inside(container, 'wget', '-q', '-O', '-', address);
      while (!asked.stderr.includes('503') && Date.now() < end) {
        await delay(200);
        asked = await inside(container, 'wget', '-q', '-O', '-', address);
      }
      expect(asked.stderr).toContain('503');
    });
  }, 300_000);

  test('11.A18 the installer of the built platform deploys the built images and takes them back', async () => {
    const name = `image-test-${process.pid}`;
    const prefix = join(folder, 'prefix');
    for (const line of ['core', 'platform'])
      cpSync(join(releases.folder, `tree-${line}`), prefix, { recursive: true, verbatimSymlinks: true });
    const services = ['extension-registry', 'oci-registry', 'orchestrator', 'provisioning-daemon'];
    const ports = await Promise.all(services.map(async (service) => [service, await freePort()] as const));
    const environment = {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: join(folder, 'home'),
      XDG_RUNTIME_DIR: join(folder, 'home'),
      PROVISIONING_INSTALLATION_NAME: name,
      PROVISIONING_INSTALLATION_IMAGES: `layout:${join(folder, 'images')}`,
      ...Object.fromEntries(
        ports.map(([service, port]) => [
          `PROVISIONING_PORTS_${service.toUpperCase().replaceAll('-', '_')}`,
          String(port),
        ]),
      ),
    };
    const words = ['--headless', '--mode', 'solo', '--platform', 'podman', '--yes'];
    try {
      const deployed = await runProgram(join(prefix, 'bin/provisioning-installer'), words, { environment });
      expect(deployed).toMatchObject({ code: 0, stdout: expect.stringContaining('Installation complete!') });
      const filter = `label=provisioning.installation=${name}`;
      const listed = await runProgram('podman', ['ps', '--filter', filter, '--format', '{{.Image}}']);
      expect(listed.stdout.trim().split('\n').sort()).toEqual([
        'localhost/provisioning-platform/extension-registry:v9.9.9',
        'localhost/provisioning-platform/orchestrator:v9.9.9',
        'localhost/provisioning:9.9.9',
        'localhost/provisioning:9.9.9',
      ]);
      for (const [service, port] of ports)
        if (service !== 'oci-registry')
          expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    } finally {
      const all = (word: string): Promise<Ended> =>
        runProgram('podman', ['--runtime', 'runc', ...word.split(' ')]);
      await cleanUp(
        ...services.map((service) => () => all(`rm --force --time 0 ${name}-${service}`)),
        ...services.map((service) => () => all(`volume rm --force ${name}-${service}-data`)),
        ...services
          .slice(0, 3)
          .map((service) => () => all(`rmi localhost/provisioning-platform/${service}:v9.9.9`)),
        () => all('rmi localhost/provisioning:9.9.9'),
      );
    }
  }, 300_000);
});
