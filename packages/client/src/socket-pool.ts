import { TimeoutError } from './errors.ts';
import { ProvisioningWebSocket, type SocketOptions } from './socket.ts';
import { background } from './timing.ts';

export interface SocketPoolOptions extends SocketOptions {
  /** Connections at once; default 5. */
  readonly maxConnections?: number;
  /** Milliseconds that a caller waits for one; default 30000. */
  readonly acquireTimeout?: number;
  /** Milliseconds that an unused one stays open; default 60000. */
  readonly idleTimeout?: number;
}

interface Pooled {
  readonly key: string;
  readonly socket: ProvisioningWebSocket;
  readonly ready: Promise<void>;
  users: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

/** WebSockets shared by those who want the same events with the same token (14 §6). */
export class WebSocketPool {
  readonly #url: string;
  readonly #options: SocketPoolOptions;
  readonly #pooled = new Map<string, Pooled>();
  readonly #queue: (() => void)[] = [];
  #closed = false;

  constructor(url: string, options: SocketPoolOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  get size(): number {
    return this.#pooled.size;
  }

  /** @throws TimeoutError `WebSocket pool exhausted` */
  async getConnection(
    token: string | undefined,
    eventTypes: readonly string[],
  ): Promise<ProvisioningWebSocket> {
    const types = [...new Set(eventTypes)].sort();
    const key = JSON.stringify([token ?? '', types]);
    const { maxConnections = 5, acquireTimeout = 30_000 } = this.#options;
    const limit = Date.now() + acquireTimeout;
    for (;;) {
      const known = this.#pooled.get(key);
      if (known) return this.#use(known);
      if (this.#pooled.size < maxConnections || this.#evict()) return this.#open(key, token, types);
      if (!(await this.#turn(limit - Date.now())) || this.#closed) {
        throw new TimeoutError({
          code: 'POOL_EXHAUSTED',
          message: 'WebSocket pool exhausted',
          retryable: true,
        });
      }
    }
  }

  releaseConnection(connection: ProvisioningWebSocket): void {
    const pooled = [...this.#pooled.values()].find(({ socket }) => socket === connection);
    if (!pooled || pooled.users === 0 || --pooled.users > 0) return;
    const { idleTimeout = 60_000 } = this.#options;
    pooled.idle = background(setTimeout(() => this.#remove(pooled), idleTimeout));
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#pooled.values()];
    this.#pooled.clear();
    while (this.#queue.length > 0) this.#wake();
    for (const { idle } of all) clearTimeout(idle);
    await Promise.all(all.map(({ socket }) => socket.disconnect()));
  }

  async #use(pooled: Pooled): Promise<ProvisioningWebSocket> {
    pooled.users++;
    clearTimeout(pooled.idle);
    await pooled.ready;
    return pooled.socket;
  }

  async #open(
    key: string,
    token: string | undefined,
    types: readonly string[],
  ): Promise<ProvisioningWebSocket> {
    const socket = new ProvisioningWebSocket(this.#url, token ?? (async () => undefined), this.#options);
    if (types.length > 0) socket.subscribe(types);
    const pooled: Pooled = { key, socket, ready: socket.connect(), users: 0, idle: undefined };
    this.#pooled.set(key, pooled);
    // One that ends for good gives its place to whoever waits.
    socket.on('disconnected', ({ code }) => {
      if (code === 1000 || this.#options.reconnect === false) this.#forget(pooled);
    });
    socket.on('reconnectFailed', () => this.#forget(pooled));
    try {
      return await this.#use(pooled);
    } catch (error) {
      this.#forget(pooled);
      throw error;
    }
  }

  /** Closes an unused one for somebody else. */
  #evict(): boolean {
    const idle = [...this.#pooled.values()].find(({ users }) => users === 0);
    if (!idle) return false;
    this.#pooled.delete(idle.key);
    clearTimeout(idle.idle);
    void idle.socket.disconnect();
    return true;
  }

  #remove(pooled: Pooled): void {
    this.#forget(pooled);
    void pooled.socket.disconnect();
  }

  #forget(pooled: Pooled): void {
    if (this.#pooled.get(pooled.key) !== pooled) return;
    this.#pooled.delete(pooled.key);
    clearTimeout(pooled.idle);
    this.#wake();
  }

  #wake(): void {
    this.#queue.shift()?.();
  }

  /** Waits for one's turn. @returns false when the time is over */
  #turn(milliseconds: number): Promise<boolean> {
    if (milliseconds <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#queue.splice(this.#queue.indexOf(called), 1);
        resolve(false);
      }, milliseconds);
      const called = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#queue.push(called);
    });
  }
}
