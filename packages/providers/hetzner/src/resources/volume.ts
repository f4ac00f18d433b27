import type { ProviderInstance, ServerSpec } from '@provisioning/extensions-sdk';
import { infraTags, notOurs, resourceName, serverTags } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, name } from '../api.ts';
import type { ApiVolume } from '../api-types.ts';
import { infraSelector, labelledOurs, labels, serverSelector } from '../labels.ts';
import type { Session } from '../session.ts';
import { observe } from '../server/observe.ts';
import { ensureResource, removeWhenFree } from './ensure.ts';

/** Smallest volume the API makes, in GB. */
const smallest = 10;

/** The volumes of a server's definition, made before the server so that its first boot can mount them. */
export async function ensureServerVolumes(
  session: Session,
  spec: ServerSpec,
  call: CallOptions,
): Promise<{ readonly volume: ApiVolume; readonly mountPoint: string }[]> {
  const result: { volume: ApiVolume; mountPoint: string }[] = [];
  for (const { name, size, mount_point: mountPoint = '' } of spec.volumes ?? []) {
    const { resource } = await ensureResource<ApiVolume>(session, call, {
      path: '/volumes',
      list: 'volumes',
      item: 'volume',
      selector: serverSelector(session.context, spec.hostname),
      body: {
        name: resourceName([session.context.infra, spec.hostname, name]),
        size: Math.max(smallest, size),
        location: spec.zone,
        format: 'ext4',
        labels: labels(serverTags(session.context, spec.hostname)),
      },
    });
    result.push({ volume: resource, mountPoint });
  }
  return result;
}

export async function deleteServerVolumes(
  session: Session,
  hostname: string,
  call: CallOptions,
): Promise<void> {
  const query = { label_selector: serverSelector(session.context, hostname) };
  for (const { id } of await session.api.list<ApiVolume>('/volumes', 'volumes', call, query)) {
    await removeWhenFree(session, `/volumes/${id}`, call);
  }
}

export function volumes(session: Session): NonNullable<ProviderInstance['volume']> {
  const { api, context } = session;
  const call = (operation: string): CallOptions => ({ operation });
  const own = async (id: string, operation: string): Promise<ApiVolume> => {
    const { volume } = await api.get<{ volume: ApiVolume }>(
      `/volumes/${encodeURIComponent(id)}`,
      call(operation),
    );
    if (!labelledOurs(volume.labels, context)) throw notOurs(name, operation, `volume ${id}`);
    return volume;
  };
  return {
    async ensure({ name, size }) {
      const { resource } = await ensureResource<ApiVolume>(session, call('volume.ensure'), {
        path: '/volumes',
        list: 'volumes',
        item: 'volume',
        selector: infraSelector(context),
        body: {
          name: resourceName([context.infra, name]),
          size: Math.max(smallest, size),
          location: session.config.default_zone ?? 'fsn1',
          format: 'ext4',
          labels: labels(infraTags(context)),
        },
      });
      return { id: String(resource.id) };
    },
    async list() {
      const query = { label_selector: infraSelector(context) };
      const found = await api.list<ApiVolume>('/volumes', 'volumes', call('volume.list'), query);
      const servers = new Map(
        (await session.servers(call('volume.list'))).map((server) => [server.id, server]),
      );
      return found.map(({ id, name, size, server }) => {
        const holder = server === null ? undefined : servers.get(server);
        return {
          id: String(id),
          name,
          size,
          ...(holder === undefined ? {} : { attached_to: observe(holder).hostname }),
        };
      });
    },
    async attach(id, ref) {
      const server = await session.get(ref, call('volume.attach'));
      const volume = await own(id, 'volume.attach');
      if (volume.server === server.id) return;
      await api.act(
        `/volumes/${id}/actions/attach`,
        { server: server.id, automount: false },
        call('volume.attach'),
      );
    },
    async detach(id) {
      if ((await own(id, 'volume.detach')).server === null) return;
      await api.act(`/volumes/${id}/actions/detach`, undefined, call('volume.detach'));
    },
    async resize(id, gb) {
      if ((await own(id, 'volume.resize')).size >= gb) return;
      await api.act(`/volumes/${id}/actions/resize`, { size: gb }, call('volume.resize'));
    },
    async delete(id) {
      const volume = await own(id, 'volume.delete');
      if (volume.server !== null)
        await api.act(`/volumes/${id}/actions/detach`, undefined, call('volume.delete'));
      await removeWhenFree(session, `/volumes/${id}`, call('volume.delete'));
    },
  };
}
