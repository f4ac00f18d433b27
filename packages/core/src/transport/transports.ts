import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Access,
  ProvisioningError,
  type Transport,
  type Transports,
} from '@provisioning/extensions-sdk';
import type { Client } from 'ssh2';
import { KnownHosts } from './known-hosts.ts';
import { LocalTransport } from './local-transport.ts';
import { accessName, connectOnce, type SshAccess, type SshIdentity } from './ssh-connection.ts';
import { type ConnectionSource, SshTransport } from './ssh-transport.ts';
import { interrupted } from './transport-error.ts';

export interface TransportOptions {
  /** Host keys live here, in OpenSSH's format; a workspace has `.runtime/known_hosts`. */
  readonly knownHostsFile: string;
  /** Socket of an SSH agent, used when an access names no key file. */
  readonly agentSocket?: string;
  /** Keys tried when an access names no key file. */
  readonly defaultKeyFiles?: readonly string[];
  /** Environment of commands on this machine (`local` access). */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Seconds to go on trying while a host refuses connections; default 60. */
  readonly connectTimeout?: number;
  /** Seconds after which an unused connection is closed; default 60. */
  readonly idleTimeout?: number;
}

/** Seconds one attempt to connect may take. */
const attemptTimeout = 15;

/** Pools transports: one SSH connection for one access, however many commands run over it. */
export function createTransports(options: TransportOptions): Transports {
  return new TransportPool(options);
}

class TransportPool implements Transports {
  readonly #options: TransportOptions;
  readonly #identity: SshIdentity;
  readonly #connections = new Map<string, PooledConnection>();
  readonly #local: LocalTransport;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#local = new LocalTransport(options.environment ?? {});
    this.#identity = {
      knownHosts: new KnownHosts(options.knownHostsFile),
      agentSocket: options.agentSocket,
      defaultKeyFiles: options.defaultKeyFiles ?? [],
    };
  }

  async open(
    access: Access,
    options: { readonly signal?: AbortSignal; readonly timeout?: number } = {},
  ): Promise<Transport> {
    if (this.#closed)
      throw new ProvisioningError({ code: 'INTERNAL', kind: 'bug', message: 'Transports are closed' });
    if (access.kind === 'local') return this.#local;
    const key = JSON.stringify([
      access.host,
      access.port,
      access.user,
      access.keyFile ?? null,
      access.hostKeyAlias ?? null,
    ]);
    let connection = this.#connections.get(key);
    if (connection === undefined) {
      connection = new PooledConnection(access, this.#identity, this.#options);
      this.#connections.set(key, connection);
    }
    await connection.connect(options.signal, options.timeout);
    return connection.transport;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
    this.#connections.clear();
  }
}

/** One connection, made on demand, made again after it broke, closed when nobody used it for a while. */
class PooledConnection implements ConnectionSource {
  readonly transport: Transport;
  readonly #access: SshAccess;
  readonly #identity: SshIdentity;
  readonly #budget: number;
  readonly #idle: number;
  #client: Promise<Client> | undefined;
  #commands = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(access: SshAccess, identity: SshIdentity, options: TransportOptions) {
    this.#access = access;
    this.#identity = identity;
    this.#budget = options.connectTimeout ?? 60;
    this.#idle = options.idleTimeout ?? 60;
    this.transport = new SshTransport(accessName(access), this);
  }

  /** @param budget Seconds to go on trying; the pool's default otherwise. */
  async connect(signal: AbortSignal | undefined, budget = this.#budget): Promise<Client> {
    if (this.#client !== undefined) {
      try {
        return await this.#client;
      } catch (error) {
        // Whoever started this attempt gave up; that is no reason for us to.
        const theirs = error instanceof ProvisioningError && error.code === 'INTERRUPTED';
        if (!theirs || signal?.aborted === true) throw error;
        return this.connect(signal, budget);
      }
    }
    const attempt = connectWithRetry(this.#access, this.#identity, budget, signal);
    this.#client = attempt;
    const forget = (): void => {
      if (this.#client === attempt) this.#client = undefined;
    };
    attempt.then((client) => client.once('close', forget), forget);
    return attempt;
  }

  begin(): void {
    this.#commands += 1;
    clearTimeout(this.#idleTimer);
  }

  end(): void {
    this.#commands -= 1;
    if (this.#commands > 0) return;
    this.#idleTimer = setTimeout(() => void this.close(), this.#idle * 1000);
    this.#idleTimer.unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    if (client === undefined) return;
    await new Promise<void>((resolve) => {
      // A peer that does not answer the farewell must not hold us.
      const timer = setTimeout(() => client.destroy(), 500);
      client.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      client.end();
    });
  }
}

/** Tries again with growing pauses while the host refuses connections: it may be starting. */
async function connectWithRetry(
  access: SshAccess,
  identity: SshIdentity,
  budget: number,
  signal: AbortSignal | undefined,
): Promise<Client> {
  const deadline = performance.now() + budget * 1000;
  for (let pause = 200; ; pause = Math.min(pause * 1.6, 3_000)) {
    const left = deadline - performance.now();
    try {
      return await connectOnce(
        access,
        identity,
        Math.max(1_000, Math.min(left, attemptTimeout * 1000)),
        signal,
      );
    } catch (error) {
      const again = error instanceof ProvisioningError && error.retryable;
      if (!again || performance.now() + pause > deadline) throw error;
    }
    await sleep(pause, undefined, { signal }).catch((error: unknown) => {
      throw interrupted(accessName(access), error);
    });
  }
}
