import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { convertMainFile } from '../../workspace/convert-main-file.ts';
import { loadConfiguration } from '../load.ts';
import { analyzeProjectStructure, resolveConfigPath, validatePaths } from '../paths/library.ts';
import type { Surroundings } from '../surroundings.ts';
import { backupConfiguration, restoreConfiguration } from './backup.ts';
import { exportText, writeServiceFiles } from './export.ts';
import { diagnoseKey, migrateConfiguration } from './migrate.ts';

let root: string;
let surroundings: Surroundings;
let workspace: { name: string; path: string };
const put = async (file: string, text: string): Promise<void> => {
  const full = path.join(root, file);
  await mkdir(path.dirname(full), { recursive: true });
  await writeFile(full, text);
};
const load = (): ReturnType<typeof loadConfiguration> => loadConfiguration({ surroundings, workspace });

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'config-maintenance-'));
  let tick = 0;
  surroundings = {
    env: {},
    cwd: root,
    home: root,
    platform: 'linux',
    installation: root,
    now: () => new Date(Date.UTC(2026, 0, 2, 3, 4, tick++)),
  };
  workspace = { name: 'w', path: path.join(root, 'w') };
  await put(
    'w/config/provisioning.toml',
    '[workspace]\nname = "w"\nversion = "1.0.0"\n[api]\npassword = "{{kms.decrypt(\'api\')}}"\ntoken = "plain"\n',
  );
  await put('w/config/platform/orchestrator.toml', '[server]\nport = 9090\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('export', () => {
  test('02.A12 secrets are references, service files are refreshed, a check writes nothing', async () => {
    const configuration = await load();
    const exported = parse(await exportText(configuration, 'yaml')) as { api: object; platform: object };
    expect(exported.api).toEqual({ password: "{{kms.decrypt('api')}}", token: '***' });
    const generated = path.join(root, 'w/config/generated');
    expect(await writeServiceFiles({ configuration, check: true })).toEqual([
      path.join(generated, 'orchestrator.toml'),
    ]);
    await expect(readdir(generated)).rejects.toThrow();
    await writeServiceFiles({ configuration });
    expect(await readFile(path.join(generated, 'orchestrator.toml'), 'utf8')).toContain('port = 9090');
    expect(await exportText(configuration, 'toml')).toContain('[platform.orchestrator.server]');
  });
});

describe('backup', () => {
  test('restore backs up what is there first', async () => {
    await put('.config/provisioning/config.toml', 'cache.ttl = 1\n');
    const places = { surroundings, workspacePath: workspace.path };
    const file = await backupConfiguration(places);
    await put('.config/provisioning/config.toml', 'cache.ttl = 2\n');
    const restored = await restoreConfiguration(places, 'latest');
    expect(restored.file).toBe(file);
    expect((await load()).get('cache.ttl')).toBe(1);
    await restoreConfiguration(places, restored.previous);
    expect((await load()).get('cache.ttl')).toBe(2);
    await writeFile(file, 'x');
    await expect(restoreConfiguration(places, file)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    await expect(restoreConfiguration(places, 'nope')).rejects.toMatchObject({ exitCode: 5 });
  });
});

describe('migration', () => {
  test('02.A13 a dry run prints the mapping and changes nothing; a second real run has nothing to do', async () => {
    await put(
      'old/config.defaults.toml',
      '[debug]\nlog_level = "info"\nenabled = true\n[orchestrator]\nport = 1\n[mine]\nx = 1\n',
    );
    await put('old/config.user.toml', 'cache.ttl = 9\n');
    await put('old/config.dev.toml', 'debug.log_level = "debug"\n');
    await put('old/providers/aws/config', 'region = "eu-west-1"\n');
    const options = { surroundings, source: path.join(root, 'old'), workspaceName: 'fresh' };
    const target = path.join(root, 'workspaces/fresh');
    const planned = await migrateConfiguration({ ...options, check: true });
    expect(planned.status).toBe('planned');
    expect(planned.plan.entries.map(({ to, keys }) => [path.relative(root, to), keys])).toEqual([
      ['workspaces/fresh/config/provisioning.toml', 2],
      ['workspaces/fresh/config/platform/orchestrator.toml', 1],
      ['workspaces/fresh/config/environments/dev.toml', 1],
      ['.config/provisioning/config.toml', 1],
      ['workspaces/fresh/config/providers/aws.toml', 1],
    ]);
    await expect(readdir(target)).rejects.toThrow();
    expect((await migrateConfiguration(options)).status).toBe('migrated');
    expect((await migrateConfiguration(options)).status).toBe('nothing');
    const configuration = await loadConfiguration({
      surroundings,
      workspace: { name: 'fresh', path: target },
      environment: 'dev',
    });
    expect(configuration.get('debug')).toMatchObject({ enabled: true, log_level: 'debug' });
    expect(configuration.get('mine.x')).toBe(1);
    expect(configuration.get('providers.aws.region')).toBe('eu-west-1');
    expect(configuration.get('platform.orchestrator.port')).toBe(1);
    expect(configuration.get('cache.ttl')).toBe(9);
    expect(await readdir(path.join(root, 'old'))).toHaveLength(4);
  });

  test('the main file in another language; a diagnosis of one key', async () => {
    const before = (await load()).get('workspace');
    await convertMainFile({ surroundings, workspace, to: 'yaml' });
    expect((await load()).get('workspace')).toEqual(before);
    expect(await readdir(path.join(workspace.path, 'config'))).toEqual(
      expect.arrayContaining(['provisioning.toml.bak', 'provisioning.yaml']),
    );
    expect(diagnoseKey(undefined, 'a.b', { PROVISIONING_A_B: '1' })).toEqual({
      key: 'a.b',
      toml_config: null,
      env_config: '1',
      migration_needed: true,
    });
  });
});

describe('paths', () => {
  test('files are found by pattern, projects recognised, missing paths warned of', async () => {
    expect(await resolveConfigPath('platform/*.toml', { surroundings, workspacePath: workspace.path })).toBe(
      path.join(workspace.path, 'config/platform/orchestrator.toml'),
    );
    expect(await resolveConfigPath('none-*.toml', { surroundings, workspacePath: workspace.path })).toBe('');
    expect(analyzeProjectStructure(workspace.path)).toMatchObject({
      type: 'provisioning_workspace',
      config_files: ['provisioning.toml'],
    });
    const report = await validatePaths(await load());
    expect(report.valid).toBe(true);
    expect(report.warnings[0]!.message).toMatch(/^Path does not exist: /);
  });
});
