import { existsSync } from 'node:fs';
import type { ProviderInstance } from '@provisioning/extensions-sdk';
import { invalid } from '../failure.ts';
import { belongsTo, labelKeys, sharedNetworkName } from './labels.ts';
import { ensureNamedNetwork, withNetworkLock } from './network.ts';
import type { Session } from './session.ts';

/** Bridge networks beside the one that every infrastructure has. */
export function networks(session: Session): NonNullable<ProviderInstance['network']> {
  return {
    ensure: (network) =>
      session.use('Network creation failed', 'network.ensure', async ({ engine }) => {
        const { name, cidr } = network;
        if (typeof name !== 'string' || name === '')
          throw invalid('network.ensure', 'A network needs a name');
        const id = sharedNetworkName(session.owner, name);
        const subnet = typeof cidr === 'string' ? cidr : undefined;
        const labels = { ...session.labels(), [labelKeys.network]: name };
        await withNetworkLock(session, () => ensureNamedNetwork(session, engine, id, labels, subnet));
        return { id };
      }),
    list: () =>
      session.use('Failed to list networks', 'network.list', async ({ engine }) => {
        const found = await engine.listNetworks({ [labelKeys.infra]: session.owner.infra });
        return found
          .filter(({ Labels }) => belongsTo(Labels, session.owner, existsSync))
          .map(({ Name, Labels }) => ({
            id: Name,
            name: Labels?.[labelKeys.network] ?? session.owner.infra,
          }));
      }),
    delete: (id) =>
      session.use('Network deletion failed', 'network.delete', async ({ engine }) => {
        const found = await engine.inspectNetwork(id);
        if (found === undefined) return;
        if (!belongsTo(found.Labels, session.owner, existsSync)) {
          throw invalid('network.delete', `Network ${id} is not of this infrastructure`);
        }
        await withNetworkLock(session, () => engine.removeNetwork(id));
      }),
  };
}
