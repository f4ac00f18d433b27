import type { Context, ObservedServer, Server } from '@provisioning/extensions-sdk';
import { infraPath } from '../../state/paths.ts';
import { StateFile } from '../../state/state.ts';
import { attempt, type AttemptLimits } from './attempt.ts';

/** One thing that was looked at. */
export interface HealthItem {
  readonly name: string;
  readonly healthy: boolean;
  readonly status: string;
  /** Why it is not. */
  readonly reason?: string;
  readonly version?: string;
}

/** Share of disk and processors above which a server is not healthy. */
const full = 90;

/**
 * Every server that exists or should: running at its provider, answering over its access, with room on its disk
 * (05 §9.8). Servers that were never created are not asked.
 */
export async function serverHealth(
  context: Context,
  servers: readonly Server[],
  limits: AttemptLimits = {},
  only?: string,
): Promise<readonly HealthItem[]> {
  const state = await new StateFile(infraPath(context)).read();
  const providers = new Map<string, string>([
    ...servers.map(({ hostname, provider }): [string, string] => [hostname, provider]),
    ...Object.entries(state.servers).map(([hostname, { provider }]): [string, string] => [
      hostname,
      provider,
    ]),
  ]);
  const items = await Promise.all(
    [...providers]
      .filter(([hostname]) => only === undefined || hostname === only)
      .map(async ([hostname, provider]): Promise<HealthItem | undefined> => {
        let observed: ObservedServer | null | undefined;
        const unreachable = await attempt(
          async (signal) => {
            observed = await (await context.provider(provider)).getServer({ hostname }, { signal });
            return undefined;
          },
          context.signal,
          limits,
        );
        const known = hostname in state.servers;
        if (unreachable !== undefined) return known ? failed(hostname, unreachable, 'unknown') : undefined;
        if (observed === null || observed === undefined)
          return known ? failed(hostname, `gone at ${provider}`, 'deleted') : undefined;
        if (observed.status !== 'running')
          return failed(hostname, `the server is ${observed.status}`, observed.status);
        const reason = await attempt(
          (signal) => ask(context, hostname, provider, signal),
          context.signal,
          limits,
        );
        return reason === undefined
          ? { name: hostname, healthy: true, status: 'running' }
          : failed(hostname, reason, 'running');
      }),
  );
  return items.filter((item) => item !== undefined);
}

/** What a server says of itself over its own access; nothing when it is well. */
async function ask(
  context: Context,
  hostname: string,
  provider: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const access = await (await context.provider(provider)).getAccess({ hostname });
  const transport = await context.transports.open(access, { signal, timeout: 5 });
  const { code, stdout, stderr } = await transport.run(
    'df -P / | awk \'NR==2 {sub("%","",$5); print $5}\'; cut -d\' \' -f1 /proc/loadavg; nproc',
    { signal, timeout: 5 },
  );
  if (code !== 0) return `it cannot run commands: ${stderr.trim().split('\n').at(-1) ?? ''}`;
  const [disk = 0, load = 0, processors = 1] = stdout.trim().split('\n').map(Number);
  if (disk >= full) return `its disk is ${disk} % full`;
  const { category } = await context.providerMetadata(provider);
  // A container shows the load of the machine it runs on, which says nothing of the container.
  const own = category === 'cloud' || category === 'baremetal';
  if (own && (load / processors) * 100 >= full)
    return `its load is ${load} on ${processors} ${processors === 1 ? 'processor' : 'processors'}`;
  return undefined;
}

function failed(name: string, reason: string, status: string): HealthItem {
  return { name, healthy: false, status, reason };
}
