import { type ProviderInstance, ProviderError } from '@provisioning/extensions-sdk';
import { notOurs, serverTags, tagNames } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, name as provider } from '../api.ts';
import type { ApiAction, ApiImage } from '../api-types.ts';
import { infraSelector, labelledOurs, labels } from '../labels.ts';
import { observe } from '../server/observe.ts';
import type { Session } from '../session.ts';

/** Snapshots are images of a server's disk; volumes are not in them. */
export function snapshots(session: Session): NonNullable<ProviderInstance['snapshot']> {
  const { api, context } = session;
  const call = (operation: string): CallOptions => ({ operation });
  const own = async (id: string, operation: string): Promise<ApiImage> => {
    const { image } = await api.get<{ image: ApiImage }>(
      `/images/${encodeURIComponent(id)}`,
      call(operation),
    );
    if (image.type !== 'snapshot' || !labelledOurs(image.labels, context))
      throw notOurs(provider, operation, `snapshot ${id}`);
    return image;
  };
  return {
    async create(ref, name) {
      const server = await session.get(ref, call('snapshot.create'));
      const { hostname } = observe(server);
      const stamp = new Date(context.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
      const { image, action } = await api.post<{ image: ApiImage; action: ApiAction }>(
        `/servers/${server.id}/actions/create_image`,
        {
          type: 'snapshot',
          description: name ?? `${context.infra}-${hostname}-${stamp}`,
          labels: labels(serverTags(context, hostname)),
        },
        call('snapshot.create'),
      );
      await api.finish([action], call('snapshot.create'));
      return { id: String(image.id) };
    },
    async list() {
      const query = { type: 'snapshot', label_selector: infraSelector(context) };
      const found = await api.list<ApiImage>('/images', 'images', call('snapshot.list'), query);
      return found.map(({ id, description, created }) => ({
        id: String(id),
        name: description,
        created_at: new Date(created).toISOString(),
      }));
    },
    async restore(id) {
      const image = await own(id, 'snapshot.restore');
      const hostname = image.labels[tagNames.hostname];
      if (hostname === undefined) {
        throw new ProviderError({
          provider,
          operation: 'snapshot.restore',
          code: 'conflict',
          message: `Snapshot ${id} does not say which server it is of`,
          help: 'Snapshots made by provisioning carry the label provisioning.hostname.',
        });
      }
      const server = await session.get({ hostname }, call('snapshot.restore'));
      await api.act(`/servers/${server.id}/actions/rebuild`, { image: id }, call('snapshot.restore'));
    },
    async delete(id) {
      await own(id, 'snapshot.delete');
      await api.delete(`/images/${encodeURIComponent(id)}`, call('snapshot.delete'));
    },
  };
}
