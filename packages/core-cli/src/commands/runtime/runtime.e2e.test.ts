import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { program, Sandbox } from '../../../test/sandbox.ts';

/** The container runtimes of this machine: Podman is real, Docker is there and its service is stopped. */
describe('runtime', () => {
  let sandbox: Sandbox;
  let tools: string;

  beforeAll(async () => {
    sandbox = await Sandbox.make();
    tools = join(sandbox.folder, 'tools');
    mkdirSync(tools);
    script('docker', 'echo "Cannot connect to the Docker daemon. Is the docker daemon running?" >&2; exit 1');
    script('provisioning', `exec '${process.execPath}' '${program}' "$@"`);
    writeFileSync(join(sandbox.folder, 'compose.yml'), 'services:\n  one:\n    image: localhost/none\n');
    mkdirSync(join(sandbox.folder, 'config', 'provisioning'), { recursive: true });
    writeFileSync(settings(), patient);
  });
  afterAll(() => sandbox.remove());

  function script(name: string, body: string): void {
    writeFileSync(join(tools, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(tools, name), 0o755);
  }
  const settings = () => join(sandbox.folder, 'config', 'provisioning', 'config.toml');
  /** A busy Podman takes its time to answer. */
  const patient = '[integrations.runtime]\ntimeout_secs = 60\n';
  const environment = () => ({ PATH: `${tools}:${sandbox.environment['PATH']!}` });
  const kept = () => join(sandbox.folder, 'cache', 'provisioning', 'container-runtime.json');

  test('21.A1 Docker is stopped: Podman is found, docker means podman, exit codes are its own', async () => {
    const found = await sandbox.run(['runtime', 'detect'], { environment: environment() });
    expect(found).toEqual({ code: 0, stdout: 'Detected runtime: podman\n', stderr: '' });
    const [ours, theirs] = [
      await sandbox.run(['runtime', 'exec', 'docker version --format {{.Client.Version}}'], {
        environment: environment(),
      }),
      execFileSync('podman', ['version', '--format', '{{.Client.Version}}'], { encoding: 'utf8' }),
    ];
    expect(ours).toEqual({ code: 0, stdout: theirs, stderr: '' });
    const failed = await sandbox.run(['runtime', 'exec', "podman container inspect 'no such thing'"], {
      environment: environment(),
    });
    expect(failed).toMatchObject({ code: 125, stderr: expect.stringContaining('no such thing') });
    const check = await sandbox.run(['runtime', 'exec', 'docker exec web sh', '--check'], {
      environment: environment(),
    });
    expect(check.stdout).toBe('Would execute: [podman exec web sh]\n');
  }, 60_000);

  test('21.A2 without a runtime: a message, exit 1, nothing kept; one that hangs is not waited for', async () => {
    rmSync(kept(), { force: true });
    writeFileSync(settings(), '[integrations.runtime]\ntimeout_secs = 3\npreferred = "nerdctl"\n');
    const hanging = join(sandbox.folder, 'hanging');
    mkdirSync(hanging);
    symlinkSync(join(tools, 'docker'), join(hanging, 'docker'));
    writeFileSync(join(hanging, 'nerdctl'), '#!/bin/sh\n/bin/sleep 60\n');
    chmodSync(join(hanging, 'nerdctl'), 0o755);
    const none = await sandbox.run(['runtime', 'detect'], { environment: { PATH: hanging } });
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toContain('The preferred runtime nerdctl is not available: nerdctl did not answer');
    expect(none.stderr).toContain('No container runtime detected');
    expect(existsSync(kept())).toBe(false);
    const list = await sandbox.run(['runtime', 'list', '--verbose'], { environment: { PATH: hanging } });
    expect(list.stdout).toContain('docker: Cannot connect to the Docker daemon');
    writeFileSync(settings(), patient);
  }, 60_000);

  test('01.A18 21.A3 eval of runtime compose runs; a file that is not there prints nothing', () => {
    const shell = (line: string) =>
      spawnSync('sh', ['-c', line], {
        cwd: sandbox.folder,
        env: { ...sandbox.environment, ...environment() },
        encoding: 'utf8',
      });
    const line = shell('provisioning runtime compose compose.yml');
    expect(line).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^podman[- ]compose -f .\/compose.yml\n$/),
    });
    const ps = shell('eval "$(provisioning runtime compose compose.yml) ps"');
    expect({ status: ps.status, stdout: ps.stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^CONTAINER ID +IMAGE/),
    });
    const missing = shell('provisioning runtime compose nope.yml');
    expect(missing).toMatchObject({ status: 5, stdout: '' });
    expect(missing.stderr).toContain('Compose file not found: nope.yml');
  }, 60_000);
});
