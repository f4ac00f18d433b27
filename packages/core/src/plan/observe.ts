import {
  type Context,
  type ObservedServer,
  ProvisioningError,
  type Plan as ProviderPlan,
  type Server,
} from '@provisioning/extensions-sdk';
import { StateFile } from '../state/state.ts';
import { infraPath } from '../state/paths.ts';
import { type TaskservObservation, type TaskservPackages, observeServer } from '../taskserv/index.ts';
import type { PlannedTaskserv } from './uses.ts';

/** What one provider reports of this infrastructure. */
export interface ObservedProvider {
  readonly servers: ReadonlyMap<string, ObservedServer>;
  readonly plans: readonly ProviderPlan[];
  readonly sizesFreely: boolean;
  /** Why it could not be asked; its servers and plans are unknown then. Only where the caller can live with that. */
  readonly unreachable?: string;
}

/** Asks every provider at once. One that fails stops the plan: without it the difference would be a guess. */
export async function observeProviders(
  context: Context,
  names: readonly string[],
): Promise<ReadonlyMap<string, ObservedProvider>> {
  const entries = await Promise.all(
    names.map(async (name): Promise<[string, ObservedProvider]> => [
      name,
      await observeProvider(context, name),
    ]),
  );
  return new Map(entries);
}

/**
 * The same for a preview, which needs neither network nor credentials (05 §7.3.5): a provider that can't be asked is
 * taken to have no servers, and says why.
 */
export async function observeReachable(
  context: Context,
  names: readonly string[],
): Promise<ReadonlyMap<string, ObservedProvider>> {
  const entries = await Promise.all(
    names.map(async (name): Promise<[string, ObservedProvider]> => {
      try {
        return [name, await observeProvider(context, name)];
      } catch (error) {
        const failure = ProvisioningError.from(error);
        if (failure.kind === 'bug' || failure.kind === 'interrupted' || failure.code === 'PROVIDER_NOT_FOUND')
          throw failure;
        const { category } = await context.providerMetadata(name);
        const plans = await context
          .provider(name)
          .then((provider) => provider.listPlans())
          .catch(() => []);
        return [
          name,
          {
            servers: new Map(),
            plans,
            sizesFreely: category !== 'cloud',
            unreachable: failure.message,
          },
        ];
      }
    }),
  );
  return new Map(entries);
}

async function observeProvider(context: Context, name: string): Promise<ObservedProvider> {
  const [provider, metadata] = await Promise.all([context.provider(name), context.providerMetadata(name)]);
  const [servers, plans] = await Promise.all([
    provider.listServers({ signal: context.signal }),
    provider.listPlans(),
  ]);
  return {
    servers: new Map(servers.map((server) => [server.hostname, server])),
    plans,
    sizesFreely: metadata.category !== 'cloud',
  };
}

/** Taskservs of one running server; when it can't be reached, why. */
export type ServerFacts =
  | {
      readonly reachable: true;
      readonly taskservs: ReadonlyMap<string, TaskservObservation>;
      readonly others: readonly string[];
    }
  | { readonly reachable: false; readonly reason: string };

/**
 * Facts of the given servers, one stream a server, at most `parallel` at once. A server that does not answer within
 * `timeout` seconds is reported as such, not as an error: the deploy will wait for it longer.
 */
export async function observeServers(
  context: Context,
  servers: readonly { readonly server: Server; readonly taskservs: readonly PlannedTaskserv[] }[],
  options: {
    readonly parallel: number;
    readonly timeout: number;
    readonly packages: TaskservPackages;
    readonly known: ReadonlyMap<string, ObservedProvider>;
  },
): Promise<ReadonlyMap<string, ServerFacts>> {
  const facts = new Map<string, ServerFacts>();
  const queue = [...servers];
  const known = [...options.known.values()].flatMap((provider) => [...provider.servers.values()]);
  const workers = Array.from({ length: Math.min(options.parallel, queue.length) }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { server, taskservs } = next;
      try {
        const uses = taskservs.map(({ use }) => use);
        const { taskservs: observed, others } = await observeServer(context, server, uses, {
          packages: options.packages,
          servers: known,
          connectTimeout: options.timeout,
        });
        facts.set(server.hostname, {
          reachable: true,
          taskservs: new Map(observed.map((entry) => [entry.name, entry])),
          others,
        });
      } catch (error) {
        const failure = ProvisioningError.from(error);
        if (!failure.code.startsWith('TRANSPORT_') || !failure.retryable) throw failure;
        facts.set(server.hostname, { reachable: false, reason: failure.message });
      }
    }
  });
  await Promise.all(workers);
  return facts;
}

/** Brings the state cache in line with what the providers say. */
export async function refreshState(
  context: Context,
  observed: ReadonlyMap<string, ObservedProvider>,
): Promise<void> {
  const state = new StateFile(infraPath(context));
  const before = await state.read();
  const servers = [...observed.values()].flatMap((provider) => [...provider.servers.values()]);
  const stale = servers.filter((server) => {
    const known = before.servers[server.hostname];
    return (
      known?.id !== server.id ||
      known.status !== server.status ||
      known.memory !== server.memory ||
      known.cores !== server.cores ||
      JSON.stringify(known.ip_addresses) !== JSON.stringify(server.ip_addresses)
    );
  });
  for (const server of stale) await state.recordServer(server, context.now());
}
