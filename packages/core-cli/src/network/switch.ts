import {
  balancerEndpoint,
  balancersBetween,
  checkHealth,
  listInfrastructures,
  readShares,
  switchTraffic,
  withInfrastructureLock,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { type InfrastructureSession, openInfrastructure } from '../session/infrastructure.ts';
import { select } from '../session/workspace.ts';

export interface SwitchFlags {
  readonly from: string;
  readonly to: string;
  readonly steps: readonly number[];
  /** Milliseconds between a step and its health check. */
  readonly interval: number;
}

/** `network switch` (05 §8.3): moves the traffic of one infrastructure to another, step by step. */
export async function switchInfrastructures(command: ProvisioningCommand, flags: SwitchFlags): Promise<void> {
  const { out } = command;
  const { from, to, interval } = flags;
  await using sessions = await openAll(command, [from, to]);
  const places = await balancersOf(sessions.list, from, to);
  const endpoint = balancerEndpoint(places, from, to);
  const names = places.map(({ balancer }) => `${balancer.infra}/${balancer.name}`);
  const first = places[0];
  const current =
    first === undefined
      ? 0
      : ((await readShares(first.context.workspace.path, first.balancer.infra))[to] ?? 0);
  const result = { from, to, endpoint: endpoint?.kind ?? null, balancers: names, steps: flags.steps };
  if (command.globals.check && endpoint !== undefined) {
    await out.result({ check_mode: true, ...result, current }, () => [
      `${out.style.mark('warning')} Check mode: No changes will be made`,
      '',
      `Would switch: ${from} -> ${to} on ${names.join(', ')}`,
      ...flags.steps.map((step) => `  ${step} % to ${to}, then a health check`),
    ]);
    return;
  }
  const green = sessions.list.find(({ infrastructure }) => infrastructure.name === to)!;
  const run = (): Promise<void> =>
    switchTraffic(endpoint, {
      ...{ from, to, interval, current, steps: flags.steps, signal: command.signal },
      health: () => reasonOf(green),
      say: (line) => out.progress(line),
    });
  if (endpoint !== undefined) await command.confirm(`Move the traffic of ${from} to ${to}?`);
  const contexts = [...new Set(places.map(({ context }) => context))];
  await contexts.reduceRight<() => Promise<void>>(
    (work, context) => () => withInfrastructureLock(context, work),
    run,
  )();
  await out.result({ ...result, status: 'switched' }, () => [
    `${out.style.mark('ok')} Traffic switched from ${from} to ${to}`,
  ]);
  // Servers that hold the load balancer serve the new side as well: nothing to delete then.
  if (places.every(({ balancer }) => balancer.infra !== from))
    await command.next(`provisioning server delete --infra ${from}`);
}

type Balanced = { readonly context: InfrastructureSession['context'] } & {
  readonly balancer: Awaited<ReturnType<typeof balancersBetween>>[number];
};

async function balancersOf(
  sessions: readonly InfrastructureSession[],
  from: string,
  to: string,
): Promise<Balanced[]> {
  const found = await Promise.all(
    sessions.map(async ({ context, infrastructure }) =>
      (await balancersBetween(context, infrastructure, from, to)).map((balancer) => ({ context, balancer })),
    ),
  );
  return found.flat();
}

/** Why the new side is not healthy; nothing when it is. */
async function reasonOf({
  project,
  context,
  infrastructure,
}: InfrastructureSession): Promise<string | undefined> {
  const report = await checkHealth({
    ...{ project, context, infrastructure },
    areas: ['servers', 'taskservs', 'clusters'],
  });
  const items = [...report.servers, ...report.taskservs, ...report.clusters];
  if (items.length === 0) return `${infrastructure.name} has no server`;
  const bad = items.find(({ healthy }) => !healthy);
  return bad === undefined ? undefined : `${bad.name}: ${bad.reason ?? bad.status ?? 'not healthy'}`;
}

interface Sessions extends AsyncDisposable {
  readonly list: readonly InfrastructureSession[];
}

/**
 * Every infrastructure of the workspace: a load balancer may be in any of them. One that is not valid does not matter,
 * except those asked for.
 * @throws ProvisioningError `INFRA_NOT_FOUND` (5).
 */
async function openAll(command: ProvisioningCommand, needed: readonly string[]): Promise<Sessions> {
  const { name: workspace, path } = await select(command, 'none');
  const names = await listInfrastructures(path);
  for (const infra of needed) {
    if (names.includes(infra)) continue;
    throw new ProvisioningError({
      code: 'INFRA_NOT_FOUND',
      kind: 'not-found',
      message: `Infrastructure '${infra}' not found in workspace '${workspace}'`,
      hint: `Infrastructures: ${names.join(', ')}`,
    });
  }
  const list: InfrastructureSession[] = [];
  for (const infra of names) {
    try {
      list.push(await openInfrastructure(command, infra));
    } catch (error) {
      if (needed.includes(infra)) throw error;
      command.out.warn(`${infra} is left out: ${ProvisioningError.from(error).message}`);
    }
  }
  return {
    list,
    [Symbol.asyncDispose]: async () => {
      for (const session of list) await session[Symbol.asyncDispose]();
    },
  };
}
