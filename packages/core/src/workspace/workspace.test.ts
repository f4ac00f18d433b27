import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Surroundings } from '../config/surroundings.ts';
import { loadInfrastructure } from '../infra/load.ts';
import { backupWorkspace, listBackups, restoreWorkspace } from './backup.ts';
import { compatibilityOf, requireCompatible } from './compatibility.ts';
import { createContext, setEnvironment, switchContext } from './contexts.ts';
import { freezeWorkspace } from './freeze.ts';
import { listFrozen, openFrozen, removeFrozen, verifyFrozen } from './frozen.ts';
import { initRepository, pushWorkspace } from './git.ts';
import { type InitResult, initWorkspace } from './init.ts';
import { acquireLock, isLocked, listLocks, releaseLock, withWorkspaceLock } from './locks/lock.ts';
import { localLocks } from './locks/local.ts';
import { checkLockCommand, underModeLock } from './locks/mode-rules.ts';
import { cleanupWorkspace, deleteWorkspace, workspaceHealth, workspaceStatus } from './maintenance.ts';
import { activateWorkspace, listWorkspaces, removeWorkspace } from './manage.ts';
import { metadataFile, readMetadata } from './metadata.ts';
import { migrateWorkspace } from './migrate.ts';
import { migrationSteps } from './migration-steps.ts';
import { preferences, setPreference } from './preferences.ts';
import { selectWorkspace } from './select.ts';

let home: string;
let surroundings: Surroundings;
let made: InitResult;
const version = '0.1.0';
const at = (...parts: string[]): string => path.join(made.path, ...parts);

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'workspace-'));
  surroundings = {
    env: { PATH: process.env['PATH'], USER: 'alice' },
    cwd: home,
    home,
    platform: 'linux',
    installation: '/opt/provisioning',
    now: () => new Date(),
  };
  made = await initWorkspace({ surroundings, version, target: 'demo', template: 'demo', activate: true });
});
afterEach(async () => {
  execFileSync('chmod', ['-R', 'u+w', home]);
  await rm(home, { recursive: true, force: true });
});

/** Everything of a tree that counts: names, modes, content. */
async function fingerprint(root: string, without: readonly string[] = []): Promise<string> {
  const hash = createHash('sha256');
  const walk = async (folder: string): Promise<void> => {
    for (const entry of (await readdir(path.join(root, folder), { withFileTypes: true })).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const name = path.join(folder, entry.name);
      if (without.includes(name)) continue;
      hash.update(`${name} ${(await stat(path.join(root, name))).mode.toString(8)}\n`);
      if (entry.isDirectory()) await walk(name);
      else hash.update(await readFile(path.join(root, name)));
    }
  };
  await walk('');
  return hash.digest('hex');
}

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

describe('versions and migration', () => {
  const workspace = (): { name: string; path: string } => ({ name: 'demo', path: made.path });

  test('03.A10 a newer minor version refuses changes; a newer patch and an older version run', async () => {
    const metadata = (await readMetadata(made.path))!;
    const of = (provisioning: string): ReturnType<typeof compatibilityOf> =>
      compatibilityOf({ ...metadata, version: { ...metadata.version, provisioning } }, '0.2.1', 'demo');
    expect(of('0.2.1').reason).toBe('version_match');
    expect(of('0.2.2')).toMatchObject({ reason: 'patch_newer', compatible: true });
    expect(of('0.1.0')).toMatchObject({ reason: 'migration_available', compatible: true });
    expect(of('0.0.9')).toMatchObject({ reason: 'migration_required', compatible: false });
    expect(of('0.3.0')).toMatchObject({ reason: 'workspace_too_new', compatible: false });
    await writeFile(
      metadataFile(made.path),
      (await readFile(metadataFile(made.path), 'utf8')).replace('provisioning: 0.1.0', 'provisioning: 0.2.0'),
    );
    await expect(requireCompatible(workspace(), version)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('is newer than system'),
    });
  });

  test('03.A11 migration writes metadata after a backup; a failing step restores byte for byte', async () => {
    await rm(metadataFile(made.path));
    await expect(requireCompatible(workspace(), version)).rejects.toMatchObject({
      message: expect.stringContaining('metadata not found'),
    });
    const lines: string[] = [];
    const result = await migrateWorkspace({
      surroundings,
      workspace: workspace(),
      version,
      report: (line) => lines.push(line),
    });
    expect(result).toMatchObject({ status: 'migrated', plan: { type: 'metadata_initialization' } });
    expect((await readMetadata(made.path))?.migration_history).toMatchObject([
      { success: true, to_version: version },
    ]);
    expect(lines[0]).toMatch(/^Backup created: /);
    expect((await migrateWorkspace({ surroundings, workspace: workspace(), version })).status).toBe(
      'up-to-date',
    );

    const ignore = ['.workspace_backups', '.provisioning/locks'];
    const before = await fingerprint(made.path, ignore);
    const broken = {
      name: 'broken',
      to: '0.2.0',
      breaking: false,
      async apply(): Promise<void> {
        await rm(at('infra'), { recursive: true });
        throw new Error('on purpose');
      },
    };
    await expect(
      migrateWorkspace({
        surroundings,
        workspace: workspace(),
        version: '0.2.0',
        steps: [...migrationSteps, broken],
      }),
    ).rejects.toMatchObject({
      exitCode: 1,
      message: 'Migration failed: broken: on purpose',
      hint: expect.stringContaining('restored'),
    });
    expect(await fingerprint(made.path, ignore)).toBe(before);
  });
});

describe('backups', () => {
  test('03.A12 a damaged archive changes nothing; a good one brings everything back', async () => {
    const { file, files } = await backupWorkspace({
      surroundings,
      workspace: { name: 'demo', path: made.path },
      version,
    });
    expect(files).toContain('infra/demo/servers.toml');
    expect(files.some((name) => name.startsWith('secrets/'))).toBe(false);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(at('infra/demo/servers.toml'), '# changed\n');
    const bytes = await readFile(file);
    const truncated = path.join(home, 'broken.tar.gz');
    await writeFile(truncated, bytes.subarray(0, bytes.length / 2));
    const before = await fingerprint(made.path, ['.provisioning/locks']);
    await expect(restoreWorkspace({ surroundings, version, backup: truncated })).rejects.toMatchObject({
      message: `Backup is damaged: ${truncated}`,
      exitCode: 1,
    });
    expect(await fingerprint(made.path, ['.provisioning/locks'])).toBe(before);
    const restored = await restoreWorkspace({ surroundings, version, backup: file });
    expect(await readFile(at('infra/demo/servers.toml'), 'utf8')).toContain('db-01');
    expect(restored.previous).toContain('.workspace_backups');
    expect((await listBackups(made.path)).map(({ reason }) => reason).sort()).toEqual([
      'manual',
      'pre_restore',
    ]);
  });
});

describe('freeze', () => {
  test('03.A13 a frozen version plans the same without what it was made from; a changed byte is refused', async () => {
    const shared = path.join(home, 'shared');
    await mkdir(shared);
    await writeFile(path.join(shared, 'sizes.ts'), 'export const memory = 512;\n');
    await rm(at('infra/demo/servers.toml'));
    await writeFile(
      at('infra/demo/servers.ts'),
      "import { memory } from '../../../../shared/sizes.ts';\nexport default [{ hostname: 'a', memory, taskservs: ['os'] }];\n",
    );
    await mkdir(path.join(home, 'extensions/os'), { recursive: true });
    await writeFile(path.join(home, 'extensions/os/manifest.yaml'), 'name: os\n');
    const record = (type: string, name: string): never =>
      ({
        name,
        type,
        version: '1.0.0',
        category: '',
        description: '',
        path: path.join(home, 'extensions/os'),
        layer: 'core',
        manifest: {},
      }) as never;
    const extensions = (type: string, name: string): Promise<never[]> =>
      Promise.resolve([record(type, name)]);
    const workspace = { name: 'demo', path: made.path };
    const manifest = await freezeWorkspace({
      surroundings,
      workspace,
      version: 'v1',
      systemVersion: version,
      extensions,
    });
    expect(manifest).toMatchObject({
      version: 'v1',
      infras: ['demo'],
      extensions: [{ name: 'local' }, { name: 'os' }],
    });
    const live = await loadInfrastructure({ workspacePath: made.path, infra: 'demo', surroundings });
    await rm(shared, { recursive: true });
    await rm(path.join(home, 'extensions'), { recursive: true });
    const frozen = await openFrozen(surroundings, workspace, 'v1', 'demo');
    expect(frozen.infrastructure.servers).toEqual(live.servers);
    expect(await stat(path.join(frozen.extensionsPath, 'taskservs/os/manifest.yaml'))).toBeDefined();
    await expect(
      freezeWorkspace({ surroundings, workspace, version: 'v1', systemVersion: version, extensions }),
    ).rejects.toMatchObject({ message: "Frozen version 'v1' already exists", exitCode: 1 });
    expect(await listFrozen(made.path)).toHaveLength(1);
    const victim = at('.frozen/v1/workspace/infra/demo/settings.toml');
    await chmod(victim, 0o600);
    await writeFile(victim, `${await readFile(victim, 'utf8')} `);
    await expect(verifyFrozen(made.path, 'v1')).rejects.toMatchObject({
      exitCode: 1,
      message: "Frozen version 'v1' was modified: workspace/infra/demo/settings.toml",
    });
    await expect(verifyFrozen(made.path, 'v9')).rejects.toMatchObject({ exitCode: 5 });
    await removeFrozen(made.path, 'v1', { force: true });
    expect(await listFrozen(made.path)).toEqual([]);
  });
});

describe('locks', () => {
  const options = (type: 'read' | 'write' | 'deploy', user = 'alice'): Parameters<typeof acquireLock>[0] => ({
    surroundings: { ...surroundings, env: { ...surroundings.env, USER: user } },
    workspace: { name: 'demo', path: made.path },
    type,
    operation: 'Deploying servers',
  });

  test('03.A14 of two processes exactly one gets the write lock; readers stand side by side', async () => {
    const source = fileURLToPath(new URL('./locks/lock.ts', import.meta.url));
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
});

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
