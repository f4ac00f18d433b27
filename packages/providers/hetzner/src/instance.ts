import type { ProviderContext, ProviderInstance } from '@provisioning/extensions-sdk';
import {
  addressOf,
  configIssues,
  connectionResult,
  healthResult,
  matchingServers,
  sshAccess,
  validationResult,
} from '@provisioning/extensions-sdk/cloud';
import { name } from './api.ts';
import { HetznerConfig } from './config.ts';
import { quota } from './quota.ts';
import { buckets } from './resources/bucket.ts';
import { dns } from './resources/dns.ts';
import { getFirewall, setFirewall } from './resources/firewall.ts';
import { loadBalancers } from './resources/load-balancer.ts';
import { networks } from './resources/network.ts';
import { snapshots } from './resources/snapshot.ts';
import { volumes } from './resources/volume.ts';
import { resizeServer, setServerState, updateServer } from './server/change.ts';
import { createServer } from './server/create.ts';
import { deleteServer } from './server/delete.ts';
import { observe } from './server/observe.ts';
import { Session } from './session.ts';

/** The provider bound to one infrastructure; sends nothing by itself. */
export function createInstance(context: ProviderContext): ProviderInstance {
  const session = new Session(context);
  const { api, catalogue } = session;
  const { limits } = context.config as HetznerConfig;
  const bucket = buckets(session);
  const ping = (operation: string) => api.get('/locations', { operation }, { per_page: 1 });
  return {
    validateConfig: async ({ online }) =>
      validationResult({
        issues: await configIssues(name, HetznerConfig, context.config),
        credentials: [{ found: api.hasToken, message: 'Missing API key', variable: 'HCLOUD_TOKEN' }],
        ping: online ? () => ping('validateConfig') : undefined,
      }),
    testConnection: () =>
      connectionResult(async () => {
        const servers = await api.get<{ meta: { pagination: { total_entries: number | null } } }>(
          '/servers',
          { operation: 'testConnection' },
          { per_page: 1 },
        );
        return { servers_in_project: servers.meta.pagination.total_entries };
      }),
    health: () =>
      healthResult(
        () => ping('health'),
        () => api.http.clock.now(),
      ),
    listPlans: (query) => catalogue.plans(query),
    listZones: () => catalogue.zones(),
    listImages: (query) => catalogue.images(query),
    getPricing: (query) => catalogue.prices(query),
    ...(limits === undefined ? {} : { getQuota: () => quota(session, limits) }),
    async listServers({ all = false, zone, status, signal } = {}) {
      const servers = (await session.servers({ operation: 'listServers', signal }, all)).map(observe);
      return matchingServers(servers, { zone, status });
    },
    async getServer(ref, options) {
      const server = await session.find(ref, { operation: 'getServer', signal: options?.signal });
      return server === undefined ? null : observe(server);
    },
    async serverExists(ref, options) {
      return (await session.find(ref, { operation: 'serverExists', signal: options?.signal })) !== undefined;
    },
    createServer: (spec, options) => createServer(session, spec, options),
    deleteServer: (ref, options) => deleteServer(session, ref, options),
    setServerState: (ref, state, options) => setServerState(session, ref, state, options),
    resizeServer: (ref, plan, options) => resizeServer(session, ref, plan, options),
    updateServer: (ref, patch, options) => updateServer(session, ref, patch, options),
    getIp: async (ref, type) => addressOf(await session.observed(ref, { operation: 'getIp' }), type),
    getAccess: async (ref) => sshAccess(name, await session.observed(ref, { operation: 'getAccess' })),
    configureFirewall: async (ref, rules) => {
      const call = { operation: 'configureFirewall' };
      await setFirewall(session, await session.get(ref, call), rules, call);
    },
    getFirewall: (ref) => getFirewall(session, ref.hostname, { operation: 'getFirewall' }),
    network: networks(session),
    volume: volumes(session),
    snapshot: snapshots(session),
    loadBalancer: loadBalancers(session),
    dns: dns(session),
    bucket,
    dispose: async () => {
      await Promise.all([api.http.close(), bucket.close()]);
    },
  };
}
