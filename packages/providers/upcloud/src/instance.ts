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
import type { ApiAccount } from './api-types.ts';
import { UpcloudConfig } from './config.ts';
import { quota } from './quota.ts';
import { buckets } from './resources/bucket.ts';
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
  const account = (operation: string) => api.get<{ account: ApiAccount }>('/account', { operation });
  return {
    validateConfig: async ({ online }) =>
      validationResult({
        issues: await configIssues(name, UpcloudConfig, context.config),
        credentials: api.credentials,
        ping: online ? () => account('validateConfig') : undefined,
      }),
    testConnection: () =>
      connectionResult(async () => {
        const { username, credits } = (await account('testConnection')).account;
        return { username, credits };
      }),
    health: () =>
      healthResult(
        () => account('health'),
        () => api.http.clock.now(),
      ),
    listPlans: (query) => catalogue.plans(query),
    listZones: () => catalogue.zones(),
    listImages: (query) => catalogue.images(query),
    getPricing: (query) => catalogue.prices(query),
    getQuota: () => quota(session),
    async listServers({ all = false, zone, status, signal } = {}) {
      const servers = await session.observedList({ operation: 'listServers', signal }, all);
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
    getIp: async (ref, type) => addressOf(observe(await session.get(ref, { operation: 'getIp' })), type),
    getAccess: async (ref) => sshAccess(name, observe(await session.get(ref, { operation: 'getAccess' }))),
    configureFirewall: async (ref, rules) => {
      const call = { operation: 'configureFirewall' };
      await setFirewall(session, (await session.get(ref, call)).uuid, rules, call);
    },
    getFirewall: async (ref) => {
      const call = { operation: 'getFirewall' };
      return getFirewall(session, (await session.get(ref, call)).uuid, call);
    },
    network: networks(session),
    volume: volumes(session),
    snapshot: snapshots(session),
    loadBalancer: loadBalancers(session),
    bucket: buckets(session),
    dispose: () => api.http.close(),
  };
}
