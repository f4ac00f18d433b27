import type { Volume } from '@aws-sdk/client-ec2';
import type { ProviderInstance } from '@provisioning/extensions-sdk';
import { infraTags, isOurs, notOurs, resourceName, tagNames } from '@provisioning/extensions-sdk/cloud';
import { name } from '../failure.ts';
import { apiTags, tagFilters, tagsOf } from '../observe.ts';
import type { Session } from '../session.ts';

/** EBS volumes and their snapshots. */
export function volumes(session: Session): NonNullable<ProviderInstance['volume']> {
  const { clients, context, config } = session;
  const all = async (operation: string): Promise<Volume[]> => {
    const { DescribeVolumesCommand } = await import('@aws-sdk/client-ec2');
    const client = await clients.ec2();
    const input = { Filters: tagFilters(infraTags(context)) };
    return (
      (await clients.call(operation, () => client.send(new DescribeVolumesCommand(input)))).Volumes ?? []
    );
  };
  const own = async (id: string, operation: string): Promise<Volume> => {
    const volume = (await all(operation)).find(({ VolumeId }) => VolumeId === id);
    if (volume === undefined || !isOurs(tagsOf(volume.Tags), context))
      throw notOurs(name, operation, `volume ${id}`);
    return volume;
  };
  return {
    async ensure({ name, size, type }) {
      const title = resourceName([context.infra, name], 255);
      const known = (await all('volume.ensure')).find(({ Tags }) => tagsOf(Tags).Name === title);
      if (known?.VolumeId !== undefined) return { id: known.VolumeId };
      const { CreateVolumeCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2();
      const zones = await session.catalogue.zones();
      const configured = (config as { default_zone?: string }).default_zone;
      const { VolumeId = '' } = await clients.call('volume.ensure', () =>
        client.send(
          new CreateVolumeCommand({
            AvailabilityZone: configured ?? zones[0]?.name,
            Size: size,
            VolumeType: (type ?? 'gp3') as 'gp3',
            Encrypted: true,
            // The same wish never makes a second volume.
            ClientToken: Buffer.from(`${context.workspace.name}/${title}`).toString('hex').slice(-60),
            TagSpecifications: [
              { ResourceType: 'volume', Tags: apiTags({ ...infraTags(context), Name: title }) },
            ],
          }),
        ),
      );
      return { id: VolumeId };
    },
    async list() {
      const found = await all('volume.list');
      const servers = await session.withTags(infraTags(context), { operation: 'volume.list' });
      return found.map(({ VolumeId: id = '', Size: size = 0, Tags, Attachments = [] }) => {
        const holder = servers.find((server) => server.id === Attachments[0]?.InstanceId);
        const hostname = tagsOf(holder?.instance.Tags)[tagNames.hostname];
        return {
          id,
          name: tagsOf(Tags).Name ?? id,
          size,
          ...(hostname === undefined ? {} : { attached_to: hostname }),
        };
      });
    },
    async attach(id, ref) {
      const volume = await own(id, 'volume.attach');
      const placed = await session.get(ref, { operation: 'volume.attach' });
      if (volume.Attachments?.some(({ InstanceId }) => InstanceId === placed.id) === true) return;
      const used = new Set((placed.instance.BlockDeviceMappings ?? []).map(({ DeviceName }) => DeviceName));
      const letters = [...'fghijklmnop'].map((letter) => `/dev/sd${letter}`);
      const { AttachVolumeCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2(placed.region);
      const Device = letters.find((device) => !used.has(device));
      await clients.call('volume.attach', () =>
        client.send(new AttachVolumeCommand({ VolumeId: id, InstanceId: placed.id, Device })),
      );
    },
    async detach(id) {
      const [held] = (await own(id, 'volume.detach')).Attachments ?? [];
      if (held === undefined) return;
      const { InstanceId, Device } = held;
      const { DetachVolumeCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2();
      await clients.call('volume.detach', () =>
        client.send(new DetachVolumeCommand({ VolumeId: id, InstanceId, Device })),
      );
    },
    async resize(id, gb) {
      if (((await own(id, 'volume.resize')).Size ?? 0) >= gb) return;
      const { ModifyVolumeCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2();
      await clients.call('volume.resize', () =>
        client.send(new ModifyVolumeCommand({ VolumeId: id, Size: gb })),
      );
    },
    async delete(id) {
      await this.detach(id);
      const { DeleteVolumeCommand } = await import('@aws-sdk/client-ec2');
      const client = await clients.ec2();
      await clients.call('volume.delete', () => client.send(new DeleteVolumeCommand({ VolumeId: id })));
    },
  };
}
