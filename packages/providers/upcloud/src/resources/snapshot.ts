import { type ProviderInstance, ProviderError } from '@provisioning/extensions-sdk';
import { notOurs } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, name as provider } from '../api.ts';
import type { ApiStorage } from '../api-types.ts';
import { labelledOurs } from '../labels.ts';
import type { Session } from '../session.ts';
import { observe } from '../server/observe.ts';
import { refOf } from '../server/wait.ts';
import { setServerState } from '../server/change.ts';

/** Snapshots are backups of a server's system disk; they know the disk they are of. */
export function snapshots(session: Session): NonNullable<ProviderInstance['snapshot']> {
  const { api, context } = session;
  const call = (operation: string): CallOptions => ({ operation });
  const prefix = `${context.workspace.name}/${context.infra}/`;
  const own = async (id: string, operation: string): Promise<ApiStorage> => {
    const storage = await api.storage(id, call(operation));
    if (storage.type !== 'backup' || !storage.title.startsWith(prefix))
      throw notOurs(provider, operation, `snapshot ${id}`);
    return storage;
  };
  return {
    async create(ref, name) {
      const server = await session.get(ref, call('snapshot.create'));
      const devices = server.storage_devices?.storage_device ?? [];
      const disk =
        devices.find((device) => device.boot_disk === '1') ?? devices.find(({ type }) => type === 'disk');
      if (disk === undefined) {
        throw new ProviderError({
          provider,
          operation: 'snapshot.create',
          code: 'conflict',
          message: `Server '${observe(server).hostname}' has no disk`,
          help: 'Only servers with a disk can have a snapshot.',
        });
      }
      const stamp = new Date(context.now()).toISOString();
      const title = `${prefix}${name ?? `${observe(server).hostname}-${stamp}`}`;
      const { storage } = await api.whenReady(() =>
        api.post<{ storage: ApiStorage }>(
          `/storage/${disk.storage}/backup`,
          { storage: { title } },
          call('snapshot.create'),
        ),
      );
      return { id: storage.uuid };
    },
    async list() {
      return (await api.storages('backup', call('snapshot.list')))
        .filter(({ title }) => title.startsWith(prefix))
        .map(({ uuid, title, created = '' }) => ({
          id: uuid,
          name: title.slice(prefix.length),
          created_at: created,
        }));
    },
    async restore(id) {
      const backup = await own(id, 'snapshot.restore');
      const disk =
        backup.origin === undefined ? undefined : await api.storage(backup.origin, call('snapshot.restore'));
      const [uuid] = disk?.servers?.server ?? [];
      const server = uuid === undefined ? undefined : await api.server(uuid, call('snapshot.restore'));
      if (server !== undefined && !labelledOurs(server.labels?.label, context)) {
        throw notOurs(provider, 'snapshot.restore', `server of snapshot ${id}`);
      }
      const running = server !== undefined && server.state === 'started';
      if (running) await setServerState(session, refOf(server), 'stopped', { wait: true, force: true });
      await api.whenReady(() => api.post(`/storage/${id}/restore`, undefined, call('snapshot.restore')));
      if (running) await setServerState(session, refOf(server), 'running', { wait: true, force: false });
    },
    async delete(id) {
      await own(id, 'snapshot.delete');
      await api.whenReady(() => api.delete(`/storage/${id}`, call('snapshot.delete')));
    },
  };
}
