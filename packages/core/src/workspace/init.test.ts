import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { evaluateTypeScript } from '../config/evaluate/typescript.ts';
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

  test('a registry that cannot be written is found out before anything is made', async () => {
    const path = `${home}/elsewhere`;
    await writeFile(`${home}/.config`, 'a file in the place of the folder');
    await expect(
      initWorkspace({ surroundings, version: '0.1.0', target: 'demo', path }),
    ).rejects.toMatchObject({ code: 'FILE_ENOTDIR' });
    expect(await readdir(home)).toEqual(['.config']);
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

describe('core package (03 §4.4)', () => {
  const packages = (workspace: string, ...rest: string[]): string =>
    path.join(workspace, '.provisioning', 'packages', ...rest);
  const recordOf = async (workspace: string): Promise<unknown> =>
    JSON.parse(await readFile(packages(workspace, 'packages.json'), 'utf8'));
  const init = (target: string, options: Partial<Parameters<typeof initWorkspace>[0]> = {}) =>
    initWorkspace({ surroundings, version: '0.1.0', target, ...options });

  test('a workspace keeps the schemas; with TypeScript the SDK too, which its definitions import', async () => {
    const plain = await init('plain');
    expect(await recordOf(plain.path)).toEqual({ version: '0.1.0', source: 'workspace-home' });
    expect(await readdir(packages(plain.path))).toEqual(['packages.json', 'schemas']);
    const schema = await readFile(packages(plain.path, 'schemas', 'servers.schema.json'), 'utf8');
    expect(JSON.parse(schema)).toHaveProperty('$schema');
    const typed = await init('typed', { format: 'ts' });
    const manifest = JSON.parse(await readFile(path.join(typed.path, 'package.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({
      dependencies: {
        '@provisioning/extensions-sdk': 'file:.provisioning/packages/@provisioning/extensions-sdk',
      },
    });
    const file = path.join(typed.path, 'where.ts');
    const text = `import { makeServer } from '@provisioning/extensions-sdk';
export default { server: makeServer({ hostname: 'web-01' }), sdk: import.meta.resolve('@provisioning/extensions-sdk') };`;
    await writeFile(file, text);
    const context = { workspace: 'typed', infra: 'main', environment: 'dev', env: {}, params: {} };
    expect((await evaluateTypeScript(file, context)).value).toMatchObject({
      server: { hostname: 'web-01' },
      sdk: expect.stringContaining(packages(typed.path)),
    });
  });

  test('an older copy is updated, a newer one is refused', async () => {
    const { path: workspace } = await init('demo');
    await writeFile(packages(workspace, 'packages.json'), '{"version":"0.0.9"}');
    await init('demo', { overwrite: true });
    expect(await recordOf(workspace)).toMatchObject({ version: '0.1.0' });
    await writeFile(packages(workspace, 'packages.json'), '{"version":"9.0.0"}');
    await expect(init('demo', { overwrite: true })).rejects.toMatchObject({
      code: 'CORE_PACKAGE_NEWER',
      message: 'Installed package 9.0.0 is newer than this version 0.1.0',
    });
  });

  test('a workspace that is made anew in another language keeps one main file; the old one is in the backup', async () => {
    const { path: workspace } = await init('demo', { format: 'yaml' });
    const again = await init('demo', { overwrite: true });
    const main = async (folder: string): Promise<string[]> =>
      (await readdir(path.join(folder, 'config'))).filter((name) => name.startsWith('provisioning.'));
    expect(await main(workspace)).toEqual(['provisioning.toml']);
    expect(await main(again.backup!)).toEqual(['provisioning.yaml']);
  });

  test('home-package is made once for all workspaces, with an archive and its line in packages.json', async () => {
    const core = { source: 'home-package' } as const;
    const [one, two] = [await init('one', { core }), await init('two', { core })];
    const shared = await realpath(packages(one.path));
    expect(await realpath(packages(two.path))).toBe(shared);
    const { packages: known } = JSON.parse(
      await readFile(path.join(path.dirname(shared), 'packages.json'), 'utf8'),
    ) as { packages: { file: string; sha256: string }[] };
    expect(known).toMatchObject([{ name: 'provisioning', version: '0.1.0' }]);
    const archive = await readFile(path.join(path.dirname(shared), known[0]!.file));
    expect(createHash('sha256').update(archive).digest('hex')).toBe(known[0]!.sha256);
  });

  test('git-package comes from a tag; a source that cannot be had stops before anything is made', async () => {
    const repository = path.join(home, 'core');
    await mkdir(repository);
    await writeFile(path.join(repository, 'schema.json'), '{}');
    const git = (...words: string[]): Buffer =>
      execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words]);
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'Schemas');
    git('tag', 'v0.1.0');
    const core = { source: 'git-package', url: repository } as const;
    const made = await init('demo', { core });
    expect(await readFile(packages(made.path, 'provisioning', 'schema.json'), 'utf8')).toBe('{}');
    const refused = [
      { ...core, tag: 'v7' },
      { source: 'git-package' },
      { source: 'publish-repo', registry: 'http://127.0.0.1:9' },
    ] as const;
    const codes: unknown[] = [];
    for (const source of refused)
      codes.push(await init('other', { core: source }).catch((error: { code?: string }) => error.code));
    expect(codes).toEqual(['CORE_SOURCE_UNREACHABLE', 'CORE_SOURCE_URL', 'CORE_SOURCE_UNREACHABLE']);
    expect(await readdir(path.join(home, 'workspaces'))).toEqual(['demo']);
  });
});
