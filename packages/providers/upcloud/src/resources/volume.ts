import type { ProviderInstance } from '@provisioning/extensions-sdk';
import { infraTags, notOurs, resourceName } from '@provisioning/extensions-sdk/cloud';
import { createOnce } from '@provisioning/extensions-sdk/http';
import { type CallOptions, name } from '../api.ts';
import type { ApiStorage } from '../api-types.ts';
import { labelledOurs, labels } from '../labels.ts';
import type { Session } from '../session.ts';
import { observe } from '../server/observe.ts';

const smallest = 10;

/** Disks beside the servers' own. */
export function volumes(session: Session): NonNullable<ProviderInstance['volume']> {
  const { api, context, config } = session;
  const call = (operation: string): CallOptions => ({ operation });
  const all = async (operation: string) =>
    (await api.storages('normal', call(operation))).filter(({ labels: list }) => labelledOurs(list, context));
  const own = async (id: string, operation: string): Promise<ApiStorage> => {
    const storage = await api.storage(id, call(operation));
    if (!labelledOurs(storage.labels, context)) throw notOurs(name, operation, `volume ${id}`);
    return storage;
  };
  const detach = async (storage: ApiStorage, operation: string): Promise<void> => {
    for (const uuid of storage.servers?.server ?? []) {
      const server = await api.server(uuid, call(operation));
      const device = server.storage_devices?.storage_device.find((entry) => entry.storage === storage.uuid);
      if (device === undefined) continue;
      const body = { storage_device: { address: device.address } };
      await api.whenReady(() => api.post(`/server/${uuid}/storage/detach`, body, call(operation)));
    }
  };
  return {
    async ensure({ name, size, type }) {
      const title = resourceName([context.infra, name], 255);
      const find = async () =>
        (await all('volume.ensure')).filter((storage) => storage.title === title).map(identified);
      const [known] = await find();
      if (known !== undefined) return { id: known.id };
      const storage = {
        title,
        size: Math.max(smallest, size),
        tier: type ?? config.storage_tier ?? 'maxiops',
        zone: config.default_zone ?? 'de-fra1',
        labels: labels(infraTags(context)),
      };
      const { id } = await createOnce({
        find,
        create: async () =>
          identified(
            (await api.post<{ storage: ApiStorage }>('/storage', { storage }, call('volume.ensure'))).storage,
          ),
        remove: async (copy) => void (await api.delete(`/storage/${copy.id}`, call('volume.ensure'))),
        attempts: 3,
        clock: api.http.clock,
      });
      return { id };
    },
    async list() {
      return Promise.all(
        (await all('volume.list')).map(async ({ uuid, title, size }) => {
          const [holder] = (await api.storage(uuid, call('volume.list'))).servers?.server ?? [];
          const server = holder === undefined ? undefined : await api.server(holder, call('volume.list'));
          return {
            id: uuid,
            name: title,
            size,
            ...(server === undefined ? {} : { attached_to: observe(server).hostname }),
          };
        }),
      );
    },
    async attach(id, ref) {
      const storage = await own(id, 'volume.attach');
      const server = await session.get(ref, call('volume.attach'));
      if (storage.servers?.server.includes(server.uuid) === true) return;
      const body = { storage_device: { type: 'disk', address: 'virtio', storage: id } };
      await api.whenReady(() =>
        api.post(`/server/${server.uuid}/storage/attach`, body, call('volume.attach')),
      );
    },
    async detach(id) {
      await detach(await own(id, 'volume.detach'), 'volume.detach');
    },
    async resize(id, gb) {
      if ((await own(id, 'volume.resize')).size >= gb) return;
      await api.whenReady(() => api.put(`/storage/${id}`, { storage: { size: gb } }, call('volume.resize')));
    },
    async delete(id) {
      await detach(await own(id, 'volume.delete'), 'volume.delete');
      await api.whenReady(() => api.delete(`/storage/${id}`, call('volume.delete')));
    },
  };
}

function identified(storage: ApiStorage) {
  return { id: storage.uuid, created_at: storage.created ?? '' };
}
