import {
  defineProvider,
  type Provider,
  type ProviderCapabilities,
  type ProviderContext,
  ProviderError,
  type ProviderInstance,
} from '@provisioning/extensions-sdk';
import {
  addressOf,
  configIssues,
  connectionResult,
  healthResult,
  matchingServers,
  sshAccess,
  validationResult,
} from '@provisioning/extensions-sdk/cloud';
import { RestCatalogue } from './catalogue.ts';
import { checkMethods, declares } from './declaration.ts';
import { dns } from './dns.ts';
import { Declaration, RestServer } from './schema.ts';
import { RestServers } from './servers.ts';
import { RestService } from './service.ts';

/** Who a declared provider is; from its manifest. */
export interface DeclaredIdentity {
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

/**
 * A provider from a declaration (06 §6.6). What the configuration of the provider says comes on top of it.
 * @throws ProviderError `invalid` for methods there are not.
 */
export function restProvider(declaration: Declaration, identity: DeclaredIdentity): Provider {
  checkMethods(identity.name, declaration);
  return defineProvider({
    apiVersion: '2.0',
    metadata: () => ({
      ...identity,
      type: 'provider',
      display_name: declaration.display_name ?? identity.name,
      interface: 'API',
      category: 'cloud',
      capabilities: capabilities(declaration),
      required_auth: declaration.auth?.method === 'basic' ? ['username', 'password'] : ['token'],
      auth_methods: [declaration.auth?.method ?? 'api_key'],
      supported_os: declaration.images?.length ? declaration.images : ['any'],
      regions: (declaration.zones ?? []).map((zone) => (typeof zone === 'string' ? zone : zone.name)),
      certified: false,
      ...(declaration.reservations === undefined ? {} : { reservations: declaration.reservations }),
    }),
    configSchema: Declaration,
    serverSchema: RestServer,
    defaults: { server: {} },
    init: async (context) => createInstance(declaration, identity, context),
  });
}

/** A declaration says what the service can do; what it has operations for is there anyway. */
function capabilities(declaration: Declaration): ProviderCapabilities {
  const { compliance_certifications: certifications, ...flags } = declaration.capabilities ?? {};
  return {
    server_management: 'declared',
    auto_scaling: true,
    ...Object.fromEntries(Object.entries(flags).filter(([, value]) => typeof value === 'boolean')),
    network_management: false,
    storage_management: false,
    load_balancer: false,
    snapshots: false,
    firewall: false,
    dns_management: declares(declaration, 'dns.list'),
    compliance_certifications: Array.isArray(certifications) ? certifications.map(String) : [],
  };
}

function createInstance(
  declared: Declaration,
  identity: DeclaredIdentity,
  context: ProviderContext,
): ProviderInstance {
  const { name } = identity;
  const declaration: Declaration = { ...declared, ...(context.config as Declaration) };
  checkMethods(name, declaration);
  const service = new RestService(name, declaration, context);
  const servers = new RestServers(service, context);
  const catalogue = new RestCatalogue(service);
  const account = (operation: string) => service.call('account', {}, { operation });
  return {
    validateConfig: async ({ online }) =>
      validationResult({
        issues: await configIssues(name, Declaration, declaration as Record<string, unknown>),
        credentials: service.credentials,
        ping: online ? () => service.call('health', {}, { operation: 'validateConfig' }) : undefined,
      }),
    testConnection: () => connectionResult(() => account('testConnection')),
    health: () =>
      healthResult(
        () => service.call('health', {}, { operation: 'health' }),
        () => service.http.clock.now(),
      ),
    listPlans: (query) => catalogue.plans(query),
    listZones: () => catalogue.zones(),
    listImages: (query) => catalogue.images(query),
    getPricing: (query) => catalogue.prices(query),
    async listServers({ all = false, zone, status, signal } = {}) {
      return matchingServers(await servers.list({ operation: 'listServers', signal }, all), { zone, status });
    },
    getServer: async (ref, options) =>
      (await servers.find(ref, { operation: 'getServer', signal: options?.signal })) ?? null,
    serverExists: async (ref, options) =>
      (await servers.find(ref, { operation: 'serverExists', signal: options?.signal })) !== undefined,
    createServer: (spec, options) => servers.create(spec, options),
    deleteServer: (ref, options) => servers.delete(ref, options),
    setServerState: (ref, state, options) => servers.setState(ref, state, options),
    resizeServer: (ref, plan, options = {}) => servers.resize(ref, plan, options),
    async updateServer(ref, patch, options = {}) {
      if (patch.plan !== undefined && patch.plan !== '') return servers.resize(ref, patch.plan, options);
      throw new ProviderError({
        provider: name,
        operation: 'updateServer',
        code: 'unsupported',
        message: `Provider '${name}' does not support updates of ${Object.keys(patch).join(', ')}`,
        help: 'Create the server anew, or declare operations.resize for its plan.',
      });
    },
    getIp: async (ref, type) => addressOf(await servers.get(ref, { operation: 'getIp' }), type),
    getAccess: async (ref) => sshAccess(name, await servers.get(ref, { operation: 'getAccess' })),
    ...(declares(declaration, 'dns.list') ? { dns: dns(service) } : {}),
    dispose: () => service.http.close(),
  };
}
