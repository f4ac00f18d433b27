import { execFileSync } from 'node:child_process';
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { initRepository, pushWorkspace } from './git.ts';
import { cleanupWorkspace, workspaceHealth, workspaceStatus } from './maintenance.ts';
import { at, home, made, surroundings, useWorkspace, version } from './workspace.fixture.ts';

useWorkspace();

describe('git', () => {
  test('03.A17 a plain secret is not committed; 03.A1 ignored files stay out', async () => {
    const remote = path.join(home, 'remote.git');
    execFileSync('git', ['init', '--bare', '-b', 'main', remote], { stdio: 'ignore' });
    execFileSync('git', ['config', '--global', 'user.email', 'a@example.com'], {
      env: { ...process.env, HOME: home },
    });
    process.env['GIT_AUTHOR_NAME'] = process.env['GIT_COMMITTER_NAME'] = 'a';
    process.env['GIT_AUTHOR_EMAIL'] = process.env['GIT_COMMITTER_EMAIL'] = 'a@example.com';
    await initRepository(made.path, remote);
    const ignored = (file: string): boolean => {
      try {
        execFileSync('git', ['-C', made.path, 'check-ignore', '-q', file]);
        return true;
      } catch {
        return false;
      }
    };
    expect(['.cache/x', 'config/local-overrides.toml', '.provisioning/metadata.yaml'].map(ignored)).toEqual([
      true,
      true,
      false,
    ]);
    expect(await pushWorkspace(made.path)).toEqual({ committed: false, pushed: true });
    await writeFile(at('config/providers/aws.toml'), '[provider]\npassword = "hunter2"\n');
    await expect(pushWorkspace(made.path)).rejects.toMatchObject({
      exitCode: 1,
      message: 'Refusing to commit unencrypted secret: config/providers/aws.toml:provider.password',
    });
    await writeFile(at('config/providers/aws.toml'), '[provider]\npassword = "{{kms.decrypt(\'aws\')}}"\n');
    expect(await pushWorkspace(made.path)).toEqual({ committed: true, pushed: true });
    expect(await pushWorkspace(made.path)).toEqual({ committed: false, pushed: false });
  });
});

describe('maintenance', () => {
  test('health finds and fixes, status sums up, cleanup frees', async () => {
    const workspace = { name: 'demo', path: made.path };
    await rm(at('.runtime'), { recursive: true });
    await chmod(at('secrets'), 0o755);
    const found = await workspaceHealth(workspace);
    expect(found.filter(({ ok }) => !ok).map(({ check }) => check)).toEqual(['directories', 'permissions']);
    await workspaceHealth(workspace, { fix: true });
    expect((await workspaceHealth(workspace)).every(({ ok }) => ok)).toBe(true);
    await writeFile(at('.cache/x'), '12345');
    expect(await workspaceStatus(surroundings, workspace, version)).toMatchObject({
      compatibility: 'version_match',
      sizes: { '.cache': 5 },
    });
    expect(await cleanupWorkspace(made.path, { now: new Date(), check: true })).toEqual({
      freed: 5,
      removed: ['.cache/x'],
    });
    expect((await cleanupWorkspace(made.path, { now: new Date() })).freed).toBe(5);
    expect((await cleanupWorkspace(made.path, { now: new Date() })).freed).toBe(0);
  });
});
