import type { LockProvider, LockRequest, WorkspaceLock } from './record.ts';
import { providerUnreachable } from './record.ts';

/** Removes what has expired by the server's own clock, and answers what is held. */
const prune = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local held = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('ZREM', KEYS[2], id)
  redis.call('HDEL', KEYS[1], id)
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  held[#held + 1] = { id, redis.call('HGET', KEYS[1], id), redis.call('ZSCORE', KEYS[2], id) }
end
`;

const acquire = `${prune}
local conflicts = {}
for _, lock in ipairs(held) do
  if not (ARGV[1] == 'read' and cjson.decode(lock[2]).type == 'read') then conflicts[#conflicts + 1] = lock end
end
if #conflicts > 0 then return { 'held', conflicts } end
local id = tostring(redis.call('INCR', KEYS[3]))
local expires = now + tonumber(ARGV[2])
redis.call('HSET', KEYS[1], id, ARGV[3])
redis.call('ZADD', KEYS[2], expires, id)
return { 'lock', { { id, ARGV[3], tostring(expires), tostring(now) } } }
`;

const renew = `${prune}
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), ARGV[1])
return 1
`;

const release = `
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
`;

const list = `${prune} return held`;

const cleanup = `
local before = redis.call('ZCARD', KEYS[2])
${prune}
return before - redis.call('ZCARD', KEYS[2])
`;

type Row = readonly [id: string, record: string, expires: string];

export interface ClosableLocks extends LockProvider {
  close(): Promise<void>;
}

/**
 * Locks in Redis (03 §12). Every step is one script, so that of two processes exactly one gets a lock; the server's
 * clock decides what has expired.
 */
export function redisLocks(url: string): ClosableLocks {
  const connected = connection(url);
  const run = async (
    script: string,
    workspace: { readonly name: string },
    ...values: (string | number)[]
  ): Promise<unknown> => {
    const base = `provisioning:locks:{${workspace.name}}`;
    try {
      const redis = await connected();
      return await redis.eval(script, 3, base, `${base}:expiry`, `${base}:last-id`, ...values);
    } catch (cause) {
      throw providerUnreachable('redis', cause);
    }
  };
  return {
    name: 'redis',
    async acquire(request) {
      const record = JSON.stringify(recordOf(request));
      const answer = (await run(acquire, request.workspace, request.type, request.life, record)) as [
        'lock' | 'held',
        Row[],
      ];
      const locks = answer[1].map(lockOf);
      if (answer[0] === 'held') return { held: locks };
      return { lock: locks[0]! };
    },
    release: async (workspace, id) => (await run(release, workspace, id)) === 1,
    renew: async (workspace, id, life) => (await run(renew, workspace, id, life)) === 1,
    list: async (workspace) => ((await run(list, workspace)) as Row[]).map(lockOf),
    cleanup: async (workspace) => (await run(cleanup, workspace)) as number,
    close: async () => {
      if (connected.open !== undefined) (await connected.open.catch(() => undefined))?.disconnect();
    },
  };
}

interface Connection {
  eval(script: string, keys: number, ...values: (string | number)[]): Promise<unknown>;
  disconnect(): void;
}

/** Connects when it is first needed; a server that does not answer within 5 s counts as unreachable. */
function connection(url: string): (() => Promise<Connection>) & { open?: Promise<Connection> } {
  const connect: (() => Promise<Connection>) & { open?: Promise<Connection> } = () =>
    (connect.open ??= (async () => {
      const { Redis } = await import('ioredis');
      const redis = new Redis(url, {
        lazyConnect: true,
        maxRetriesPerRequest: 1,
        retryStrategy: () => null,
        connectTimeout: 5000,
        commandTimeout: 5000,
      });
      redis.on('error', () => undefined);
      await redis.connect();
      return redis;
    })());
  return connect;
}

function recordOf(request: LockRequest): Omit<WorkspaceLock, 'id' | 'expires_at'> {
  return {
    workspace: request.workspace.name,
    type: request.type,
    user: request.user,
    host: request.host,
    pid: request.pid,
    operation: request.operation,
    acquired_at: new Date().toISOString(),
    provider: 'redis',
    ...(request.automatic === true ? { automatic: true } : {}),
  };
}

function lockOf([id, record, expires]: Row): WorkspaceLock {
  return {
    ...(JSON.parse(record) as Omit<WorkspaceLock, 'id' | 'expires_at'>),
    id,
    expires_at: new Date(Number(expires)).toISOString(),
  };
}
