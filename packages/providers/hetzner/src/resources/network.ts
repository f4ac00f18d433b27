import { type ProviderInstance, ProviderError } from '@provisioning/extensions-sdk';
import { infraTags, notOurs, resourceName } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, name } from '../api.ts';
import type { ApiNetwork } from '../api-types.ts';
import { infraSelector, labelledOurs, labels } from '../labels.ts';
import type { Session } from '../session.ts';
import { ensureResource } from './ensure.ts';

/** Ids of networks by name: the infrastructure's own, else one of the project. */
export async function networkIds(
  session: Session,
  names: readonly unknown[],
  call: CallOptions,
): Promise<number[]> {
  const wished = names.filter((entry): entry is string => typeof entry === 'string' && entry !== '');
  if (wished.length === 0) return [];
  const all = await session.api.list<ApiNetwork>('/networks', 'networks', call);
  return wished.map((wish) => {
    const own = resourceName([session.context.infra, wish]);
    const found = all.find((network) => network.name === own) ?? all.find((network) => network.name === wish);
    if (found !== undefined) return found.id;
    throw new ProviderError({
      provider: name,
      operation: call.operation,
      code: 'invalid',
      message: `Network '${wish}' not found`,
      help: `Networks of the project: ${all.map((network) => network.name).join(', ') || 'none'}`,
    });
  });
}

export function networks(session: Session): NonNullable<ProviderInstance['network']> {
  const { api, context } = session;
  const call = (operation: string): CallOptions => ({ operation });
  return {
    async ensure(network) {
      const range = String(network.cidr ?? network.ip_range ?? '10.0.0.0/16');
      const subnets = Array.isArray(network.subnets) ? (network.subnets as { cidr?: string }[]) : [];
      const zone = session.config.network_zone ?? 'eu-central';
      const { resource } = await ensureResource<ApiNetwork>(session, call('network.ensure'), {
        path: '/networks',
        list: 'networks',
        item: 'network',
        selector: infraSelector(context),
        body: {
          name: resourceName([context.infra, String(network.name ?? 'network')]),
          ip_range: range,
          labels: labels(infraTags(context)),
          subnets: (subnets.length === 0 ? [{ cidr: range }] : subnets).map(({ cidr }) => ({
            type: 'cloud',
            ip_range: cidr ?? range,
            network_zone: zone,
          })),
        },
      });
      return { id: String(resource.id) };
    },
    async list() {
      const query = { label_selector: infraSelector(context) };
      const found = await api.list<ApiNetwork>('/networks', 'networks', call('network.list'), query);
      return found.map((network) => ({ id: String(network.id), name: network.name }));
    },
    async delete(id) {
      const path = `/networks/${encodeURIComponent(id)}`;
      const { network } = await api.get<{ network: ApiNetwork }>(path, call('network.delete'));
      if (!labelledOurs(network.labels, context)) throw notOurs(name, 'network.delete', `network ${id}`);
      await api.delete(path, call('network.delete'));
    },
  };
}
