import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { acquireLock, isLocked, listLocks, releaseLock, withWorkspaceLock } from './lock.ts';
import { localLocks } from './local.ts';
import { checkLockCommand, underModeLock } from './mode-rules.ts';
import { at, made, surroundings, useWorkspace } from '../workspace.fixture.ts';

useWorkspace();

describe('locks', () => {
  const options = (type: 'read' | 'write' | 'deploy', user = 'alice'): Parameters<typeof acquireLock>[0] => ({
    surroundings: { ...surroundings, env: { ...surroundings.env, USER: user } },
    workspace: { name: 'demo', path: made.path },
    type,
    operation: 'Deploying servers',
  });

  test('03.A14 of two processes exactly one gets the write lock; readers stand side by side', async () => {
    const source = fileURLToPath(new URL('./lock.ts', import.meta.url));
    const script = `import { acquireLock } from ${JSON.stringify(source)};
      const surroundings = { env: { USER: 'u' }, now: () => new Date() };
      try { await acquireLock({ surroundings, workspace: { name: 'demo', path: ${JSON.stringify(made.path)} }, type: 'write', operation: 'x' }); console.log('got'); }
      catch (error) { console.log(error.code); }`;
    const run = (): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', script], {
          env: { ...process.env, NODE_OPTIONS: '' },
        });
        let out = '';
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.on('close', () => {
          resolve(out.trim());
        });
      });
    expect((await Promise.all([run(), run(), run()])).sort()).toEqual([
      'WORKSPACE_LOCKED',
      'WORKSPACE_LOCKED',
      'got',
    ]);
    await releaseLock({ ...options('write'), force: true, reason: 'test' });
    await acquireLock(options('read'));
    await acquireLock(options('read', 'bob'));
    expect(await isLocked(surroundings, { name: 'demo', path: made.path }, 'read')).toBe(false);
    await expect(acquireLock(options('deploy'))).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(
        /^Workspace 'demo' is locked \(read\) by alice@.* for "Deploying servers" \(lock \d+, expires /,
      ),
    });
  });

  test("03.A15 another's lock stops a command; an expired one does not; 03.A16 enterprise wants its own", async () => {
    const bob = await acquireLock({ ...options('write', 'bob'), life: 60_000 });
    const mutation = {
      surroundings,
      workspace: { name: 'demo', path: made.path },
      provider: localLocks,
      user: 'alice',
      operation: 'server create',
    };
    await expect(
      underModeLock({ ...mutation, mode: 'multiuser' }, () => Promise.resolve(1)),
    ).rejects.toMatchObject({ code: 'WORKSPACE_LOCKED', exitCode: 1 });
    await expect(releaseLock({ ...options('write'), id: bob.id })).rejects.toMatchObject({ exitCode: 4 });
    await expect(releaseLock({ ...options('write'), id: bob.id, force: true })).rejects.toMatchObject({
      exitCode: 2,
    });
    const later = { ...surroundings, now: () => new Date(Date.now() + 61_000) };
    expect(await listLocks(later, mutation.workspace)).toEqual([]);
    expect(
      await underModeLock({ ...mutation, surroundings: later, mode: 'multiuser' }, () => Promise.resolve(7)),
    ).toBe(7);
    await expect(
      underModeLock({ ...mutation, surroundings: later, mode: 'enterprise' }, () => Promise.resolve(1)),
    ).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('Workspace lock required') });
    expect(() => {
      checkLockCommand('cicd', 'local');
    }).toThrow('Workspace locking is disabled in cicd mode');
  });

  test('a lock is released when the work throws, and one of a dead process does not count', async () => {
    await expect(
      withWorkspaceLock(options('write'), () => Promise.reject(new Error('boom'))),
    ).rejects.toThrow('boom');
    expect(await listLocks(surroundings, { name: 'demo', path: made.path })).toEqual([]);
    const lock = await acquireLock({ ...options('write'), automatic: true });
    const file = at('.provisioning/locks', `${lock.id}.json`);
    await writeFile(file, JSON.stringify({ ...lock, pid: 4_000_000 }));
    expect(await listLocks(surroundings, { name: 'demo', path: made.path })).toEqual([]);
  });

  test('03 §12 a cleanup removes what has expired and counts it', async () => {
    const workspace = { name: 'demo', path: made.path };
    for (const user of ['alice', 'bob']) await acquireLock({ ...options('read', user), life: 60_000 });
    await acquireLock({ ...options('read', 'carol'), life: 3_600_000 });
    const later = new Date(Date.now() + 61_000);
    expect(await localLocks.cleanup(workspace, later)).toBe(2);
    expect(await localLocks.cleanup(workspace, later)).toBe(0);
    expect((await localLocks.list(workspace, later)).map(({ user }) => user)).toEqual(['carol']);
  });
});
