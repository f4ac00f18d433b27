import type { ProviderError, Quota } from '@provisioning/extensions-sdk';
import type { Session } from './session.ts';

interface Limit {
  readonly name: string;
  readonly service: string;
  /** Code of Service Quotas. */
  readonly code: string;
  /** How much of it the account uses in the region. */
  readonly used: (session: Session) => Promise<number>;
}

const operation = 'getQuota';

const limits: readonly Limit[] = [
  {
    name: 'vcpus',
    service: 'ec2',
    code: 'L-1216C47A',
    async used(session) {
      const running = await session.withTags({}, { operation });
      const sizes = await Promise.all(
        running.map(({ instance, region }) => session.catalogue.size(instance.InstanceType ?? '', region)),
      );
      return sizes.reduce((sum, size) => sum + (size?.cores ?? 0), 0);
    },
  },
  {
    name: 'elastic_ips',
    service: 'ec2',
    code: 'L-0263D0A3',
    async used({ clients }) {
      const { DescribeAddressesCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2();
      const { Addresses: found = [] } = await clients.call(operation, () =>
        client.send(new DescribeAddressesCommand({})),
      );
      return found.length;
    },
  },
  {
    name: 'vpcs',
    service: 'vpc',
    code: 'L-F678F1CE',
    async used({ clients }) {
      const { DescribeVpcsCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2();
      const { Vpcs: found = [] } = await clients.call(operation, () =>
        client.send(new DescribeVpcsCommand({})),
      );
      return found.length;
    },
  },
];

/** Limits of the account in the region; what the account may not ask, or the region doesn't have, is left out. */
export async function quotas(session: Session): Promise<Quota[]> {
  const found = await Promise.all([
    instanceQuota(session),
    ...limits.map((limit) => quotaOf(session, limit)),
  ]);
  return found.filter((quota) => quota !== undefined);
}

async function quotaOf(session: Session, { name, service, code, used }: Limit): Promise<Quota | undefined> {
  const { clients } = session;
  const { GetServiceQuotaCommand } = await import('@aws-sdk/client-service-quotas');
  const client = await clients.quotas();
  const limit = await clients
    .call(operation, () => client.send(new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code })))
    .then(({ Quota: answer }) => answer?.Value)
    .catch((error: ProviderError) => {
      if (error.providerCode === 'auth' || error.providerCode === 'not_found') return undefined;
      throw error;
    });
  return limit === undefined ? undefined : { name, used: await used(session), limit };
}

/** Older accounts and services that speak EC2 limit instances, not their processors. */
async function instanceQuota(session: Session): Promise<Quota | undefined> {
  const { clients } = session;
  const { DescribeAccountAttributesCommand } = await import('@aws-sdk/client-ec2');
  const client = await clients.ec2();
  const { AccountAttributes: [attribute] = [] } = await clients.call(operation, () =>
    client.send(new DescribeAccountAttributesCommand({ AttributeNames: ['max-instances' as never] })),
  );
  const limit = Number(attribute?.AttributeValues?.[0]?.AttributeValue);
  if (!Number.isFinite(limit)) return undefined;
  return { name: 'instances', used: (await session.withTags({}, { operation })).length, limit };
}
