import { providerUnreachable } from './record.ts';

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

interface Put {
  readonly key: string;
  readonly value: string;
  readonly lease?: string;
}

/** The calls of etcd's JSON gateway that locks and requests need; the first address that answers is used. */
export class EtcdGateway {
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
