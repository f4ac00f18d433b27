import {
  type Context,
  DnsEntry,
  type Operation,
  ProviderError,
  type ProviderInstance,
  ProvisioningError,
} from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';

type Dns = NonNullable<ProviderInstance['dns']>;

const Input = Type.Object({
  record: DnsEntry,
  /** Provider of the target. */
  target_provider: Type.Optional(Type.String()),
});

interface DnsResult {
  readonly name: string;
  readonly value: string;
  /** What it was before; nothing when this run made it. */
  readonly before?: { readonly value: string; readonly ttl: number };
}

/** Brings one DNS record to its definition; one with a target holds the address of that server (06 §5.3). */
export const dnsEnsure: Operation<typeof Input, DnsResult> = {
  type: 'dns.ensure',
  input: Input,

  async plan(context, input) {
    const { record } = input;
    const dns = await dnsOf(context, record.provider);
    const [current, wanted] = await Promise.all([
      find(dns, record),
      valueOf(context, input).catch(() => undefined),
    ]);
    const name = fullName(record);
    if (current === undefined) return [{ action: 'create', kind: 'dns', name }];
    const same = current.value === wanted && current.ttl === record.ttl;
    if (same) return [{ action: 'unchanged', kind: 'dns', name }];
    return [
      {
        action: 'update',
        kind: 'dns',
        name,
        attributes: [{ attribute: 'value', before: current.value, after: wanted ?? 'the new address' }],
      },
    ];
  },

  async run(context, input) {
    const { record } = input;
    const dns = await dnsOf(context, record.provider);
    const value = await valueOf(context, input);
    const { before } = await context.step('look-up', async () => ({ before: await find(dns, record) }));
    const name = fullName(record);
    context.report({ type: 'log', level: 'info', message: `${name} ${record.type} ${value}` });
    const { hostname, type, ttl, zone } = record;
    await dns.ensure({ name: hostname, type, ttl, zone, value });
    return { name, value, ...(before === undefined ? {} : { before }) };
  },

  async undo(context, { record }, { before }) {
    const dns = await dnsOf(context, record.provider);
    const { hostname: name, type, zone } = record;
    if (before === undefined) await dns.delete({ name, type, zone });
    else await dns.ensure({ name, type, zone, ...before });
  },
};

/** Deletes one DNS record; one that is not there is no error. */
export const dnsDelete: Operation<typeof Input, { readonly name: string }> = {
  type: 'dns.delete',
  input: Input,

  async plan(context, { record }) {
    const current = await find(await dnsOf(context, record.provider), record);
    return [{ action: current === undefined ? 'unchanged' : 'delete', kind: 'dns', name: fullName(record) }];
  },

  async run(context, { record }) {
    const { hostname: name, type, zone } = record;
    await (await dnsOf(context, record.provider)).delete({ name, type, zone });
    return { name: fullName(record) };
  },
};

/** `www.example.org` of `www` in `example.org`. */
export function fullName({ hostname, zone }: Pick<DnsEntry, 'hostname' | 'zone'>): string {
  if (hostname === '@') return zone;
  return hostname === zone || hostname.endsWith(`.${zone}`) ? hostname : `${hostname}.${zone}`;
}

async function dnsOf(context: Context, provider: string): Promise<Dns> {
  const { dns } = await context.provider(provider);
  if (dns !== undefined) return dns;
  throw new ProviderError({
    provider,
    operation: 'dns.ensure',
    code: 'unsupported',
    message: `Provider '${provider}' does not support dns_management`,
    help: 'Give the DNS entry a provider that does: provisioning providers list --verbose',
  });
}

async function find(dns: Dns, record: DnsEntry): Promise<{ value: string; ttl: number } | undefined> {
  const name = fullName(record);
  const found = (await dns.list(record.zone)).find(
    (one) => one.type === record.type && fullName({ hostname: one.name, zone: record.zone }) === name,
  );
  return found === undefined ? undefined : { value: found.value, ttl: found.ttl };
}

async function valueOf(
  context: Context,
  { record, target_provider: provider }: Static<typeof Input>,
): Promise<string> {
  const { target, value, type } = record;
  if (target === undefined || provider === undefined) return value ?? '';
  const instance = await context.provider(provider);
  const ref = { hostname: target };
  const address =
    type === 'AAAA'
      ? await instance.getIp(ref, 'ipv6')
      : ((await instance.getIp(ref, 'public')) ?? (await instance.getIp(ref, 'private')));
  if (address !== null) return address;
  throw new ProvisioningError({
    code: 'SERVER_ADDRESS_UNKNOWN',
    message: `Server '${target}' has no ${type === 'AAAA' ? 'IPv6' : 'IP'} address for ${fullName(record)}`,
    hint: `Look at it with: provisioning server info ${target}`,
    retryable: true,
  });
}
