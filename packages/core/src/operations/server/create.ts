import { type Context, type ObservedServer, type Operation, Server } from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { StateFile } from '../../state/state.ts';
import { infraPath } from '../../state/paths.ts';
import { serverChange } from './difference.ts';
import { isDown, log, untilUsable } from './readiness.ts';
import { specification } from './specification.ts';

const Input = Type.Object({
  server: Type.Unsafe<Server>(Server),
  /** Delete a server that the provider reports in state `error` and make it anew. */
  replace_failed: Type.Optional(Type.Boolean()),
  /** False: the server is left `creating` once its provider has taken the call; a later list completes the record. */
  wait: Type.Optional(Type.Boolean()),
  /** Seconds a new server may take to answer before a warning is given. */
  settling: Type.Optional(Type.Number()),
  /** Delete a server of this run whose creation fails halfway; for runs that roll back. */
  remove_failed: Type.Optional(Type.Boolean()),
});

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

  async run(context, input) {
    try {
      return await create(context, input);
    } catch (error) {
      if (input.remove_failed === true) await removeUnfinished(context, input.server);
      throw error;
    }
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

async function create(
  context: Context,
  { server, replace_failed: replaceFailed = false, wait = true, settling }: Static<typeof Input>,
): Promise<CreatedServer> {
  const provider = await context.provider(server.provider);
  const state = new StateFile(infraPath(context));
  const reference = { hostname: server.hostname };
  const spec = await specification(context, server);
  let existing = await provider.getServer(reference, { signal: context.signal });
  if (existing?.status === 'error' && replaceFailed) {
    log(context, `Deleting ${server.hostname}, it is in state error`);
    await provider.deleteServer(reference, {
      keepStorage: true,
      force: true,
      wait: true,
      signal: context.signal,
    });
    existing = null;
  }
  // Journalled before the call: a replay after a crash must still know whether the server is this run's own.
  const { existed } = await context.step('look-up', async () => ({ existed: existing !== null }));

  let observed: ObservedServer;
  let before: CreatedServer['before'];
  // One that is still being created may have lost the process that did it: the provider goes on with it.
  if (existing === null || existing.status === 'creating') {
    log(context, `Creating server ${server.hostname} (${spec.cores} cores, ${spec.memory} MB, ${spec.os})`);
    observed = await provider.createServer(spec, {
      wait,
      signal: context.signal,
      onProgress: (message, level) => log(context, message, level),
      onCreated: (id) => {
        const { hostname, plan, zone, cores, memory, tags } = spec;
        const { provider: name } = server;
        return state.recordCreation(
          { id, hostname, provider: name, plan, zone, cores, memory, tags },
          context.now(),
        );
      },
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
      observed = await provider.updateServer(reference, { plan, cores, memory }, { signal: context.signal });
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
  if (!wait && !existed) {
    await state.recordServer({ ...observed, status: 'creating' }, context.now());
    const { id, ip_addresses } = observed;
    return { hostname: server.hostname, id, created: true, status: 'creating', ip_addresses };
  }
  const begun = (await state.read()).servers[server.hostname]?.operation !== undefined;
  const usable = await untilUsable(context, provider, server, observed, {
    resumed: existed && begun,
    ...(settling === undefined ? {} : { settling }),
  });
  observed = usable.observed;
  const { access } = usable;
  await state.recordServer(observed, context.now(), {
    finished: true,
    ...(access.kind === 'ssh' ? { ssh: { user: access.user, port: access.port } } : {}),
  });
  return {
    hostname: server.hostname,
    id: observed.id,
    created: !existed,
    status: observed.status,
    ip_addresses: observed.ip_addresses,
    ...(before === undefined ? {} : { before }),
  };
}

/** Deletes what a failed creation left, as its own record says that it is this creation's. */
async function removeUnfinished(context: Context, server: Server): Promise<void> {
  const state = new StateFile(infraPath(context));
  const record = (await state.read()).servers[server.hostname];
  if (record?.operation?.kind !== 'create') return;
  const provider = await context.provider(server.provider);
  await provider.deleteServer({ hostname: server.hostname }, { keepStorage: false, force: true, wait: true });
  await state.forgetServer(server.hostname);
}
