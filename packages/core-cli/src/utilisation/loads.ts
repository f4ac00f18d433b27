import { setTimeout as delay } from 'node:timers/promises';
import { infraPath, type Load, measureLoad, readClusters, StateFile } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { type InfrastructureSession, openInfrastructure } from '../session/infrastructure.ts';

/** How busy a server is now, or why that cannot be said. Percent. */
export interface ServerLoad {
  readonly server: string;
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly reason?: string;
}

/** Servers that run, of those named: a server, a group, or a cluster with its servers. Default all. */
export async function runningServers(
  { context, infrastructure }: InfrastructureSession,
  names: readonly string[] = [],
): Promise<readonly string[]> {
  const { servers } = await new StateFile(infraPath(context)).read();
  const running = Object.keys(servers).filter((name) => servers[name]!.status === 'running');
  if (names.length === 0) return running;
  const clusters = await readClusters(context);
  const found = names.flatMap((name) => {
    const members = clusters[name]?.components.flatMap((component) => component.servers) ?? [];
    const group = infrastructure.servers.filter((server) => server['group'] === name);
    const chosen = [...members, ...group.map(({ hostname }) => hostname), name];
    const there = running.filter((hostname) => chosen.includes(hostname));
    if (there.length > 0) return there;
    throw new ProvisioningError({
      code: 'SERVER_NOT_FOUND',
      kind: 'not-found',
      message: `No server, group or cluster that runs is called ${name}`,
      hint: `Servers that run: ${running.join(', ') || 'none'}`,
    });
  });
  return [...new Set(found)];
}

/** Looks at each for a second, side by side. */
export async function loadsOf(
  { context }: InfrastructureSession,
  hostnames: readonly string[],
): Promise<readonly ServerLoad[]> {
  const { servers } = await new StateFile(infraPath(context)).read();
  return Promise.all(
    hostnames.map(async (server): Promise<ServerLoad> => {
      const { provider, cores, memory } = servers[server]!;
      try {
        return { server, ...(await measureLoad(context, { hostname: server, provider, cores, memory })) };
      } catch (error) {
        context.signal.throwIfAborted();
        return { server, cpu: null, memory: null, reason: ProvisioningError.from(error).message };
      }
    }),
  );
}

export interface Monitoring {
  readonly names?: readonly string[];
  /** Milliseconds between two looks, and for how long. */
  readonly interval: number;
  readonly duration: number;
}

/** What was seen of a server while it was monitored. */
export interface MonitoredServer {
  readonly server: string;
  readonly samples: number;
  readonly cpu: { readonly mean: number; readonly highest: number };
  readonly memory: { readonly mean: number; readonly highest: number };
}

/** `metrics monitor`, `performance monitor`: looks again and again, and sums up at the end. Ctrl-C ends it. */
export async function monitorLoads(command: ProvisioningCommand, wish: Monitoring): Promise<void> {
  const { out } = command;
  await using session = await openInfrastructure(command);
  const hostnames = await runningServers(session, wish.names);
  const seen = new Map<string, Load[]>(hostnames.map((name) => [name, []]));
  const end = performance.now() + wish.duration;
  for (;;) {
    for (const { server, cpu, memory, reason } of await loadsOf(session, hostnames)) {
      if (cpu === null || memory === null) out.warn(`${server}: ${reason}`);
      else {
        seen.get(server)!.push({ cpu, memory });
        out.progress(`${server}: cpu ${cpu} %, memory ${memory} %`);
      }
    }
    if (performance.now() + wish.interval > end) break;
    await delay(wish.interval, undefined, { signal: session.context.signal });
  }
  const rows = [...seen].map(([server, loads]) => summary(server, loads));
  const percent = ({ mean, highest }: MonitoredServer['cpu']): string => `${mean} % (highest ${highest} %)`;
  await out.list(
    rows,
    [
      { title: 'SERVER', value: ({ server }) => server },
      { title: 'SAMPLES', value: ({ samples }) => samples, align: 'right' },
      { title: 'CPU', value: ({ cpu }) => percent(cpu) },
      { title: 'MEMORY', value: ({ memory }) => percent(memory) },
    ],
    'running servers',
  );
}

function summary(server: string, loads: readonly Load[]): MonitoredServer {
  const of = (pick: (load: Load) => number): MonitoredServer['cpu'] => {
    const values = loads.map(pick);
    const mean = values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean: Math.round(mean * 10) / 10, highest: Math.max(0, ...values) };
  };
  return { server, samples: loads.length, cpu: of(({ cpu }) => cpu), memory: of(({ memory }) => memory) };
}
