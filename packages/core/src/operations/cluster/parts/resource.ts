import { type Context, ProviderError, type ProviderInstance } from '@provisioning/extensions-sdk';
import type { PartKind, ResourceKind, ResourcePart } from './part.ts';

type DnsRecord = Readonly<{ zone: string; name: string; type: string; value: string; ttl: number }>;

/** Kinds that hold data: they are only deleted when that is said. */
const withData: ReadonlySet<ResourceKind> = new Set(['volume', 'bucket', 'database']);

/** What a provider keeps or runs beside servers; what it has under the name already is taken as it is. */
export const resourcePart: PartKind<ResourcePart> = {
  async state(context, part) {
    const service = await serviceOf(context, part);
    const found = await service.find();
    if (found === undefined) return 'absent';
    return service.matches?.(found) === false ? 'differs' : 'there';
  },

  async deploy(context, part) {
    return (await serviceOf(context, part)).ensure();
  },

  async remove(context, part, { cleanupData }) {
    if (!cleanupData && withData.has(part.resource)) {
      const message = `${part.resource} ${part.name} stays with its data`;
      context.report({ type: 'log', level: 'info', message });
      return [];
    }
    const service = await serviceOf(context, part);
    const found = await service.find();
    if (found !== undefined) await service.remove(found);
    return [];
  },
};

interface Service<T = unknown> {
  find(): Promise<T | undefined>;
  /** Whether what was found is as wished; absent where a difference can't be seen. */
  matches?(found: T): boolean;
  ensure(): Promise<unknown>;
  remove(found: T): Promise<void>;
}

type Identified = { readonly id: string; readonly name: string };

async function serviceOf(context: Context, part: ResourcePart): Promise<Service> {
  const provider = await context.provider(part.provider);
  const { name, config } = part;
  // Where a service wants unique names, providers put the infrastructure's before them (06 §6).
  const titles = new Set([name, `${context.infra}-${name}`]);
  if (part.resource === 'dns') return dnsService(capability(provider, part, 'dns'), part) as Service;
  const api = capability(provider, part, part.resource);
  const services = api as {
    list(): Promise<readonly Identified[]>;
    ensure(wish: unknown): Promise<unknown>;
    delete(id: string): Promise<void>;
  };
  const own: Service<Identified> = {
    find: async () => (await services.list()).find((one) => titles.has(one.name)),
    ensure: () => services.ensure({ ...config, name }),
    remove: ({ id }) => services.delete(id),
  };
  return own as Service;
}

function dnsService(dns: NonNullable<ProviderInstance['dns']>, part: ResourcePart): Service<DnsRecord> {
  const { type = 'A', zone, value, ttl = 300 } = part.config as Partial<DnsRecord>;
  const wish = { name: part.name, type, zone: zone ?? '', value: value ?? '', ttl };
  return {
    async find() {
      const found = (await dns.list(wish.zone)).find(
        (one) => one.name === wish.name && one.type === wish.type,
      );
      return found === undefined ? undefined : { ...found, zone: wish.zone };
    },
    matches: (found) => found.value === wish.value && found.ttl === wish.ttl,
    ensure: () => dns.ensure(wish),
    remove: () => dns.delete(wish),
  };
}

const capabilities: Readonly<Record<ResourceKind, string>> = {
  network: 'network_management',
  volume: 'storage_management',
  bucket: 'storage_management',
  dns: 'dns_management',
  database: 'managed_databases',
  kubernetes: 'managed_kubernetes',
};

/** @throws ProviderError `unsupported`, before anything is changed (06 §3.1). */
function capability<K extends ResourceKind>(
  provider: ProviderInstance,
  part: ResourcePart,
  key: K,
): NonNullable<ReturnType<typeof servicesOf>[K]> {
  const service = servicesOf(provider)[key];
  if (service !== undefined) return service as NonNullable<ReturnType<typeof servicesOf>[K]>;
  throw new ProviderError({
    provider: part.provider,
    operation: `${key}.ensure`,
    code: 'unsupported',
    message: `Provider '${part.provider}' does not support ${capabilities[key]}`,
    help: `Give the component another provider: ${part.name} is a ${key}.`,
  });
}

function servicesOf({ network, volume, bucket, dns, managed }: ProviderInstance) {
  const { database, kubernetes } = managed ?? {};
  return { network, volume, bucket, dns, database, kubernetes };
}
