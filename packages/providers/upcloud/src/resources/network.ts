import { type ProviderInstance, ProviderError } from '@provisioning/extensions-sdk';
import { infraTags, notOurs, resourceName } from '@provisioning/extensions-sdk/cloud';
import { createOnce } from '@provisioning/extensions-sdk/http';
import { type CallOptions, name } from '../api.ts';
import type { ApiNetwork } from '../api-types.ts';
import { labelledOurs, labels } from '../labels.ts';
import type { Session } from '../session.ts';

async function all(session: Session, call: CallOptions): Promise<readonly ApiNetwork[]> {
  return (await session.api.get<{ networks: { network: ApiNetwork[] } }>('/network', call)).networks.network;
}

/** Ids of private networks by name, in the server's zone: the infrastructure's own, else one of the account. */
export async function networkIds(
  session: Session,
  names: readonly unknown[],
  zone: string,
  call: CallOptions,
): Promise<string[]> {
  const wished = names.filter((entry): entry is string => typeof entry === 'string' && entry !== '');
  if (wished.length === 0) return [];
  const known = (await all(session, call)).filter(
    (network) => network.type === 'private' && network.zone === zone,
  );
  return wished.map((wish) => {
    const own = resourceName([session.context.infra, wish], 255);
    const found =
      known.find((network) => network.name === own) ?? known.find((network) => network.name === wish);
    if (found !== undefined) return found.uuid;
    throw new ProviderError({
      provider: name,
      operation: call.operation,
      code: 'invalid',
      message: `Network '${wish}' not found in zone ${zone}`,
      help: `Private networks there: ${known.map((network) => network.name).join(', ') || 'none'}`,
    });
  });
}

export function networks(session: Session): NonNullable<ProviderInstance['network']> {
  const { api, context } = session;
  const call = (operation: string): CallOptions => ({ operation });
  const own = async (operation: string) =>
    (await all(session, call(operation))).filter((network) => labelledOurs(network.labels, context));
  return {
    async ensure(network) {
      const title = resourceName([context.infra, String(network.name ?? 'network')], 255);
      const find = async () =>
        (await own('network.ensure'))
          .filter((entry) => entry.name === title)
          .map(({ uuid }) => ({ id: uuid, created_at: '' }));
      const [known] = await find();
      if (known !== undefined) return { id: known.id };
      const body = {
        network: {
          name: title,
          zone: String(network.zone ?? session.config.default_zone ?? 'de-fra1'),
          labels: labels(infraTags(context)),
          ip_networks: {
            ip_network: [
              {
                address: String(network.cidr ?? '10.0.0.0/16'),
                dhcp: network.enable_dhcp === false ? 'no' : 'yes',
                dhcp_default_route: 'no',
                family: 'IPv4',
              },
            ],
          },
        },
      };
      const { id } = await createOnce({
        find,
        create: async () => {
          const made = await api.post<{ network: ApiNetwork }>('/network', body, call('network.ensure'));
          return { id: made.network.uuid, created_at: '' };
        },
        remove: async (copy) => void (await api.delete(`/network/${copy.id}`, call('network.ensure'))),
        attempts: 3,
        clock: api.http.clock,
      });
      return { id };
    },
    async list() {
      return (await own('network.list')).map(({ uuid, name: title }) => ({ id: uuid, name: title }));
    },
    async delete(id) {
      const known = (await all(session, call('network.delete'))).find(({ uuid }) => uuid === id);
      if (known === undefined) return;
      if (!labelledOurs(known.labels, context)) throw notOurs(name, 'network.delete', `network ${id}`);
      await api.delete(`/network/${id}`, call('network.delete'));
    },
  };
}
