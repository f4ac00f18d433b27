import { serverTags } from '@provisioning/extensions-sdk/cloud';
import { apiTags, tagFilters } from '../observe.ts';
import type { Call, Placed, Session } from '../session.ts';

async function addresses(session: Session, hostname: string, region: string, call: Call) {
  const { DescribeAddressesCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  const Filters = tagFilters(serverTags(session.context, hostname));
  const { Addresses: found = [] } = await session.clients.call(call.operation, () =>
    client.send(new DescribeAddressesCommand({ Filters })),
  );
  return found;
}

/** A public address that stays the same when the server stops. */
export async function giveAddress(
  session: Session,
  placed: Placed,
  hostname: string,
  call: Call,
): Promise<void> {
  const { AllocateAddressCommand, AssociateAddressCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(placed.region);
  const [known] = await addresses(session, hostname, placed.region, call);
  const allocation =
    known?.AllocationId ??
    (
      await session.clients.call(call.operation, () =>
        client.send(
          new AllocateAddressCommand({
            Domain: 'vpc',
            TagSpecifications: [
              { ResourceType: 'elastic-ip', Tags: apiTags(serverTags(session.context, hostname)) },
            ],
          }),
        ),
      )
    ).AllocationId;
  if (known?.InstanceId === placed.id) return;
  await session.clients.call(call.operation, () =>
    client.send(new AssociateAddressCommand({ AllocationId: allocation, InstanceId: placed.id })),
  );
}

export async function releaseAddresses(
  session: Session,
  hostname: string,
  region: string,
  call: Call,
): Promise<void> {
  const { ReleaseAddressCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  for (const { AllocationId } of await addresses(session, hostname, region, call)) {
    await session.clients.call(call.operation, () =>
      client.send(new ReleaseAddressCommand({ AllocationId })),
    );
  }
}
