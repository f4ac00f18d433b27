import { type ProviderInstance, ProviderError } from '@provisioning/extensions-sdk';
import { infraTags, isOurs, notOurs, serverTags, tagNames } from '@provisioning/extensions-sdk/cloud';
import { name as provider } from '../failure.ts';
import { apiTags, tagFilters, tagsOf } from '../observe.ts';
import type { Session } from '../session.ts';
import { setServerState } from '../server/change.ts';

/** EBS snapshots of a server's root volume. Restoring swaps the volume of the stopped server. */
export function snapshots(session: Session): NonNullable<ProviderInstance['snapshot']> {
  const { clients, context } = session;
  const all = async (operation: string) => {
    const { DescribeSnapshotsCommand } = await import('@aws-sdk/client-ec2');
    const client = await clients.ec2();
    const input = { OwnerIds: ['self'], Filters: tagFilters(infraTags(context)) };
    return (
      (await clients.call(operation, () => client.send(new DescribeSnapshotsCommand(input)))).Snapshots ?? []
    );
  };
  const own = async (id: string, operation: string) => {
    const found = (await all(operation)).find(({ SnapshotId }) => SnapshotId === id);
    if (found === undefined || !isOurs(tagsOf(found.Tags), context))
      throw notOurs(provider, operation, `snapshot ${id}`);
    return found;
  };
  return {
    async create(ref, name) {
      const placed = await session.get(ref, { operation: 'snapshot.create' });
      const { instance } = placed;
      const root = instance.BlockDeviceMappings?.find(
        ({ DeviceName }) => DeviceName === instance.RootDeviceName,
      );
      const { CreateSnapshotCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2(placed.region);
      const title = name ?? `${context.infra}-${ref.hostname}-${new Date(context.now()).toISOString()}`;
      const { SnapshotId = '' } = await clients.call('snapshot.create', () =>
        client.send(
          new CreateSnapshotCommand({
            VolumeId: root?.Ebs?.VolumeId,
            Description: title,
            TagSpecifications: [
              {
                ResourceType: 'snapshot',
                Tags: apiTags({ ...serverTags(context, ref.hostname), Name: title }),
              },
            ],
          }),
        ),
      );
      return { id: SnapshotId };
    },
    async list() {
      return (await all('snapshot.list')).map(({ SnapshotId: id = '', Tags, StartTime }) => ({
        id,
        name: tagsOf(Tags).Name ?? id,
        created_at: (StartTime ?? new Date(0)).toISOString(),
      }));
    },
    async restore(id) {
      const operation = 'snapshot.restore';
      const snapshot = await own(id, operation);
      const hostname = tagsOf(snapshot.Tags)[tagNames.hostname] ?? '';
      const placed = await session.get({ hostname }, { operation });
      const { instance, region } = placed;
      const root = instance.BlockDeviceMappings?.find(
        ({ DeviceName }) => DeviceName === instance.RootDeviceName,
      );
      if (root?.Ebs?.VolumeId === undefined) {
        throw new ProviderError({
          provider,
          operation,
          code: 'conflict',
          message: `Server '${hostname}' has no root volume`,
          help: 'Only servers with an EBS root volume can be restored.',
        });
      }
      const old = root.Ebs.VolumeId;
      const sdk = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2(region);
      const { VolumeId = '' } = await clients.call(operation, () =>
        client.send(
          new sdk.CreateVolumeCommand({
            SnapshotId: id,
            AvailabilityZone: instance.Placement?.AvailabilityZone,
            VolumeType: 'gp3',
            TagSpecifications: [{ ResourceType: 'volume', Tags: apiTags(serverTags(context, hostname)) }],
          }),
        ),
      );
      const running = instance.State?.Name === 'running';
      const settings = { wait: true, force: true };
      if (running) await setServerState(session, { hostname }, 'stopped', settings);
      await clients.call(operation, () =>
        client.send(
          new sdk.DetachVolumeCommand({
            VolumeId: old,
            InstanceId: placed.id,
            Device: instance.RootDeviceName,
          }),
        ),
      );
      await clients.call(operation, () =>
        client.send(
          new sdk.AttachVolumeCommand({ VolumeId, InstanceId: placed.id, Device: instance.RootDeviceName }),
        ),
      );
      await clients.call(operation, () => client.send(new sdk.DeleteVolumeCommand({ VolumeId: old })));
      if (running) await setServerState(session, { hostname }, 'running', settings);
    },
    async delete(id) {
      await own(id, 'snapshot.delete');
      const { DeleteSnapshotCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2();
      await clients.call('snapshot.delete', () => client.send(new DeleteSnapshotCommand({ SnapshotId: id })));
    },
  };
}
