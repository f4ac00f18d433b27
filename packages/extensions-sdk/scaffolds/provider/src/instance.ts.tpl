import type { ProviderContext, ProviderInstance } from '@provisioning/extensions-sdk';
import { addressOf, connectionResult, healthResult, sshAccess, validationResult } from '@provisioning/extensions-sdk/cloud';
import { Api, name, observe } from './api.ts';
import { Servers } from './servers.ts';

interface ApiPlan {
  readonly name: string;
  readonly cores: number;
  readonly memory_mb: number;
  readonly disk_gb: number;
  readonly hourly: number;
}

/** A provider bound to one infrastructure. Nothing is contacted until a function is called. */
export function createInstance(context: ProviderContext): ProviderInstance {
  const api = new Api(context);
  const servers = new Servers(api, context);
  const plans = async (): Promise<ApiPlan[]> =>
    (await api.get<{ plans: ApiPlan[] }>('/plans', { operation: 'listPlans' })).plans;
  const zones = async (): Promise<{ name: string; region: string }[]> =>
    (await api.get<{ zones: { name: string; region: string }[] }>('/zones', { operation: 'listZones' })).zones;
  const account = (operation: string): Promise<unknown> => api.get('/account', { operation });
  return {
    validateConfig: ({ online }) =>
      validationResult({
        issues: [],
        credentials: [{ found: api.hasToken, message: 'Missing API key', variable: '%NAME%_TOKEN' }],
        ping: online ? () => account('validateConfig') : undefined,
      }),
    testConnection: () => connectionResult(() => account('testConnection')),
    health: () => healthResult(() => account('health'), () => api.http.clock.now()),
    listPlans: async () =>
      (await plans()).map((plan) => ({
        ...plan,
        description: `${plan.cores} cores, ${plan.memory_mb} MB`,
        zones: [],
        architecture: 'x86_64',
      })),
    listZones: async () => (await zones()).map((zone) => ({ ...zone, available: true })),
    async listImages({ find = '' } = {}) {
      const { images } = await api.get<{ images: { name: string }[] }>('/images', { operation: 'listImages' });
      return images
        .filter((image) => image.name.includes(find))
        .map((image) => ({ name: image.name, arch: 'x86_64', id: image.name, os_family: image.name.split('-')[0]! }));
    },
    async getPricing({ plan, zone = '' } = {}) {
      return (await plans())
        .filter((entry) => plan === undefined || entry.name === plan)
        .map((entry) => ({ plan: entry.name, zone, currency: 'EUR', hourly: entry.hourly, monthly: entry.hourly * 730 }));
    },
    async listServers({ all = false, zone, status, signal } = {}) {
      return (await servers.list({ operation: 'listServers', signal }, all))
        .map(observe)
        .filter((server) => (zone === undefined || server.zone === zone) && (status === undefined || server.status === status));
    },
    async getServer(ref, options) {
      const found = await servers.find(ref, { operation: 'getServer', signal: options?.signal });
      return found === undefined ? null : observe(found);
    },
    serverExists: async (ref, options) =>
      (await servers.find(ref, { operation: 'serverExists', signal: options?.signal })) !== undefined,
    createServer: (spec, options) => servers.create(spec, options),
    deleteServer: (ref, { signal }) => servers.delete(ref, { operation: 'deleteServer', signal }),
    setServerState: (ref, state, { wait, signal }) =>
      servers.setState(ref, state, wait, { operation: 'setServerState', signal }),
    resizeServer: (ref, plan, options) => servers.resize(ref, plan, { operation: 'resizeServer', signal: options?.signal }),
    updateServer: (ref, patch, options) =>
      patch.plan === undefined
        ? servers.refuseUpdate(Object.keys(patch))
        : servers.resize(ref, patch.plan, { operation: 'updateServer', signal: options?.signal }),
    getIp: async (ref, type) => addressOf(observe(await servers.get(ref, { operation: 'getIp' })), type),
    getAccess: async (ref) => sshAccess(name, observe(await servers.get(ref, { operation: 'getAccess' }))),
    dispose: () => api.http.close(),
  };
}
