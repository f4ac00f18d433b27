import type { ProviderContext, ProviderInstance } from '@provisioning/extensions-sdk';
import {
  addressOf,
  configIssues,
  connectionResult,
  healthResult,
  matchingServers,
  infraTags,
  sshAccess,
  validationResult,
} from '@provisioning/extensions-sdk/cloud';
import { AwsConfig } from './config.ts';
import { name } from './failure.ts';
import { quotas } from './quota.ts';
import { buckets } from './resources/bucket.ts';
import { databases } from './resources/database.ts';
import { dns } from './resources/dns.ts';
import { ensureGroup, getFirewall } from './resources/firewall.ts';
import { kubernetes } from './resources/kubernetes.ts';
import { loadBalancers } from './resources/load-balancer.ts';
import { networks } from './resources/network.ts';
import { snapshots } from './resources/snapshot.ts';
import { volumes } from './resources/volume.ts';
import { deleteServer, resizeServer, setServerState, updateServer } from './server/change.ts';
import { createServer } from './server/create.ts';
import { Session } from './session.ts';

/** The provider bound to one infrastructure; loads no SDK and sends nothing by itself. */
export function createInstance(context: ProviderContext): ProviderInstance {
  const session = new Session(context);
  const { clients, catalogue } = session;
  const identity = (operation: string) =>
    clients.call(operation, async () => {
      const { GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
      const { Account: account, Arn: arn } = await (
        await clients.sts()
      ).send(new GetCallerIdentityCommand({}));
      return { account, arn };
    });
  return {
    validateConfig: async ({ online }) =>
      validationResult({
        issues: await configIssues(name, AwsConfig, context.config),
        credentials: [
          {
            found: await clients.hasCredentials(),
            message: 'Missing API key',
            variable: 'AWS_ACCESS_KEY_ID',
          },
        ],
        ping: online ? () => identity('validateConfig') : undefined,
      }),
    testConnection: () => connectionResult(() => identity('testConnection')),
    health: () =>
      healthResult(
        () => identity('health'),
        () => session.clock.now(),
      ),
    listPlans: (query) => catalogue.plans(query),
    listZones: () => catalogue.zones(),
    listImages: (query) => catalogue.images(query),
    getPricing: (query) => catalogue.prices(query),
    getQuota: () => quotas(session),
    async listServers({ all = false, zone, status, signal } = {}) {
      const call = { operation: 'listServers', signal };
      const servers = await session.observed(
        await session.withTags(all ? {} : infraTags(context), call),
        call,
      );
      return matchingServers(servers, { zone, status });
    },
    async getServer(ref, options) {
      const call = { operation: 'getServer', signal: options?.signal };
      const placed = await session.find(ref, call);
      return placed === undefined ? null : session.observeOne(placed, call);
    },
    async serverExists(ref, options) {
      return (await session.find(ref, { operation: 'serverExists', signal: options?.signal })) !== undefined;
    },
    createServer: (spec, options) => createServer(session, spec, options),
    deleteServer: (ref, options) => deleteServer(session, ref, options),
    setServerState: (ref, state, options) => setServerState(session, ref, state, options),
    resizeServer: (ref, plan, options) => resizeServer(session, ref, plan, options),
    updateServer: (ref, patch, options) => updateServer(session, ref, patch, options),
    async getIp(ref, type) {
      const call = { operation: 'getIp' };
      return addressOf(await session.observeOne(await session.get(ref, call), call), type);
    },
    async getAccess(ref) {
      const call = { operation: 'getAccess' };
      return sshAccess(name, await session.observeOne(await session.get(ref, call), call));
    },
    async configureFirewall(ref, rules) {
      const call = { operation: 'configureFirewall' };
      const { region } = await session.get(ref, call);
      await ensureGroup(session, ref.hostname, region, rules, 22, call);
    },
    async getFirewall(ref) {
      const { region } = await session.get(ref, { operation: 'getFirewall' });
      return getFirewall(session, ref.hostname, region);
    },
    network: networks(session),
    volume: volumes(session),
    snapshot: snapshots(session),
    loadBalancer: loadBalancers(session),
    dns: dns(session),
    bucket: buckets(session),
    managed: { database: databases(session), kubernetes: kubernetes(session) },
    dispose: () => clients.close(),
  };
}
