import type { Subnet } from '@aws-sdk/client-ec2';
import type { ProviderInstance } from '@provisioning/extensions-sdk';
import { infraTags, isOurs, notOurs, resourceName } from '@provisioning/extensions-sdk/cloud';
import { name } from '../failure.ts';
import { apiTags, tagFilters, tagsOf } from '../observe.ts';
import type { Call, Session } from '../session.ts';

/** The configured VPC, the infrastructure's own, or the account's default one. */
export async function vpcIn(session: Session, region: string, call: Call): Promise<string | undefined> {
  if (session.config.vpc_id !== undefined && region === session.clients.region) return session.config.vpc_id;
  const { DescribeVpcsCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  for (const Filters of [
    tagFilters(infraTags(session.context)),
    [{ Name: 'is-default', Values: ['true'] }],
  ]) {
    const { Vpcs: [vpc] = [] } = await session.clients.call(call.operation, () =>
      client.send(new DescribeVpcsCommand({ Filters })),
    );
    if (vpc?.VpcId !== undefined) return vpc.VpcId;
  }
  return undefined;
}

/** The subnet of a name, or any of the VPC, in a zone. */
export async function subnetIn(
  session: Session,
  zone: string,
  wished: unknown,
  call: Call,
): Promise<string | undefined> {
  const region = session.clients.regionOf(zone);
  const vpc = await vpcIn(session, region, call);
  if (vpc === undefined) return undefined;
  const { DescribeSubnetsCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  const Filters = [
    { Name: 'vpc-id', Values: [vpc] },
    { Name: 'availability-zone', Values: [zone] },
  ];
  const { Subnets: subnets = [] } = await session.clients.call(call.operation, () =>
    client.send(new DescribeSubnetsCommand({ Filters })),
  );
  const named = subnets.find(({ Tags }) => typeof wished === 'string' && tagsOf(Tags).Name === wished);
  return (named ?? subnets[0])?.SubnetId;
}

/** The subnets of a VPC that are named (by name or id), or all of them. */
export async function subnetsOf(
  session: Session,
  vpc: string | undefined,
  wished: readonly string[],
  call: Call,
): Promise<readonly Subnet[]> {
  const { DescribeSubnetsCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2();
  const { Subnets: all = [] } = await session.clients.call(call.operation, () =>
    client.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc ?? ''] }] })),
  );
  const named = all.filter(({ SubnetId = '', Tags }) =>
    wished.some((one) => one === SubnetId || one === tagsOf(Tags).Name),
  );
  return named.length > 0 ? named : all;
}

/** VPCs with their subnets. */
export function networks(session: Session): NonNullable<ProviderInstance['network']> {
  const tags = () => infraTags(session.context);
  const list = async (operation: string) => {
    const { DescribeVpcsCommand } = await import('@aws-sdk/client-ec2');
    const client = await session.clients.ec2();
    const { Vpcs: vpcs = [] } = await session.clients.call(operation, () =>
      client.send(new DescribeVpcsCommand({ Filters: tagFilters(tags()) })),
    );
    return vpcs;
  };
  return {
    async ensure(network) {
      const title = resourceName([session.context.infra, String(network.name ?? 'network')], 255);
      const known = (await list('network.ensure')).find(({ Tags }) => tagsOf(Tags).Name === title);
      const sdk = await import('@aws-sdk/client-ec2');
      const client = await session.clients.ec2();
      const range = String(network.cidr ?? '10.0.0.0/16');
      const id =
        known?.VpcId ??
        (
          await session.clients.call('network.ensure', () =>
            client.send(
              new sdk.CreateVpcCommand({
                CidrBlock: range,
                TagSpecifications: [{ ResourceType: 'vpc', Tags: apiTags({ ...tags(), Name: title }) }],
              }),
            ),
          )
        ).Vpc?.VpcId;
      const wished = Array.isArray(network.subnets)
        ? (network.subnets as { name?: string; cidr?: string; zone?: string }[])
        : [];
      const { Subnets: subnets = [] } = await session.clients.call('network.ensure', () =>
        client.send(new sdk.DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [id ?? ''] }] })),
      );
      for (const { name: subnet = 'subnet', cidr = range, zone } of wished) {
        if (subnets.some(({ CidrBlock }) => CidrBlock === cidr)) continue;
        await session.clients.call('network.ensure', () =>
          client.send(
            new sdk.CreateSubnetCommand({
              VpcId: id,
              CidrBlock: cidr,
              ...(zone === undefined ? {} : { AvailabilityZone: zone }),
              TagSpecifications: [{ ResourceType: 'subnet', Tags: apiTags({ ...tags(), Name: subnet }) }],
            }),
          ),
        );
      }
      return { id: id ?? '' };
    },
    async list() {
      return (await list('network.list')).map(({ VpcId = '', Tags }) => ({
        id: VpcId,
        name: tagsOf(Tags).Name ?? VpcId,
      }));
    },
    async delete(id) {
      const vpc = (await list('network.delete')).find(({ VpcId }) => VpcId === id);
      if (vpc === undefined || !isOurs(tagsOf(vpc.Tags), session.context))
        throw notOurs(name, 'network.delete', `network ${id}`);
      const sdk = await import('@aws-sdk/client-ec2');
      const client = await session.clients.ec2();
      const { Subnets: subnets = [] } = await session.clients.call('network.delete', () =>
        client.send(new sdk.DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [id] }] })),
      );
      for (const { SubnetId } of subnets) {
        await session.clients.call('network.delete', () =>
          client.send(new sdk.DeleteSubnetCommand({ SubnetId })),
        );
      }
      await session.clients.call('network.delete', () =>
        client.send(new sdk.DeleteVpcCommand({ VpcId: id })),
      );
    },
  };
}
