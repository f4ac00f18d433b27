import { setTimeout as delay } from 'node:timers/promises';
import type { LockProvider, LockRequest, WorkspaceLock } from './record.ts';
import { conflicts, providerUnreachable } from './record.ts';

export interface EtcdOptions {
  /** `http://127.0.0.1:2379`; the first that answers is used. */
  readonly endpoints: readonly string[];
  readonly username?: string;
  readonly password?: string;
}

interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly mod_revision: string;
  readonly lease?: string;
}

/** Life of a lock that etcd keeps alive at least, in seconds. */
const shortestLease = 1;

/**
 * Locks in etcd (03 §12): a key below `/provisioning/locks/<ws>/` with a lease, so that the lock of a dead process ends
 * by itself. Taking one is a transaction on the guard of the workspace: of two processes exactly one succeeds. Speaks
 * the JSON gateway of etcd's API v3 (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/).
 */
export function etcdLocks(options: EtcdOptions): LockProvider {
  const etcd = new Gateway(options);
  const prefix = (workspace: { readonly name: string }): string => `/provisioning/locks/${workspace.name}/`;
  const held = async (workspace: { readonly name: string }): Promise<WorkspaceLock[]> => {
    const now = Date.now();
    return (await etcd.range(`${prefix(workspace)}held/`, true))
      .map(({ value }) => JSON.parse(value) as WorkspaceLock)
      .filter(({ expires_at: end }) => Date.parse(end) > now)
      .sort((a, b) => Number(a.id) - Number(b.id));
  };
  return {
    name: 'etcd',

    async acquire(request) {
      const guard = `${prefix(request.workspace)}guard`;
      for (;;) {
        const [state] = await etcd.range(guard);
        const inTheWay = conflicts(request.type, await held(request.workspace));
        if (inTheWay.length > 0) return { held: inTheWay };
        const id = String(Number(state?.value ?? '0') + 1);
        const lock = recordOf(request, id);
        const lease = await etcd.grant(request.life);
        const taken = await etcd.transaction(
          { key: guard, revision: state?.mod_revision ?? '0' },
          { key: guard, value: id },
          { key: `${prefix(request.workspace)}held/${id}`, value: JSON.stringify(lock), lease },
        );
        if (taken) return { lock };
        await etcd.revoke(lease);
        await delay(5 + Math.random() * 20);
      }
    },

    async release(workspace, id) {
      const [entry] = await etcd.range(`${prefix(workspace)}held/${id}`);
      if (entry === undefined) return false;
      // Ending the lease removes its key.
      if (entry.lease === undefined) await etcd.remove(entry.key);
      else await etcd.revoke(entry.lease);
      return true;
    },

    async renew(workspace, id, life) {
      const key = `${prefix(workspace)}held/${id}`;
      const [entry] = await etcd.range(key);
      if (entry === undefined) return false;
      const lock = JSON.parse(entry.value) as WorkspaceLock;
      const lease = await etcd.grant(life);
      const kept = await etcd.transaction(
        { key, revision: entry.mod_revision },
        {
          key,
          value: JSON.stringify({ ...lock, expires_at: new Date(Date.now() + life).toISOString() }),
          lease,
        },
      );
      await etcd.revoke(kept ? (entry.lease ?? lease) : lease);
      return kept;
    },

    list: (workspace) => held(workspace),
  };
}

function recordOf(request: LockRequest, id: string): WorkspaceLock {
  const now = Date.now();
  return {
    id,
    workspace: request.workspace.name,
    type: request.type,
    user: request.user,
    host: request.host,
    pid: request.pid,
    operation: request.operation,
    acquired_at: new Date(now).toISOString(),
    expires_at: new Date(now + request.life).toISOString(),
    provider: 'etcd',
    ...(request.automatic === true ? { automatic: true } : {}),
  };
}

interface Put {
  readonly key: string;
  readonly value: string;
  readonly lease?: string;
}

/** The calls of the gateway that locks need. */
class Gateway {
  readonly #options: EtcdOptions;
  #token: string | undefined;

  constructor(options: EtcdOptions) {
    this.#options = options;
  }

  async range(key: string, prefixed = false): Promise<KeyValue[]> {
    const end = prefixed ? { range_end: encode(next(key)) } : {};
    const { kvs = [] } = (await this.#call('kv/range', { key: encode(key), ...end })) as {
      kvs?: { key: string; value?: string; mod_revision: string; lease?: string }[];
    };
    return kvs.map((entry) => ({
      key: decode(entry.key),
      value: decode(entry.value ?? ''),
      mod_revision: entry.mod_revision,
      ...(entry.lease === undefined || entry.lease === '0' ? {} : { lease: entry.lease }),
    }));
  }

  /** Writes all when `condition.key` is still at its revision (0: does not exist). */
  async transaction(
    condition: { readonly key: string; readonly revision: string },
    ...puts: readonly Put[]
  ): Promise<boolean> {
    const answer = (await this.#call('kv/txn', {
      compare: [
        {
          key: encode(condition.key),
          target: 'MOD',
          result: 'EQUAL',
          mod_revision: condition.revision,
        },
      ],
      success: puts.map(({ key, value, lease }) => ({
        request_put: {
          key: encode(key),
          value: encode(value),
          ...(lease === undefined ? {} : { lease }),
        },
      })),
    })) as { succeeded?: boolean };
    return answer.succeeded === true;
  }

  async grant(life: number): Promise<string> {
    const TTL = String(Math.max(shortestLease, Math.ceil(life / 1000)));
    return ((await this.#call('lease/grant', { TTL })) as { ID: string }).ID;
  }

  async revoke(lease: string): Promise<void> {
    await this.#call('lease/revoke', { ID: lease });
  }

  async remove(key: string): Promise<void> {
    await this.#call('kv/deleterange', { key: encode(key) });
  }

  async #call(path: string, body: object): Promise<unknown> {
    let cause: unknown;
    for (const endpoint of this.#options.endpoints) {
      try {
        return await this.#post(endpoint, path, body);
      } catch (error) {
        cause = error;
      }
    }
    throw providerUnreachable('etcd', cause);
  }

  async #post(endpoint: string, path: string, body: object): Promise<unknown> {
    const { username, password } = this.#options;
    if (username !== undefined && this.#token === undefined && path !== 'auth/authenticate') {
      const answer = (await this.#post(endpoint, 'auth/authenticate', { name: username, password })) as {
        token: string;
      };
      this.#token = answer.token;
    }
    const response = await fetch(new URL(`/v3/${path}`, endpoint), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.#token === undefined ? {} : { authorization: this.#token }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    });
    if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}`);
    return response.json();
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/** The first key behind all that begin with `key`. */
function next(key: string): string {
  return key.slice(0, -1) + String.fromCharCode(key.charCodeAt(key.length - 1) + 1);
}
