import {
  type Access,
  type Context,
  type ObservedServer,
  type ProviderInstance,
  ProvisioningError,
  type Server,
} from '@provisioning/extensions-sdk';
import { setTimeout as delay } from 'node:timers/promises';
import { infraPath } from '../../state/paths.ts';
import { StateFile } from '../../state/state.ts';

export function isDown({ status }: ObservedServer): boolean {
  return status === 'stopped' || status === 'error' || status === 'unknown';
}

/** What is known of a server that is waited for. Seconds. */
export type WaitedFor = Pick<Server, 'hostname' | 'provider' | 'running_wait' | 'running_timeout'>;

/**
 * Waits until the server runs and answers. A start that a crash cut off can still end a moment later, so one that was
 * found half made is looked at once more, and started again when it went down.
 */
export async function untilUsable(
  context: Context,
  provider: ProviderInstance,
  server: WaitedFor,
  first: ObservedServer,
  { resumed, settling: patience }: { readonly resumed: boolean; readonly settling?: number },
): Promise<{ readonly observed: ObservedServer; readonly access: Access }> {
  const state = new StateFile(infraPath(context));
  const reference = { hostname: server.hostname };
  let observed = first;
  for (let round = 0; round < rounds; round += 1) {
    observed = await untilRunning(context, provider, server, observed);
    await state.recordServer(observed, context.now());
    context.report({ type: 'step', step: 'ssh', state: 'started' });
    const access = await reach(context, provider, server, patience);
    if (access !== undefined && resumed) await delay(settling, undefined, { signal: context.signal });
    const now = resumed ? await provider.getServer(reference, { signal: context.signal }) : observed;
    if (access !== undefined && now?.status === 'running') {
      context.report({ type: 'step', step: 'ssh', state: 'done' });
      return { observed: now, access };
    }
    log(context, `Starting ${server.hostname} again, it went down`);
    observed = await provider.setServerState(reference, 'running', {
      wait: true,
      force: false,
      signal: context.signal,
    });
  }
  throw new ProvisioningError({
    code: 'SERVER_CREATION_FAILED',
    message: `Server creation failed: ${server.hostname} starts and goes down again`,
    hint: `Look at it with 'provisioning server info ${server.hostname}', delete it and deploy again.`,
  });
}

/** Starts after which a server that goes down again is given up. */
const rounds = 5;
/** Milliseconds after which a start that was cut off has had its consequences. */
const settling = 1000;

/** Polls every `running_wait` seconds (at least 0.2) until the provider says running (05 §7.3.8). */
async function untilRunning(
  context: Context,
  provider: ProviderInstance,
  server: WaitedFor,
  first: ObservedServer,
): Promise<ObservedServer> {
  const limit = context.now() + server.running_timeout * 1000;
  let observed = first;
  while (observed.status !== 'running') {
    if (observed.status === 'error') {
      throw new ProvisioningError({
        code: 'SERVER_CREATION_FAILED',
        message: `Server creation failed: ${server.hostname} is in state error at ${server.provider}`,
        hint: `Look at it with 'provisioning server info ${server.hostname}', delete it and deploy again.`,
      });
    }
    if (context.now() > limit) {
      throw new ProvisioningError({
        code: 'SERVER_CREATION_TIMEOUT',
        message: `Server creation timeout: ${server.hostname} is ${observed.status} after ${server.running_timeout} s`,
        hint: 'Check network connectivity and try again; the next deploy goes on with the same server.',
        retryable: true,
      });
    }
    await delay(Math.max(server.running_wait * 1000, 200), undefined, { signal: context.signal });
    observed =
      (await provider.getServer({ hostname: server.hostname }, { signal: context.signal })) ?? observed;
  }
  return observed;
}

/**
 * Waits until the server answers over its access; host keys are learned here. A server that has just booted may drop a
 * connection once more while its services settle, so a lost one is tried again.
 * @param patience seconds that a server may take; past them a warning tells of it (05 §3 `servers_wait_started`).
 * @returns nothing when the server went down meanwhile
 */
async function reach(
  context: Context,
  provider: ProviderInstance,
  server: WaitedFor,
  patience: number | undefined,
): Promise<Access | undefined> {
  const access = await provider.getAccess({ hostname: server.hostname });
  const started = context.now();
  const limit = started + server.running_timeout * 1000;
  let warned = patience === undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const timeout = Math.max(1, (limit - context.now()) / 1000);
      const transport = await context.transports.open(access, { signal: context.signal, timeout });
      const { code, stderr } = await transport.run('true', { signal: context.signal, timeout: 30 });
      if (code === 0) return access;
      throw new ProvisioningError({
        code: 'SERVER_NOT_USABLE',
        message: `${transport.name} answers, but cannot run commands: ${stderr.trim()}`,
        hint: `Look at it with 'provisioning server ssh ${server.hostname}'.`,
      });
    } catch (error) {
      const failure = ProvisioningError.from(error);
      if (!failure.retryable || context.now() > limit) throw failure;
      if (!warned && context.now() - started > patience! * 1000) {
        warned = true;
        const left = Math.round((limit - context.now()) / 1000);
        log(
          context,
          `${server.hostname} runs and does not answer over SSH after ${patience} s; trying for ${left} s more`,
          'warn',
        );
      }
      // Not after each attempt: providers limit how often they are asked.
      if (attempt % 8 === 0) {
        const observed = await provider.getServer({ hostname: server.hostname }, { signal: context.signal });
        if (observed !== null && isDown(observed)) return undefined;
      }
      await delay(250, undefined, { signal: context.signal });
    }
  }
}

export function log(context: Context, message: string, level: 'info' | 'warn' = 'info'): void {
  context.report({ type: 'log', level, message });
}
