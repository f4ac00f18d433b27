import { infraPath, StateFile, verdictOf } from '@provisioning/core';
import { ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import type { InfrastructureSession } from '../session/infrastructure.ts';

/** One thing that was tried on the network of a server. */
export interface NetworkResult {
  readonly server: string;
  readonly check: string;
  readonly ok: boolean;
  readonly reason: string;
}

/**
 * What a server says of its network: a name is found, the gateway is there, every other server answers on its SSH port.
 * One round trip; each line is `check|ok` or `check|reason`.
 */
function script(
  others: readonly { readonly hostname: string; readonly address: string; readonly port: number }[],
): string {
  const reach = others.map(
    ({ hostname, address, port }) =>
      `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && echo 'reach ${hostname}|ok' || echo 'reach ${hostname}|no answer from ${address}:${port} within 3 s'`,
  );
  return [
    `getent hosts "$(hostname)" >/dev/null && echo 'dns|ok' || echo 'dns|its own name is not found'`,
    `gw=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p' | head -n 1)`,
    `if [ -z "$gw" ]; then echo 'gateway|no default route'; elif ip neigh show "$gw" | grep -qv FAILED || ping -c 1 -W 2 "$gw" >/dev/null 2>&1; then echo 'gateway|ok'; else echo "gateway|$gw does not answer"; fi`,
    ...reach,
  ].join('\n');
}

/** Tries the network of every server that exists (05 §7.5 `network test`). */
export async function testNetwork(session: InfrastructureSession): Promise<readonly NetworkResult[]> {
  const { context, infrastructure } = session;
  const { servers: known } = await new StateFile(infraPath(context)).read();
  const servers = infrastructure.servers.filter(({ hostname }) => known[hostname] !== undefined);
  const tried = await Promise.all(
    servers.map(async (server): Promise<readonly NetworkResult[]> => {
      const others = servers.flatMap(({ hostname, user_ssh_port: port }) => {
        const { private: inside, utility, public: outside } = known[hostname]!.ip_addresses;
        const address = inside ?? utility ?? outside;
        return hostname === server.hostname || address === undefined ? [] : [{ hostname, address, port }];
      });
      return trySsh(session, server, script(others));
    }),
  );
  return tried.flat();
}

async function trySsh(
  { context }: InfrastructureSession,
  { hostname, provider }: Server,
  commands: string,
): Promise<readonly NetworkResult[]> {
  try {
    const access = await (await context.provider(provider)).getAccess({ hostname });
    const transport = await context.transports.open(access, { signal: context.signal, timeout: 5 });
    const { stdout } = await transport.run('sh -s', {
      input: commands,
      signal: context.signal,
      timeout: 120,
    });
    const lines = stdout.split('\n').filter((line) => line.includes('|'));
    return [
      { server: hostname, check: 'ssh', ok: true, reason: '' },
      ...lines.map((line) => {
        const [check = '', said = ''] = line.split('|');
        return { server: hostname, check, ok: said === 'ok', reason: said === 'ok' ? '' : said };
      }),
    ];
  } catch (error) {
    context.signal.throwIfAborted();
    return [{ server: hostname, check: 'ssh', ok: false, reason: ProvisioningError.from(error).message }];
  }
}

/** The way from one server to another, with the first rule that blocks it. */
export interface Trace {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly hops: readonly string[];
  readonly allowed: boolean;
  /** `rule 2 of web-01: deny tcp 22 from 0.0.0.0/0`. */
  readonly blocked_by?: string;
}

/** Hops as the server sees them, and what the rules of the other one say (05 §7.5 `network trace`). */
export async function traceNetwork(
  session: InfrastructureSession,
  from: Server,
  to: Server,
  port: number,
): Promise<Trace> {
  const { context } = session;
  const { servers: known } = await new StateFile(infraPath(context)).read();
  const address = (hostname: string): string | undefined => {
    const { private: inside, utility, public: outside } = known[hostname]?.ip_addresses ?? {};
    return inside ?? utility ?? outside;
  };
  const target = address(to.hostname);
  if (known[from.hostname] === undefined || target === undefined) {
    throw new ProvisioningError({
      code: 'SERVER_NOT_CREATED',
      kind: 'not-found',
      message: `Server '${target === undefined ? to.hostname : from.hostname}' has no IP address`,
      hint: 'Create it: provisioning server create',
    });
  }
  const access = await (await context.provider(from.provider)).getAccess({ hostname: from.hostname });
  const transport = await context.transports.open(access, { signal: context.signal, timeout: 10 });
  const { stdout } = await transport.run(`ip route get ${target}`, { signal: context.signal, timeout: 10 });
  const via = /\bvia (\S+)/.exec(stdout)?.[1];
  const hops = [address(from.hostname) ?? from.hostname, ...(via === undefined ? [] : [via]), target];
  const { allowed, rule } = verdictOf(to, port, address(from.hostname));
  return { from: from.hostname, to: to.hostname, port, hops, allowed, ...blockedBy(to, allowed, rule) };
}

function blockedBy(
  { hostname, firewall_rules: rules }: Server,
  allowed: boolean,
  position: number | undefined,
): Pick<Trace, 'blocked_by'> {
  if (allowed) return {};
  if (position === undefined) return { blocked_by: `${hostname}: no rule allows it` };
  const { action, protocol, port, source } = rules[position - 1]!;
  return { blocked_by: `rule ${position} of ${hostname}: ${action} ${protocol} ${port} from ${source}` };
}
