import { type Operation, ProvisioningError } from '@provisioning/extensions-sdk';
import { Type } from 'typebox';
import { log } from './readiness.ts';
import { answering, notThere } from './update.ts';

const Input = Type.Object({
  server: Type.Object({
    hostname: Type.String(),
    provider: Type.String(),
    lock: Type.Optional(Type.Boolean()),
    /** Seconds between looks at a starting server, and after which it is given up. */
    running_wait: Type.Optional(Type.Number()),
    running_timeout: Type.Optional(Type.Number()),
  }),
  plan: Type.String({ minLength: 1 }),
});

interface Resized {
  readonly hostname: string;
  readonly before: { readonly plan: string; readonly cores: number; readonly memory: number };
  readonly plan: string;
}

/**
 * Gives a server another plan (05 §7.4): stopped where its provider wants that, changed, started, looked at. A failure
 * puts the old plan back and starts it again.
 */
export const serverResize: Operation<typeof Input, Resized> = {
  type: 'server.resize',
  input: Input,

  async plan(context, { server, plan }) {
    const provider = await context.provider(server.provider);
    const observed = await provider.getServer({ hostname: server.hostname }, { signal: context.signal });
    if (observed === null) throw notThere(server.hostname);
    const base = { kind: 'server', name: server.hostname } as const;
    if (observed.plan === plan) return [{ ...base, action: 'unchanged' }];
    return [
      { ...base, action: 'update', attributes: [{ attribute: 'plan', before: observed.plan, after: plan }] },
    ];
  },

  async run(context, { server, plan }) {
    if (server.lock === true) {
      throw new ProvisioningError({
        code: 'SERVER_LOCKED',
        kind: 'conflict',
        message: `Server '${server.hostname}' is locked`,
        hint: 'Set lock = false in its definition.',
      });
    }
    const provider = await context.provider(server.provider);
    const reference = { hostname: server.hostname };
    const { signal } = context;
    const observed = await provider.getServer(reference, { signal });
    if (observed === null) throw notThere(server.hostname);
    const { before, running } = await context.step('before', async () => ({
      before: { plan: observed.plan, cores: observed.cores, memory: observed.memory },
      running: observed.status === 'running',
    }));
    const start = (): Promise<unknown> =>
      provider.setServerState(reference, 'running', { wait: true, force: false, signal });
    log(context, `Resizing ${server.hostname} from ${before.plan || 'its own size'} to ${plan}`);
    try {
      try {
        await provider.resizeServer(reference, plan, { signal });
      } catch (error) {
        // Most clouds change a plan only while the server is down.
        if (!running || ProvisioningError.from(error).code !== 'PROVIDER_CONFLICT') throw error;
        log(context, `Stopping ${server.hostname}, its provider resizes only stopped servers`);
        await provider.setServerState(reference, 'stopped', { wait: true, force: false, signal });
        await provider.resizeServer(reference, plan, { signal });
      }
      if (running) await start();
      const after = await provider.getServer(reference, { signal });
      if (after?.plan !== plan) throw unverified(server.hostname, plan, after?.plan ?? 'none');
      const { running_wait = 20, running_timeout = 600 } = server;
      await answering(context, provider, { ...server, running_wait, running_timeout }, observed, after);
      return { hostname: server.hostname, before, plan };
    } catch (error) {
      log(context, `Putting ${server.hostname} back to its old size`, 'warn');
      await provider.updateServer(reference, before).catch(() => undefined);
      if (running) await start().catch(() => undefined);
      throw error;
    }
  },

  async undo(context, { server }, { before }) {
    const provider = await context.provider(server.provider);
    await provider.updateServer({ hostname: server.hostname }, before);
  },

  resources: ({ server }) => [`server/${server.hostname}`],
};

function unverified(hostname: string, wanted: string, found: string): ProvisioningError {
  return new ProvisioningError({
    code: 'RESIZE_FAILED',
    message: `Server resize failed: ${hostname} has plan ${found} instead of ${wanted}`,
    hint: `See the plans there are: provisioning provider plans`,
  });
}
