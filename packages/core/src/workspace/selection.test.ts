import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createContext, setEnvironment, switchContext } from './contexts.ts';
import { initWorkspace } from './init.ts';
import { deleteWorkspace } from './maintenance.ts';
import { activateWorkspace, listWorkspaces, removeWorkspace } from './manage.ts';
import { preferences, setPreference } from './preferences.ts';
import { selectWorkspace } from './select.ts';
import { at, home, made, surroundings, useWorkspace, version } from './workspace.fixture.ts';

useWorkspace();

describe('selection', () => {
  test('03.A3 a fresh user gets three numbered hints', async () => {
    await rm(path.join(home, '.config'), { recursive: true });
    await expect(selectWorkspace({ surroundings })).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringMatching(/1\. Create[\s\S]*2\. Or activate[\s\S]*3\. List/),
    });
  });

  test('03.A4 flags win for one command; 03.A5 the directory beats the default', async () => {
    const other = await initWorkspace({ surroundings, version, target: 'other', infra: 'x' });
    for (const infra of ['y', 'b']) {
      await mkdir(path.join(other.path, 'infra', infra), { recursive: true });
      await mkdir(at('infra', infra), { recursive: true });
    }
    await activateWorkspace(surroundings, 'demo:demo');
    expect(await selectWorkspace({ surroundings, workspace: 'other:x', infra: 'y' })).toMatchObject({
      name: 'other',
      infra: 'y',
    });
    expect(await selectWorkspace({ surroundings })).toMatchObject({ name: 'demo', infra: 'demo' });
    const inside = { ...surroundings, cwd: at('infra', 'b') };
    expect(await selectWorkspace({ surroundings: inside })).toMatchObject({ infra: 'b', by: 'directory' });
    const variable = { ...surroundings, env: { PROVISIONING_WORKSPACE: 'other:x' } };
    expect(await selectWorkspace({ surroundings: variable })).toMatchObject({
      name: 'other',
      infra: 'x',
      by: 'environment',
    });
    await expect(selectWorkspace({ surroundings, workspace: 'a:b:c' })).rejects.toMatchObject({
      exitCode: 2,
      message: 'Invalid workspace reference: a:b:c',
    });
    await expect(selectWorkspace({ surroundings, workspace: '' })).rejects.toMatchObject({
      exitCode: 5,
      message: "Workspace '' not found in registry",
    });
    await expect(selectWorkspace({ surroundings, infra: 'nope' })).rejects.toMatchObject({
      exitCode: 5,
      message: "Infrastructure 'nope' not found in workspace 'demo'",
    });
    // A path is the infrastructure it leads to; what lies elsewhere is none, whatever is in it.
    expect(await selectWorkspace({ surroundings: inside, infra: '.' })).toMatchObject({ infra: 'b' });
    expect(await selectWorkspace({ surroundings: inside, infra: '../demo' })).toMatchObject({
      infra: 'demo',
    });
    for (const infra of ['/etc', '..', '../../config', `${home}`])
      await expect(selectWorkspace({ surroundings: inside, infra })).rejects.toMatchObject({ exitCode: 5 });
  });
});

describe('registry', () => {
  test('03.A7 a damaged registry is kept beside a new one', async () => {
    const file = path.join(home, '.config/provisioning/user_config.yaml');
    await writeFile(file, 'a: [');
    expect(await listWorkspaces(surroundings)).toEqual([]);
    const names = await readdir(path.dirname(file));
    expect(names.some((name) => /^user_config\.yaml\.backup\.\d{14}$/.test(name))).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('03.A8 two changes at once keep both; unknown keys and wrong values are refused', async () => {
    await Promise.all([
      setPreference(surroundings, 'editor', 'nano'),
      setPreference(surroundings, 'confirm_delete', 'false'),
    ]);
    expect(await preferences(surroundings)).toMatchObject({
      editor: 'nano',
      confirm_delete: false,
      confirm_deploy: true,
    });
    await expect(setPreference(surroundings, 'nope', '1')).rejects.toMatchObject({
      exitCode: 2,
      message: 'Unknown preference: nope',
    });
    await expect(setPreference(surroundings, 'hints', 'maybe')).rejects.toMatchObject({
      message: 'Invalid value for hints: expected true or false',
    });
  });

  test('03.A9 remove keeps the files, delete leaves a backup', async () => {
    await removeWorkspace(surroundings, 'demo');
    expect(await stat(at('config/provisioning.toml'))).toBeDefined();
    await activateWorkspace(surroundings, made.path);
    await mkdir(at('infra/demo/data'), { recursive: true });
    await writeFile(at('infra/demo/data/state.json'), '{"version":1,"servers":{"a":{}},"scale":{}}');
    await expect(deleteWorkspace(surroundings, 'demo', { version })).rejects.toMatchObject({
      code: 'WORKSPACE_IN_USE',
    });
    const { backup } = await deleteWorkspace(surroundings, 'demo', { version, force: true });
    await expect(stat(made.path)).rejects.toThrow();
    expect(await stat(path.join(backup, 'tree/infra/demo/servers.toml'))).toBeDefined();
    expect(await listWorkspaces(surroundings)).toEqual([]);
  });

  test('contexts and environments are stored with the workspace', async () => {
    await createContext(surroundings, { name: 'd', workspace: 'demo', infra: 'demo', environment: 'dev' });
    await switchContext(surroundings, 'd');
    expect(await selectWorkspace({ surroundings })).toMatchObject({ environment: 'dev' });
    expect(await setEnvironment(surroundings, { name: 'demo', path: made.path }, 'production')).toEqual({
      before: 'dev',
      after: 'prod',
    });
    await expect(setEnvironment(surroundings, { name: 'demo', path: made.path }, 'qa')).rejects.toMatchObject(
      { code: 'ENVIRONMENT_NOT_CONFIGURED' },
    );
  });
});
