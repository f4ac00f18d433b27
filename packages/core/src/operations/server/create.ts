import {
  type Context,
  type ObservedServer,
  type Operation,
  type ProviderInstance,
  ProvisioningError,
  Server,
} from '@provisioning/extensions-sdk';
import { setTimeout as delay } from 'node:timers/promises';
import { Type } from 'typebox';
import { StateFile } from '../../state/state.ts';
import { infraPath } from '../../project/paths.ts';
import { serverChange } from './difference.ts';
import { specification } from './specification.ts';

const Input = Type.Object({ server: Type.Unsafe<Server>(Server) });

export interface CreatedServer {
  readonly hostname: string;
  readonly id: string;
  /** False when the server was there before this workflow: a rollback keeps it. */
  readonly created: boolean;
  readonly status: string;
  readonly ip_addresses: ObservedServer['ip_addresses'];
  /** What it was before, when it was changed. */
  readonly before?: { readonly plan: string; readonly cores: number; readonly memory: number };
}

/**
 * Brings one server to the state its definition wishes (05 §7.3): creates it, starts it again, or changes its size.
 * A server that exists under our tags is never created twice.
 */
export const serverCreate: Operation<typeof Input, CreatedServer> = {
  type: 'server.create',
  input: Input,

  async plan(context, { server }) {
    const provider = await context.provider(server.provider);
    const metadata = await context.providerMetadata(server.provider);
    const observed = await provider.getServer({ hostname: server.hostname });
    const plans = await provider.listPlans();
    return [
      serverChange(server, observed ?? undefined, {
        plans,
        sizesFreely: metadata.category !== 'cloud',
        known: false,
      }),
    ];
  },

  async run(context, { server }) {
    const provider = await context.provider(server.provider);
    const state = new StateFile(infraPath(context));
    const reference = { hostname: server.hostname };
    const spec = await specification(context, server);
    const existing = await provider.getServer(reference, { signal: context.signal });
    // Journalled before the call: a replay after a crash must still know whether the server is this run's own.
    const { existed } = await context.step('look-up', async () => ({ existed: existing !== null }));

    let observed: ObservedServer;
    let before: CreatedServer['before'];
    if (existing === null) {
      log(context, `Creating server ${server.hostname} (${spec.cores} cores, ${spec.memory} MB, ${spec.os})`);
      observed = await provider.createServer(spec, {
        wait: true,
        signal: context.signal,
        onProgress: (message, level) => log(context, message, level),
        onHost: async (access, command) => {
          const transport = await context.transports.open(access, { signal: context.signal });
          return transport.run(command, { signal: context.signal, timeout: 60 });
        },
      });
    } else {
      observed = existing;
      const differs =
        existing.cores !== spec.cores ||
        existing.memory !== spec.memory ||
        (spec.plan !== '' && existing.plan !== spec.plan);
      if (differs) {
        log(context, `Resizing ${server.hostname} to ${spec.cores} cores, ${spec.memory} MB`);
        before = { plan: existing.plan, cores: existing.cores, memory: existing.memory };
        const { plan, cores, memory } = spec;
        observed = await provider.updateServer(
          reference,
          { plan, cores, memory },
          { signal: context.signal },
        );
      }
      if (isDown(observed)) {
        log(context, `Starting ${server.hostname}, it is ${observed.status}`);
        observed = await provider.setServerState(reference, 'running', {
          wait: true,
          force: false,
          signal: context.signal,
        });
      }
    }
    observed = await untilRunning(context, provider, server, observed);
    await state.recordServer(observed, context.now());
    context.report({ type: 'step', step: 'ssh', state: 'started' });
    await reach(context, provider, server);
    context.report({ type: 'step', step: 'ssh', state: 'done' });
    return {
      hostname: server.hostname,
      id: observed.id,
      created: !existed,
      status: observed.status,
      ip_addresses: observed.ip_addresses,
      ...(before === undefined ? {} : { before }),
    };
  },

  async undo(context, { server }, output) {
    const provider = await context.provider(server.provider);
    const reference = { hostname: server.hostname };
    if (output.created) {
      await provider.deleteServer(reference, {
        keepStorage: false,
        force: true,
        wait: true,
        signal: context.signal,
      });
      await new StateFile(infraPath(context)).forgetServer(server.hostname);
    } else if (output.before !== undefined) {
      await provider.updateServer(reference, output.before, { signal: context.signal });
    }
  },

  partial: ({ server }, steps) => begun(server.hostname, steps),
  resources: ({ server }) => [`server/${server.hostname}`],
};

/** What is known of a server whose creation was cut off: whether it was there before. */
function begun(hostname: string, steps: ReadonlyMap<string, unknown>): CreatedServer | undefined {
  const found = steps.get('look-up') as { readonly existed: boolean } | undefined;
  if (found === undefined || found.existed) return undefined;
  return { hostname, id: '', created: true, status: 'unknown', ip_addresses: {} };
}

function isDown({ status }: ObservedServer): boolean {
  return status === 'stopped' || status === 'error' || status === 'unknown';
}

/** Polls every `running_wait` seconds (at least 0.2) until the provider says running (05 §7.3.8). */
async function untilRunning(
  context: Context,
  provider: ProviderInstance,
  server: Server,
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
 */
async function reach(context: Context, provider: ProviderInstance, server: Server): Promise<void> {
  const access = await provider.getAccess({ hostname: server.hostname });
  const limit = context.now() + server.running_timeout * 1000;
  for (;;) {
    try {
      const timeout = Math.max(1, (limit - context.now()) / 1000);
      const transport = await context.transports.open(access, { signal: context.signal, timeout });
      const { code, stderr } = await transport.run('true', { signal: context.signal, timeout: 30 });
      if (code === 0) return;
      throw new ProvisioningError({
        code: 'SERVER_NOT_USABLE',
        message: `${transport.name} answers, but cannot run commands: ${stderr.trim()}`,
        hint: `Look at it with 'provisioning server ssh ${server.hostname}'.`,
      });
    } catch (error) {
      const failure = ProvisioningError.from(error);
      if (!failure.retryable || context.now() > limit) throw failure;
      await delay(250, undefined, { signal: context.signal });
    }
  }
}

function log(context: Context, message: string, level: 'info' | 'warn' = 'info'): void {
  context.report({ type: 'log', level, message });
}
