import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ContainerPlan } from '../plan/containers.ts';

/**
 * Waits until a service says that it is healthy.
 * @param alive tells whether its container still runs; when it does not, nobody waits on.
 * @throws ProvisioningError `SERVICE_UNHEALTHY` with what it said last.
 */
export async function untilHealthy(
  { service, health }: Pick<ContainerPlan, 'service' | 'health'>,
  seconds: number,
  alive: () => Promise<string | undefined>,
  signal: AbortSignal,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    signal.throwIfAborted();
    let last: string;
    try {
      const { ok, status } = await ask(health.url, health.credentials, signal);
      if (ok) return;
      last = `HTTP ${status}`;
    } catch (error) {
      signal.throwIfAborted();
      last = (error as Error).message;
    }
    const ended = await alive();
    if (ended !== undefined || Date.now() > end) {
      throw new ProvisioningError({
        code: 'SERVICE_UNHEALTHY',
        message: ended ?? `${service} is not healthy after ${seconds} s: ${last}`,
      });
    }
    await delay(100, undefined, { signal });
  }
}

/**
 * Asks a service which versions it goes with.
 * @throws ProvisioningError `SMOKE_TEST_FAILED`.
 */
export async function checkVersions(service: string, url: string, signal: AbortSignal): Promise<void> {
  const answer = await ask(url, undefined, signal).catch((error: unknown) => error as Error);
  if (!(answer instanceof Error) && answer.ok) return;
  const reason = answer instanceof Error ? answer.message : `HTTP ${answer.status}`;
  throw new ProvisioningError({
    code: 'SMOKE_TEST_FAILED',
    message: `${service} does not answer ${new URL(url).pathname}: ${reason}`,
  });
}

async function ask(url: string, credentials: string | undefined, signal: AbortSignal): Promise<Response> {
  const authorization = credentials === undefined ? {} : { authorization: `Basic ${btoa(credentials)}` };
  const response = await fetch(url, {
    headers: authorization,
    signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
  });
  await response.arrayBuffer();
  return response;
}
