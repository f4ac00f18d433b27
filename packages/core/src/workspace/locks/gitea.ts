import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { GiteaRepository, type Issue } from './gitea-repository.ts';
import type { LockProvider, LockRequest, LockType, WorkspaceLock } from './record.ts';
import { conflicts } from './record.ts';

/** How long Gitea may take until an issue made elsewhere is in its lists. */
const readDelay = 1000;

export interface GiteaLockOptions {
  /** `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly token: string;
  /** `owner/name` of one repository for all workspaces; default the workspace's own, `workspaces/<name>`. */
  readonly repository?: string;
}

interface Held {
  readonly lock: WorkspaceLock;
  readonly issue: Issue;
}

/**
 * Locks as issues of a Gitea repository (03 §12): one open issue a lock, its number is the lock's id, and of those that
 * conflict the lowest number holds. Closed issues stay as the history. The server's clock decides what has expired.
 */
export function giteaLocks(options: GiteaLockOptions): LockProvider {
  const repositories = new Map<string, GiteaRepository>();
  const repositoryOf = ({ name }: { readonly name: string }): GiteaRepository => {
    const repository = options.repository ?? `workspaces/${name}`;
    const known = repositories.get(repository) ?? new GiteaRepository({ ...options, repository });
    repositories.set(repository, known);
    return known;
  };

  const sweep = async (workspace: {
    readonly name: string;
  }): Promise<{ readonly held: Held[]; readonly closed: number }> => {
    const repository = repositoryOf(workspace);
    const { issues, now } = await repository.open('lock:');
    const found: Held[] = [];
    let closed = 0;
    for (const issue of issues) {
      const lock = lockOf(issue);
      if (lock?.workspace !== workspace.name) continue;
      if (Date.parse(lock.expires_at) > now) found.push({ lock, issue });
      else {
        await repository.close(issue.number, 'Expired');
        closed += 1;
      }
    }
    return { held: found.sort((a, b) => a.issue.number - b.issue.number), closed };
  };
  const held = async (workspace: { readonly name: string }): Promise<Held[]> => (await sweep(workspace)).held;
  /** Those in the way of mine that were there first. */
  const inTheWay = async (request: LockRequest, mine = Infinity): Promise<WorkspaceLock[]> => {
    const before = (await held(request.workspace)).filter(({ issue }) => issue.number < mine);
    return conflicts(
      request.type,
      before.map(({ lock }) => lock),
    );
  };

  return {
    name: 'gitea',

    async acquire(request) {
      const first = await inTheWay(request);
      if (first.length > 0) return { held: first };
      const repository = repositoryOf(request.workspace);
      const now = await repository.now();
      const record = {
        workspace: request.workspace.name,
        type: request.type,
        operation: request.operation,
        user: request.user,
        host: request.host,
        pid: request.pid,
        acquired_at: new Date(now).toISOString(),
        expires_at: new Date(now + request.life).toISOString(),
        ...(request.automatic === true ? { automatic: true } : {}),
      };
      const title = `[lock] ${record.workspace} ${record.type}: ${record.operation}`;
      const id = await repository.create(title, bodyOf(record), `lock:${request.type}`);
      // The second look sees an issue that was made at the same moment and was not in the lists yet.
      for (const pause of [0, readDelay]) {
        await delay(pause);
        const winners = await inTheWay(request, id);
        if (winners.length === 0) continue;
        await repository.close(id, 'Lost the race');
        return { held: winners };
      }
      return { lock: { ...record, id: String(id), provider: 'gitea' } };
    },

    async release(workspace, id) {
      const found = (await held(workspace)).find(({ lock }) => lock.id === id);
      if (found === undefined) return false;
      const repository = repositoryOf(workspace);
      const seconds = Math.round(((await repository.now()) - Date.parse(found.lock.acquired_at)) / 1000);
      await repository.close(found.issue.number, `Released after ${Math.max(0, seconds)} s`);
      return true;
    },

    async renew(workspace, id, life) {
      const found = (await held(workspace)).find(({ lock }) => lock.id === id);
      if (found === undefined) return false;
      const repository = repositoryOf(workspace);
      const { id: _id, provider: _provider, ...record } = found.lock;
      const expires = new Date((await repository.now()) + life).toISOString();
      await repository.edit(found.issue.number, bodyOf({ ...record, expires_at: expires }));
      return true;
    },

    list: async (workspace) => (await held(workspace)).map(({ lock }) => lock),

    cleanup: async (workspace) => (await sweep(workspace)).closed,
  };
}

function bodyOf(record: object): string {
  return `\`\`\`yaml\n${stringify(record)}\`\`\`\n`;
}

const types: readonly string[] = ['read', 'write', 'deploy'] satisfies LockType[];

/** The lock an issue stands for; an issue that somebody wrote by hand is none. */
function lockOf({ number, body }: Issue): WorkspaceLock | undefined {
  const text = /^```yaml\r?\n([\s\S]*?)^```/m.exec(body)?.[1];
  if (text === undefined) return undefined;
  let record: Partial<WorkspaceLock> | null;
  try {
    record = parse(text) as Partial<WorkspaceLock> | null;
  } catch {
    return undefined;
  }
  if (typeof record?.workspace !== 'string' || !types.includes(String(record.type))) return undefined;
  if (Number.isNaN(Date.parse(String(record.expires_at)))) return undefined;
  return { ...(record as WorkspaceLock), id: String(number), provider: 'gitea' };
}
