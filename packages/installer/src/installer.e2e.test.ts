import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withFileLock } from '@provisioning/core';
import { type Engine, openEngine, stopPrivateService } from '@provisioning/provider-local/engine';
import { cleanUp } from '../../../tools/testing/clean-up.ts';
import { label } from './deployment/containers.ts';
import { writeTestImages } from './testing/images.ts';
import { freePort } from '../../../tools/testing/free-port.ts';

const serviceNames = ['extension-registry', 'oci-registry', 'orchestrator', 'provisioning-daemon'];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the installer', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'provisioning-installer-test-')));
  // Names and tags of this run alone: others may test beside it on the same engine.
  const name = `installer-test-${process.pid}`;
  const version = `2.5.3-test.${process.pid}`;
  const home = join(folder, 'home');
  const config = join(home, 'config/provisioning');
  const log = join(home, 'state/provisioning');
  const secrets = join(config, `secrets/installer-${name}.json`);
  const ports: Record<string, number> = {};
  let environment: Record<string, string>;
  let engine: Engine;
  const engineOptions = () => ({
    variables: process.env as Record<string, string>,
    cacheDir: join(folder, 'engine'),
    config: { runtime: 'podman' },
  });
  const program = join(folder, 'lib/provisioning/platform/node_modules/@provisioning/installer');
  const solo = ['--headless', '--mode', 'solo', '--platform', 'podman', '--yes'];

  function installer(
    words: readonly string[],
    onOutput?: (text: string, child: ChildProcess) => void,
  ): Promise<Ended> {
    return new Promise((done, reject) => {
      const child = spawn(process.execPath, [join(program, 'bin/provisioning-installer.js'), ...words], {
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
        onOutput?.(stderr, child);
      });
      child.on('error', reject);
      child.on('close', (code) => done({ code, stdout, stderr }));
    });
  }

  /** Containers of this installation, by service. */
  async function containers(): Promise<ReadonlyMap<string, { readonly id: string; readonly image: string }>> {
    const found = await engine.listContainers({ [label.installation]: name });
    return new Map(found.map(({ Id, Image, Labels }) => [Labels[label.service]!, { id: Id, image: Image }]));
  }

  const records = (): readonly {
    readonly step: string;
    readonly status: string;
    readonly detail: string;
  }[] =>
    readdirSync(log)
      .sort()
      .flatMap((file) => readFileSync(join(log, file), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line));

  beforeAll(async () => {
    for (const service of serviceNames) ports[service] = await freePort();
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(import.meta.dirname, '..', part), join(program, part), { recursive: true });
    const line = join(folder, 'lib/provisioning/platform/line.json');
    writeFileSync(line, JSON.stringify({ line: 'platform', version }));
    environment = {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_DATA_HOME: join(home, 'data'),
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_STATE_HOME: join(home, 'state'),
      XDG_RUNTIME_DIR: join(home, 'run'),
      PROVISIONING_INSTALLATION_NAME: name,
      PROVISIONING_INSTALLATION_IMAGES: await writeTestImages(folder, version),
      ...Object.fromEntries(
        Object.entries(ports).map(([service, port]) => [variable(service), String(port)]),
      ),
    };
    ({ engine } = await openEngine(engineOptions()));
  }, 300_000);

  const variable = (service: string): string =>
    `PROVISIONING_PORTS_${service.replaceAll('-', '_').toUpperCase()}`;

  afterAll(
    () =>
      cleanUp(
        async () => {
          for (const { id } of (await containers()).values()) await engine.removeContainer(id);
        },
        ...serviceNames.map((service) => () => engine.removeVolume(`${name}-${service}-data`)),
        ...['orchestrator', 'extension-registry'].map(
          (service) => () => engine.removeImage(`localhost/provisioning-platform/${service}:v${version}`),
        ),
        () => engine.removeImage(`localhost/provisioning:${version}`),
        () => engine.close(),
        () => stopPrivateService(engineOptions()),
        () =>
          stopPrivateService({ ...engineOptions(), cacheDir: join(home, 'cache/provisioning/installer') }),
        () => rmSync(folder, { recursive: true, force: true }),
      ),
    120_000,
  );

  test('04.A15 a plan has the five services of solo mode and changes nothing', async () => {
    const planned = await installer(['--headless', '--mode', 'solo', '--platform', 'docker', '--check']);
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining('Services (5):') });
    const five = [
      'orchestrator',
      'control-center',
      'vault-service',
      'extension-registry',
      'provisioning-daemon',
    ];
    for (const service of five) expect(planned.stdout).toMatch(new RegExp(`^  ${service} `, 'm'));
    expect(planned.stdout).toMatch(/vault-service .*comes with a later version/);
    expect(existsSync(home)).toBe(false);
  });

  test('04.A15 an unattended run lists every missing key', async () => {
    const file = join(folder, 'unattended.toml');
    writeFileSync(
      file,
      '[installation]\nmode = "solo"\nplatform = "podman"\nprovider = "local"\n[resources]\ncpu = 4\ndisk = 20\n',
    );
    const missing = await installer(['--unattended', '--config', file]);
    expect(missing).toMatchObject({ code: 3 });
    expect(missing.stderr).toContain('Missing values: installation.domain, resources.memory');
    expect(existsSync(home)).toBe(false);
  });

  test('04.A15 processors may be given as cores or as thousandths of one', async () => {
    const plan = async (cpu: string): Promise<string> =>
      (await installer(['--headless', '--cpu', cpu, '--platform', 'podman', '--check'])).stdout;
    expect(await plan('4')).toContain('4000 millicores');
    expect(await plan('4000')).toBe(await plan('4'));
  });

  test('a service of a later version is refused by name, a mode that needs one too', async () => {
    const asked = await installer([...solo, '--services', 'gitea']);
    expect(asked).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('gitea comes with a later version'),
    });
    const team = await installer(['--headless', '--mode', 'multiuser', '--platform', 'podman', '--yes']);
    expect(team).toMatchObject({ code: 3 });
    expect(team.stderr).toContain('multiuser mode needs control-center, which comes with a later version');
    expect((await installer(['--headless', '--mode', 'solo'])).code).toBe(2);
    expect((await installer(['--mode', 'group', '--check'])).code).toBe(3);
    expect((await installer(['--modus', 'solo'])).code).toBe(2);
    expect((await installer(['--cpu', 'many', '--check'])).code).toBe(3);
    expect((await installer(['--mcp-suggest'])).code).toBe(1);
  });

  test('a generated file has every value that an unattended run needs', async () => {
    const generated = await installer([
      '--config-only',
      '--template',
      'solo-dev',
      '--platform',
      'podman',
      '--yes',
    ]);
    const file = join(config, 'installer-config.toml');
    expect(generated).toMatchObject({ code: 0, stdout: `${file}\n` });
    const checked = await installer(['--unattended', '--config', file, '--check']);
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('2000 millicores, 4096 MB') });
    expect(await installer(['--config', file, '--validate'])).toMatchObject({
      code: 0,
      stdout: 'Configuration is valid\n',
    });
    expect(readFileSync(file, 'utf8')).toContain('domain = "localhost"');
    rmSync(file);
  });

  test('04.A16 an interruption while services start leaves nothing of the run', async () => {
    const interrupted = await installer(solo, (text, child) => {
      if (text.includes('oci-registry is healthy')) child.kill('SIGINT');
    });
    expect(interrupted).toMatchObject({ code: 130 });
    expect(interrupted.stderr).toContain('Installation failed at step 5: Operation interrupted');
    expect([...(await containers())]).toEqual([]);
    for (const service of serviceNames)
      expect(await engine.inspectVolume(`${name}-${service}-data`)).toBeUndefined();
    expect(existsSync(secrets)).toBe(false);
    expect(existsSync(join(config, 'active-mode.yaml'))).toBe(false);
    expect(records()).toContainEqual(
      expect.objectContaining({ step: 'start', status: 'undone', detail: 'oci-registry' }),
    );
  }, 180_000);

  test('11.A18 the images of the installed version are deployed and answer', async () => {
    const deployed = await installer(solo);
    expect(deployed).toMatchObject({ code: 0, stdout: expect.stringContaining('Installation complete!') });
    const running = await containers();
    expect([...running.keys()].sort()).toEqual(serviceNames);
    expect(running.get('orchestrator')!.image).toBe(
      `localhost/provisioning-platform/orchestrator:v${version}`,
    );
    for (const service of ['orchestrator', 'extension-registry', 'provisioning-daemon'])
      expect((await fetch(`http://127.0.0.1:${ports[service]!}/health`)).status).toBe(200);
    expect(readFileSync(join(config, 'active-mode.yaml'), 'utf8')).toContain('mode: solo');
    // The registry asks for the password that nobody has seen.
    expect((await fetch(`http://127.0.0.1:${ports['oci-registry']!}/v2/`)).status).toBe(401);
    expect(statSync(secrets).mode & 0o777).toBe(0o600);
    const { registryPassword } = JSON.parse(readFileSync(secrets, 'utf8')) as { registryPassword: string };
    const details = JSON.stringify(
      await Promise.all([...running.values()].map(({ id }) => engine.inspectContainer(id))),
    );
    for (const text of [deployed.stdout, deployed.stderr, details, JSON.stringify(records())])
      expect(text).not.toContain(registryPassword);
  }, 180_000);

  test('a second run changes what differs, and only that', async () => {
    const before = await containers();
    const same = await installer(solo);
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to change') });
    expect(await containers()).toEqual(before);
    const port = await freePort();
    environment[variable('provisioning-daemon')] = String(port);
    const moved = await installer(solo);
    expect(moved).toMatchObject({ code: 0, stderr: expect.stringContaining('~ provisioning-daemon') });
    const after = await containers();
    expect(after.size).toBe(4);
    expect([...after].filter(([service, { id }]) => before.get(service)!.id !== id)).toHaveLength(1);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  }, 180_000);

  test('a replacement that does not start gives its place back to what ran before', async () => {
    const before = await containers();
    const file = join(folder, 'broken.toml');
    const image = `localhost/provisioning-platform/orchestrator:v${version}`;
    writeFileSync(file, `[dependencies.platform.images]\nprovisioning-daemon = "${image}"\n`);
    const failed = await installer([...solo, '--config', file]);
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Installation failed at step 5'),
    });
    expect(await containers()).toEqual(before);
    const address = `http://127.0.0.1:${environment[variable('provisioning-daemon')]!}/health`;
    const status = (): Promise<number> =>
      fetch(address).then(
        (answer) => answer.status,
        () => 0,
      );
    const end = Date.now() + 120_000;
    while ((await status()) !== 200 && Date.now() < end) await delay(100);
    expect(await status()).toBe(200);
  }, 180_000);

  test('two runs at once are refused', async () => {
    const lock = join(home, 'data/provisioning/installer', name);
    mkdirSync(dirname(lock), { recursive: true });
    const second = await withFileLock(lock, () => installer(solo));
    expect(second).toMatchObject({ code: 1 });
    expect(second.stderr).toContain(`Another installation is running (pid ${process.pid})`);
  });
});
