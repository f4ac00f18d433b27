import {
  type Context,
  type ObservedServer,
  type Plan,
  ProvisioningError,
  Server,
  type ServerSpec,
  applyDefaults,
} from '@provisioning/extensions-sdk';
import type { Data } from '../../config/document.ts';
import { specification } from './specification.ts';

/** A server outside of any definition, for people who try a provider (06 §9 `provider create-server`). */
export interface DirectServer {
  readonly name: string;
  readonly provider: string;
  readonly plan: string;
  readonly zone?: string;
  /** Image or template. */
  readonly os?: string;
  /** GB of the root disk. */
  readonly disk?: number;
}

/**
 * What the provider is asked for, with plan and zone settled.
 * @throws ProvisioningError `SERVER_EXISTS`, `INVALID_PLAN`, `INVALID_ZONE`.
 */
export async function directSpecification(context: Context, wanted: DirectServer): Promise<ServerSpec> {
  const { name: hostname, provider, plan, zone, os, disk } = wanted;
  const instance = await context.provider(provider);
  if (await instance.serverExists({ hostname })) {
    throw new ProvisioningError({
      code: 'SERVER_EXISTS',
      kind: 'conflict',
      message: `Server '${hostname}' already exists`,
      hint: 'Choose another name, or delete that one first.',
    });
  }
  const server: Data = { hostname, provider, plan, zone: zone ?? 'auto' };
  if (os !== undefined) server['os'] = os;
  if (disk !== undefined) server['disk'] = disk;
  applyDefaults(Server, server);
  return specification(context, server as Server);
}

/** Creates it and waits until it runs. */
export async function createDirectly(
  context: Context,
  provider: string,
  spec: ServerSpec,
): Promise<ObservedServer> {
  const instance = await context.provider(provider);
  return instance.createServer(spec, {
    wait: true,
    signal: context.signal,
    onProgress: (message) => context.report({ type: 'log', level: 'info', message }),
  });
}

/** The cheapest plan, and of equal ones the smallest. */
export function smallestPlan(plans: readonly Plan[]): Plan | undefined {
  return [...plans].sort(
    (a, b) =>
      (a.hourly ?? 1e9) - (b.hourly ?? 1e9) ||
      a.memory_mb - b.memory_mb ||
      a.cores - b.cores ||
      a.name.localeCompare(b.name),
  )[0];
}
