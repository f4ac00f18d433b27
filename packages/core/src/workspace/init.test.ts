import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadConfiguration } from '../config/load.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { loadInfrastructure } from '../infra/load.ts';
import { initWorkspace } from './init.ts';
import { activateWorkspace, listWorkspaces } from './manage.ts';
import { selectWorkspace } from './select.ts';

let home: string;
let surroundings: Surroundings;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'workspace-init-'));
  surroundings = {
    env: {},
    cwd: home,
    home,
    platform: 'linux',
    installation: '/opt/provisioning',
    now: () => new Date(),
  };
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('workspace init', () => {
  test('03.A1 makes the tree, registers and activates', async () => {
    const made = await initWorkspace({ surroundings, version: '0.1.0', target: 'demo', template: 'demo' });
    expect(made).toMatchObject({
      name: 'demo',
      infra: 'demo',
      activated: true,
      path: path.join(home, 'workspaces', 'demo'),
    });
    expect((await stat(made.path)).mode & 0o777).toBe(0o700);
    expect(await readFile(path.join(made.path, '.gitignore'), 'utf8')).toContain(
      '!.provisioning/metadata.yaml',
    );
    expect(await listWorkspaces(surroundings)).toMatchObject([{ name: 'demo', active: true, exists: true }]);
    expect(await selectWorkspace({ surroundings })).toMatchObject({
      name: 'demo',
      infra: 'demo',
      by: 'active',
    });
  });

  test('03.A2 the same again is refused; an abort leaves neither directory nor entry', async () => {
    await initWorkspace({ surroundings, version: '0.1.0', target: 'demo' });
    await expect(initWorkspace({ surroundings, version: '0.1.0', target: 'demo' })).rejects.toMatchObject({
      code: 'WORKSPACE_EXISTS',
      exitCode: 1,
      message: expect.stringContaining('Workspace exists:'),
    });
    const abort = AbortSignal.abort();
    await expect(
      initWorkspace({ surroundings, version: '0.1.0', target: 'other', signal: abort }),
    ).rejects.toThrow();
    expect(await readdir(path.join(home, 'workspaces'))).toEqual(['demo']);
    expect(await listWorkspaces(surroundings)).toHaveLength(1);
  });

  test('the demo infrastructure loads: three local servers, the proxy configured by hostname', async () => {
    const made = await initWorkspace({ surroundings, version: '0.1.0', target: './w', template: 'demo' });
    const infrastructure = await loadInfrastructure({ workspacePath: made.path, infra: 'demo' });
    expect(infrastructure.servers.map((server) => [server.hostname, server.provider, server.memory])).toEqual(
      [
        ['db-01', 'local', 512],
        ['cache-01', 'local', 512],
        ['web-01', 'local', 512],
      ],
    );
    expect(infrastructure.servers.map((server) => server.taskservs.map(({ name }) => name))).toEqual([
      ['os', 'postgres'],
      ['os', 'redis'],
      ['os', 'haproxy'],
    ]);
    expect(infrastructure.taskservs['haproxy']).toMatchObject({
      backends: [{ servers: [{ server: 'db-01' }] }, {}],
    });
    const configuration = await loadConfiguration({
      surroundings,
      workspace: { name: 'w', path: made.path },
    });
    expect(configuration.provenance('debug.log_level')).toMatchObject({
      layer: 'workspace',
      line: 22,
      value: 'info',
    });
  });

  test('03.A6 activating an unknown workspace lists the known ones and changes nothing', async () => {
    await initWorkspace({ surroundings, version: '0.1.0', target: 'demo' });
    await expect(activateWorkspace(surroundings, 'nope')).rejects.toMatchObject({
      exitCode: 5,
      hint: expect.stringMatching(/demo[\s\S]*register nope/),
    });
    expect((await listWorkspaces(surroundings))[0]?.active).toBe(true);
  });
});

describe('templates and formats', () => {
  test('every template gives an infrastructure that loads, in every language that needs no tool', async () => {
    const { workspaceTemplates } = await import('./templates/index.ts');
    expect(workspaceTemplates.map(({ name }) => name)).toEqual([
      'minimal',
      'demo',
      'full',
      'example',
      'kubernetes',
      'multi-cloud',
      'developer',
    ]);
    for (const { name } of workspaceTemplates) {
      const shapes: unknown[] = [];
      for (const format of ['toml', 'yaml'] as const) {
        const made = await initWorkspace({
          surroundings,
          version: '0.1.0',
          target: `${name}-${format}`,
          template: name,
          format,
        });
        const { servers } = await loadInfrastructure({
          workspacePath: made.path,
          infra: made.infra!,
          surroundings,
        });
        expect(servers.length).toBeGreaterThan(0);
        shapes.push(servers);
        await loadConfiguration({ surroundings, workspace: { name: made.name, path: made.path } });
      }
      expect(shapes[1]).toEqual(shapes[0]);
    }
    const typed = await initWorkspace({ surroundings, version: '0.1.0', target: 'typed', format: 'ts' });
    expect(typed.files).toContain('infra/main/servers.ts');
    expect(
      (await loadInfrastructure({ workspacePath: typed.path, infra: 'main', surroundings })).servers,
    ).toHaveLength(1);
  });
});

describe('loading an infrastructure', () => {
  test('05.A4 05.A5 names every error with file, line and key', async () => {
    const made = await initWorkspace({ surroundings, version: '0.1.0', target: 'demo' });
    const folder = path.join(made.path, 'infra', 'main');
    await writeFile(
      path.join(folder, 'servers.toml'),
      '[[servers]]\nhostname = "a b"\n[[servers]]\nhostname = ""\n[[servers]]\nhostname = "x"\n[[servers]]\nhostname = "x"\ncpu_cores = 0\n',
    );
    const failure = await loadInfrastructure({ workspacePath: made.path, infra: 'main' }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
    const issues = (failure as { issues: { message: string; location: { line: number; key: string } }[] })
      .issues;
    expect(
      issues.map(({ message, location }) => `${location.line} ${location.key} ${message}`).sort(),
    ).toEqual([
      "2 servers.0.hostname Invalid server name 'a b': invalid characters",
      '4 servers.1.hostname Server name cannot be empty',
      '8 servers.3.hostname Duplicate server: x',
      '9 servers.3.cpu_cores CPU cores must be positive',
    ]);
    await writeFile(path.join(folder, 'servers.yaml'), 'servers: []\n');
    await expect(loadInfrastructure({ workspacePath: made.path, infra: 'main' })).rejects.toMatchObject({
      message: expect.stringMatching(/^Ambiguous definition: .*servers\.toml and .*servers\.yaml$/),
      exitCode: 3,
    });
  });
});
