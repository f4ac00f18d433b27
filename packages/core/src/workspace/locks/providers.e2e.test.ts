import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Surroundings } from '../../config/surroundings.ts';
import { acquireLock, listLocks, releaseLock, withWorkspaceLock } from './lock.ts';
import { underModeLock } from './mode-rules.ts';
import { type OpenedLocks, openLocks } from './provider.ts';
import { WorkspaceRequests } from '../requests/requests.ts';
import { requireApproval, type WorkspaceRequest } from '../requests/rules.ts';
import { freePort } from '../../../../../tools/testing/free-port.ts';

/** A server in a folder and on a port of its own. */
interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

async function serve(
  folder: string,
  command: (port: number, peer: number) => readonly [string, ...string[]],
  ready: (port: number) => Promise<boolean>,
): Promise<Server & { readonly port: number }> {
  const [port, peer] = [await freePort(), await freePort()];
  const [program, ...words] = command(port, peer);
  const child: ChildProcess = spawn(program, words, { cwd: folder, stdio: 'ignore' });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  const limit = Date.now() + 60_000;
  while (!(await ready(port).catch(() => false))) {
    if (Date.now() > limit || child.exitCode !== null) throw new Error(`${program} did not start`);
    await delay(50);
  }
  return {
    port,
    url: `127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

let folder: string;
let redis: Server;
let etcd: Server;
const workspace = { name: 'demo', path: '/nowhere' };
const surroundings = (user: string): Surroundings => ({
  env: { USER: user },
  cwd: '/',
  home: '/',
  platform: 'linux',
  installation: '/',
  now: () => new Date(),
});
const settings = (name: string): unknown =>
  ({
    'locking.redis.url': `redis://${redis.url}`,
    'locking.etcd.endpoints': [`http://${etcd.url}`],
  })[name];
const open = (name: 'redis' | 'etcd'): OpenedLocks => openLocks(name, { get: settings }, {});

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'locks-'));
  redis = await serve(
    folder,
    (port) => ['redis-server', '--port', String(port), '--save', '', '--bind', '127.0.0.1'],
    async (port) => {
      const { connect } = await import('node:net');
      return new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.on('error', () => resolve(false));
      });
    },
  );
  etcd = await serve(
    folder,
    (port, peer) => [
      'etcd',
      '--data-dir',
      path.join(folder, 'etcd'),
      '--listen-client-urls',
      `http://127.0.0.1:${port}`,
      '--advertise-client-urls',
      `http://127.0.0.1:${port}`,
      '--listen-peer-urls',
      `http://127.0.0.1:${peer}`,
      '--initial-advertise-peer-urls',
      `http://127.0.0.1:${peer}`,
      '--initial-cluster',
      `default=http://127.0.0.1:${peer}`,
    ],
    async (port) => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
  );
}, 120_000);
afterAll(async () => {
  await Promise.all([redis?.stop(), etcd?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

describe.each(['redis', 'etcd'] as const)('locks in %s', (name) => {
  const request = (type: 'read' | 'write' | 'deploy', user = 'alice') => ({
    surroundings: surroundings(user),
    workspace,
    type,
    operation: 'Deploying servers',
  });

  test('03.A14 of several processes exactly one gets the write lock; readers stand side by side', async () => {
    const source = fileURLToPath(new URL('./', import.meta.url));
    const url = name === 'redis' ? settings('locking.redis.url') : settings('locking.etcd.endpoints');
    const script = `import { acquireLock } from ${JSON.stringify(`${source}lock.ts`)};
      import { openLocks } from ${JSON.stringify(`${source}provider.ts`)};
      const value = ${JSON.stringify(url)};
      const locks = openLocks(${JSON.stringify(name)}, { get: () => value }, {});
      try {
        await acquireLock({ surroundings: { env: { USER: 'u' }, now: () => new Date() }, workspace: { name: 'race', path: '/' },
          type: 'write', operation: 'x', provider: locks.provider });
        console.log('got');
      } catch (error) { console.log(error.code); }
      await locks[Symbol.asyncDispose]();`;
    const run = (): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', script], {
          env: { ...process.env, NODE_OPTIONS: '' },
        });
        let out = '';
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.on('close', () => resolve(out.trim()));
      });
    expect((await Promise.all([run(), run(), run(), run()])).sort()).toEqual([
      'WORKSPACE_LOCKED',
      'WORKSPACE_LOCKED',
      'WORKSPACE_LOCKED',
      'got',
    ]);

    await using locks = open(name);
    const { provider } = locks;
    const first = await acquireLock({ ...request('read'), provider });
    const second = await acquireLock({ ...request('read', 'bob'), provider });
    expect(Number(second.id)).toBeGreaterThan(Number(first.id));
    expect((await listLocks(surroundings('alice'), workspace, provider)).map(({ user }) => user)).toEqual([
      'alice',
      'bob',
    ]);
    await expect(acquireLock({ ...request('deploy'), provider })).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(
        /^Workspace 'demo' is locked \(read\) by alice@.* for "Deploying servers"/,
      ),
    });
    for (const { id } of [first, second])
      await releaseLock({
        surroundings: surroundings('alice'),
        workspace,
        provider,
        id,
        force: true,
        reason: 'test',
      });
    const own = await acquireLock({ ...request('deploy'), provider });
    await releaseLock({ surroundings: surroundings('alice'), workspace, provider, id: own.id });
    expect(await listLocks(surroundings('alice'), workspace, provider)).toEqual([]);
  }, 60_000);

  test("03.A15 another's lock stops a command; the lock of a dead owner ends at its expiry; a held one is renewed", async () => {
    await using locks = open(name);
    const { provider } = locks;
    await acquireLock({ ...request('write', 'bob'), provider, life: 2000 });
    const mutation = {
      surroundings: surroundings('alice'),
      workspace,
      mode: 'multiuser' as const,
      provider,
      user: 'alice',
      operation: 'server create',
    };
    await expect(underModeLock(mutation, () => Promise.resolve(1))).rejects.toMatchObject({
      code: 'WORKSPACE_LOCKED',
      exitCode: 1,
      message: expect.stringContaining('by bob@'),
    });
    // Nobody renews it: waiting for it works.
    const waited = await acquireLock({ ...request('write'), provider, wait: 30_000 });
    await releaseLock({ surroundings: surroundings('alice'), workspace, provider, id: waited.id });
    await withWorkspaceLock({ ...request('write'), provider, life: 3000 }, async (signal) => {
      await delay(4500);
      expect(signal.aborted).toBe(false);
      expect(await listLocks(surroundings('alice'), workspace, provider)).toHaveLength(1);
    });
    expect(await listLocks(surroundings('alice'), workspace, provider)).toEqual([]);
    await expect(
      underModeLock({ ...mutation, mode: 'enterprise' }, () => Promise.resolve(1)),
    ).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('Workspace lock required') });
  }, 60_000);

  test('a lock that is taken away stops the operation; a server that is away is never ignored', async () => {
    await using locks = open(name);
    const { provider } = locks;
    await expect(
      withWorkspaceLock({ ...request('write'), provider, life: 3000 }, async (signal) => {
        const [lock] = await listLocks(surroundings('alice'), workspace, provider);
        await provider.release(workspace, lock!.id);
        while (!signal.aborted) await delay(20);
        throw signal.reason;
      }),
    ).rejects.toMatchObject({ code: 'LOCK_LOST' });
    const away = openLocks(
      name,
      { get: () => (name === 'redis' ? 'redis://127.0.0.1:1' : ['http://127.0.0.1:1']) },
      {},
    );
    await expect(acquireLock({ ...request('write'), provider: away.provider })).rejects.toMatchObject({
      exitCode: 1,
      message: `Lock provider ${name} is unreachable`,
    });
    await away[Symbol.asyncDispose]();
  }, 60_000);
});

describe('requests in etcd', () => {
  const teams = { 'platform-team': ['ada', 'bob'], 'security-team': ['bob', 'eve'] };
  const now = new Date();
  const later = (hours: number): Date => new Date(now.getTime() + hours * 3600_000);
  let requests: WorkspaceRequests;
  const ask = (user = 'mia'): Promise<WorkspaceRequest> =>
    requests.create({ workspace: 'demo', user, reason: 'upgrade', duration: 4 * 3600_000, teams }, now);
  const approve = (id: string, user: string, at = now): Promise<WorkspaceRequest> =>
    requests.decide(id, { user, decision: 'approved' }, teams, at);
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: { code: string }) => error.code,
    );

  beforeAll(() => {
    requests = new WorkspaceRequests({ endpoints: [`http://${etcd.url}`] });
  });

  test('03.A16 a request needs one member of each team, none of them the requester', async () => {
    const who = { user: 'mia', workspace: 'demo', teams };
    const [first, second] = await Promise.all([ask(), ask('ada')]);
    expect([first.id, second.id].sort()[0]).toMatch(/^WR-\d{8}-001$/);
    expect(first.id).not.toBe(second.id);
    expect(() => requireApproval([first], who, now)).toThrow(
      'Workspace request required (approval by: platform-team, security-team)',
    );
    expect(await code(approve(first.id, 'mia'))).toBe('SELF_APPROVAL');
    expect(await code(approve(second.id, 'ada'))).toBe('SELF_APPROVAL');
    expect(await code(approve(first.id, 'joe'))).toBe('NOT_AN_APPROVER');
    expect((await approve(first.id, 'bob')).state).toBe('pending');
    expect(await code(approve(first.id, 'bob'))).toBe('APPROVED_ALREADY');
    expect((await approve(first.id, 'ada')).state).toBe('approved');
    const all = await requests.list(now);
    expect(requireApproval(all, who, later(3)).id).toBe(first.id);
    expect(() => requireApproval(all, { ...who, user: 'ada' }, now)).toThrow();
    expect(() => requireApproval(all, { ...who, workspace: 'other' }, now)).toThrow();
    expect(() => requireApproval(all, who, later(5))).toThrow();
  });

  test('denied, cancelled and expired requests stay as they are; two approvals at once both count', async () => {
    const denied = await ask();
    const why = { user: 'eve', decision: 'denied', reason: 'not now' } as const;
    expect((await requests.decide(denied.id, why, teams, now)).state).toBe('denied');
    expect(await code(approve(denied.id, 'ada'))).toBe('REQUEST_CLOSED');
    const mine = await ask();
    expect(await code(requests.decide(mine.id, { user: 'ada', decision: 'cancelled' }, teams, now))).toBe(
      'NOT_THE_REQUESTER',
    );
    expect((await requests.decide(mine.id, { user: 'mia', decision: 'cancelled' }, teams, now)).state).toBe(
      'cancelled',
    );
    const old = await ask();
    expect((await requests.get(old.id, later(25))).state).toBe('expired');
    expect(await code(approve(old.id, 'ada', later(25)))).toBe('REQUEST_CLOSED');
    const both = await ask();
    await Promise.all([approve(both.id, 'ada'), approve(both.id, 'eve')]);
    expect((await requests.get(both.id, now)).state).toBe('approved');
    expect(await code(requests.get('WR-1', now))).toBe('REQUEST_NOT_FOUND');
  });
});
