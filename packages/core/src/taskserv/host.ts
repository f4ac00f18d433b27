import {
  type Access,
  type Context,
  type ObservedServer,
  ProvisioningError,
  type Transport,
} from '@provisioning/extensions-sdk';
import { join } from 'node:path';
import { StateFile } from '../state/state.ts';
import { isElsewhere, placeOfServer } from '../traffic/shares.ts';
import type { TemplateServer } from './templates.ts';

/** A server of the infrastructure as operations name it. */
export interface ServerTarget {
  readonly hostname: string;
  readonly provider: string;
}

/** A server a configuration refers to: a hostname on the same provider, or one elsewhere. */
export type ServerReference = string | ServerTarget;

/** Servers as providers report them, asked for at most once each. */
export class ServerDirectory {
  readonly #context: Context;
  readonly #known = new Map<string, Promise<ObservedServer | null>>();

  constructor(context: Context, observed: Iterable<ObservedServer> = []) {
    this.#context = context;
    for (const server of observed) this.#known.set(key(server), Promise.resolve(server));
  }

  find(target: ServerTarget): Promise<ObservedServer | null> {
    let server = this.#known.get(key(target));
    if (server === undefined) {
      server = this.#context
        .provider(target.provider)
        .then((provider) =>
          provider.getServer({ hostname: target.hostname }, { signal: this.#context.signal }),
        );
      this.#known.set(key(target), server);
    }
    return server;
  }

  /**
   * Addresses for templates. Servers that do not exist (yet) are left out: only a template that asks for their address
   * fails.
   */
  async addresses(
    target: ServerTarget,
    references: readonly ServerReference[],
  ): Promise<{
    readonly server: TemplateServer;
    readonly servers: Readonly<Record<string, TemplateServer>>;
  }> {
    const named = references.map((reference) =>
      typeof reference === 'string' ? { hostname: reference, provider: target.provider } : reference,
    );
    const others = named.filter(({ hostname }) => !isElsewhere(hostname));
    const [own, ...found] = await Promise.all([target, ...others].map((one) => this.find(one)));
    const servers: Record<string, TemplateServer> = {};
    for (const { hostname } of named) {
      if (!isElsewhere(hostname)) continue;
      const server = await this.#elsewhere(hostname, target.provider);
      if (server !== undefined) servers[hostname] = server;
    }
    found.forEach((server, index) => {
      if (server)
        servers[server.hostname] = templateServer(server, others[index]!.provider !== target.provider);
    });
    const server = own ? templateServer(own, false) : unknownServer(target.hostname);
    return { server, servers: { ...servers, [target.hostname]: server } };
  }

  /** A server of another infrastructure of the workspace, as that one knows it. */
  async #elsewhere(reference: string, provider: string): Promise<TemplateServer | undefined> {
    const { workspace, infra } = this.#context;
    const place = placeOfServer(reference, infra);
    const state = await new StateFile(join(workspace.path, 'infra', place.infra)).read();
    const record = state.servers[place.hostname];
    return record && templateServer({ ...record, hostname: reference }, record.provider !== provider);
  }
}

function key(target: ServerTarget): string {
  return `${target.provider}/${target.hostname}`;
}

/** Servers of one provider reach each other by private addresses, others by public ones. */
function templateServer(
  { hostname, ip_addresses: ip }: Pick<ObservedServer, 'hostname' | 'ip_addresses'>,
  elsewhere: boolean,
): TemplateServer {
  const [inside, outside] = [ip.private ?? '', ip.public ?? ''];
  const address = elsewhere ? outside || inside : inside || outside;
  return { hostname, ip: address, private_ip: inside, public_ip: outside };
}

function unknownServer(hostname: string): TemplateServer {
  return { hostname, ip: '', private_ip: '', public_ip: '' };
}

/** A connection to a server and whether commands need sudo there. */
export interface OpenHost {
  readonly transport: Transport;
  readonly access: Access;
}

/** @param timeout Seconds to go on trying while SSH is refused. */
export async function openHost(context: Context, target: ServerTarget, timeout?: number): Promise<OpenHost> {
  const provider = await context.provider(target.provider);
  const access = await provider.getAccess({ hostname: target.hostname });
  const transport = await context.transports.open(access, {
    signal: context.signal,
    ...(timeout === undefined ? {} : { timeout }),
  });
  return { transport, access };
}

/** `sudo` when the login is not root's. */
export function asRoot(access: Access): string {
  return access.kind === 'ssh' && access.user !== 'root' ? 'sudo -n ' : '';
}

/** A transient failure of the connection is tried again; what was done before is recognised on the host. */
export async function withReconnect<T>(context: Context, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const lost = error instanceof ProvisioningError && error.code === 'TRANSPORT_LOST';
      if (!lost || attempt >= 3 || context.signal.aborted) throw error;
      context.report({ type: 'log', level: 'warn', message: `${error.message}; connecting again` });
    }
  }
}
