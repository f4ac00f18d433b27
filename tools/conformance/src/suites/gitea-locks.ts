import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  acquireLock,
  giteaRemote,
  initRepository,
  listLocks,
  openLocks,
  processSurroundings,
  pushWorkspace,
  releaseLock,
  withWorkspaceLock,
} from '@provisioning/core';
import type { CaseResult, ConformanceSuite } from '../suite.ts';
import { freePort } from '../../../testing/free-port.ts';

const run = promisify(execFile);
const workspace = { name: 'demo', path: '/nowhere' };

interface Gitea {
  readonly url: string;
  readonly token: string;
  readonly process: ChildProcess;
}

/** Folder with Gitea's `options`, `templates` and `public`, for a program that was built without them. */
const assets = process.env['GITEA_STATIC_ROOT'];

/** A Gitea of its own in a folder, with a user, a token and the repository `workspaces/demo`. */
async function start(binary: string, folder: string): Promise<Gitea> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = path.join(folder, 'app.ini');
  await writeFile(
    config,
    `I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = ${folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = ${url}/
DISABLE_SSH = true
OFFLINE_MODE = true
${assets === undefined ? '' : `STATIC_ROOT_PATH = ${assets}`}
[database]
DB_TYPE = sqlite3
PATH = ${folder}/gitea.db
[security]
INSTALL_LOCK = true
[log]
LEVEL = Error
`,
  );
  const gitea = (...words: string[]): Promise<{ stdout: string }> =>
    run(binary, ['--config', config, ...words], { cwd: folder, env: { ...process.env, HOME: folder } });
  await gitea('migrate');
  const user = ['admin', 'user', 'create', '--admin', '--username', 'ada', '--password', 'pass-word-1'];
  await gitea(...user, '--email', 'ada@example.org', '--must-change-password=false');
  const token = ['admin', 'user', 'generate-access-token', '--username', 'ada', '--scopes', 'all', '--raw'];
  const { stdout } = await gitea(...token);
  const child = spawn(binary, ['--config', config, 'web'], {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, HOME: folder },
  });
  const until = Date.now() + 120_000;
  while (!(await fetch(`${url}/api/v1/version`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null || Date.now() > until) throw new Error('gitea did not start');
    await delay(200);
  }
  // Its warnings about root stand before the token.
  const made = { url, token: stdout.trim().split('\n').at(-1)!, process: child };
  const post = async (place: string, body: object): Promise<void> => {
    const response = await fetch(`${url}/api/v1/${place}`, {
      method: 'POST',
      headers: { authorization: `token ${made.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${place}: ${response.status} ${await response.text()}`);
  };
  try {
    await post('orgs', { username: 'workspaces' });
    await post('orgs/workspaces/repos', { name: 'demo', private: true });
  } catch (error) {
    child.kill();
    throw error;
  }
  return made;
}

/** The rules of 03 §12 against the issues of a real Gitea. */
async function cases(gitea: Gitea): Promise<CaseResult[]> {
  const settings = (url: string) => ({
    get: (key: string) => (key === 'locking.gitea.url' ? url : undefined),
  });
  const open = (url = gitea.url, token = gitea.token) =>
    openLocks('gitea', settings(url), { PROVISIONING_GITEA_TOKEN: token });
  const { provider } = open();
  const options = (type: 'read' | 'write' | 'deploy', user = 'ada', life = 60_000) => ({
    surroundings: { ...processSurroundings('/'), env: { USER: user } },
    workspace,
    type,
    operation: 'Deploying servers',
    provider,
    life,
  });
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
  const { surroundings } = options('write');
  const held = () => listLocks(surroundings, workspace, provider);
  const results: CaseResult[] = [];
  const check = async (name: string, work: () => Promise<unknown>, wanted: unknown): Promise<void> => {
    const found = await work().catch((error: unknown) => String(error));
    const same = JSON.stringify(found) === JSON.stringify(wanted);
    const reason = `expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`;
    results.push(same ? { name, status: 'passed' } : { name, status: 'failed', reason });
  };
  await check(
    '03.A14 of five who ask at once exactly one gets the write lock',
    async () => {
      const asked = await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map((user) => code(acquireLock(options('write', user)))),
      );
      const left = await held();
      await releaseLock({
        surroundings: { ...surroundings, env: { USER: left[0]!.user } },
        workspace,
        provider,
      });
      return [asked.filter((one) => one === 'none').length, left.length, (await held()).length];
    },
    [1, 1, 0],
  );
  await check(
    '03.A14 two read locks coexist; a deploy request then fails',
    async () => {
      const readers = await Promise.all([
        acquireLock(options('read', 'a')),
        acquireLock(options('read', 'b')),
      ]);
      const third = await code(acquireLock(options('deploy', 'c')));
      for (const { id } of readers) await provider.release(workspace, id);
      return third;
    },
    'WORKSPACE_LOCKED',
  );
  await check(
    '03.A15 a lock that nobody renews ends at its expiry',
    async () => {
      await acquireLock(options('write', 'a', 4000));
      const early = await code(acquireLock(options('write', 'b')));
      await delay(6000);
      const late = await acquireLock(options('write', 'b'));
      await provider.release(workspace, late.id);
      return early;
    },
    'WORKSPACE_LOCKED',
  );
  await check(
    'a held lock is renewed, and released at the end',
    async () => {
      const during = await withWorkspaceLock(options('write', 'a', 6000), async () => {
        await delay(9000);
        return (await held()).length;
      });
      return [during, (await held()).length];
    },
    [1, 0],
  );
  await check(
    'expired locks are closed and counted',
    async () => {
      await acquireLock(options('read', 'b', 60_000));
      await acquireLock(options('read', 'a', 4000));
      await delay(6000);
      const closed = await provider.cleanup(workspace, new Date());
      const left = await held();
      for (const { id } of left) await provider.release(workspace, id);
      return [closed, left.length];
    },
    [1, 1],
  );
  await check(
    '03 §14 a repository is made for a workspace, and git finds the token when it pushes',
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'conformance-gitea-workspace-'));
      try {
        const env = { PROVISIONING_GITEA_TOKEN: gitea.token };
        await initRepository(folder);
        const place = { name: 'shop', path: folder };
        await writeFile(path.join(folder, 'README.md'), 'A workspace\n');
        const address = await giteaRemote(place, settings(gitea.url), env);
        await initRepository(folder, address);
        process.env['PROVISIONING_GITEA_TOKEN'] = gitea.token;
        await pushWorkspace(folder);
        const git = async (...words: string[]): Promise<string> =>
          (await run('git', ['-C', folder, ...words])).stdout;
        const there = await git('ls-remote', 'origin', 'refs/heads/main');
        return [address, there.split('\t')[0] === (await git('rev-parse', 'HEAD')).trim()];
      } finally {
        delete process.env['PROVISIONING_GITEA_TOKEN'];
        await rm(folder, { recursive: true, force: true });
      }
    },
    [`${gitea.url}/workspaces/shop.git`, true],
  );
  await check(
    'a wrong token is refused',
    () => code(open(gitea.url, 'x').provider.list(workspace, new Date())),
    'GITEA_TOKEN_REFUSED',
  );
  await check(
    'nobody continues unlocked where Gitea is away',
    async () => code(open(`http://127.0.0.1:${await freePort()}`).provider.list(workspace, new Date())),
    'LOCK_PROVIDER_UNREACHABLE',
  );
  return results;
}

const suite: ConformanceSuite = {
  title:
    'Workspace locks in the issues of a real Gitea (GITEA_PATH names its program, GITEA_STATIC_ROOT the folder of its sources where it was built without them)',
  async run() {
    const binary = process.env['GITEA_PATH'] ?? 'gitea';
    const found = await run(binary, ['--version']).then(
      () => true,
      () => false,
    );
    if (!found)
      return { cases: [{ name: 'gitea', status: 'skipped', reason: 'no gitea program: set GITEA_PATH' }] };
    const folder = await mkdtemp(path.join(tmpdir(), 'conformance-gitea-'));
    let gitea: Gitea | undefined;
    try {
      gitea = await start(binary, folder);
      return { cases: await cases(gitea) };
    } finally {
      if (gitea !== undefined && gitea.process.exitCode === null) {
        const ended = new Promise((resolve) => gitea?.process.once('exit', resolve));
        gitea.process.kill('SIGTERM');
        await ended;
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};
export default suite;
