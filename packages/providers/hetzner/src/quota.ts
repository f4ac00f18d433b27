import type { Quota } from '@provisioning/extensions-sdk';
import type { ApiServer } from './api-types.ts';
import type { HetznerConfig } from './config.ts';
import type { Session } from './session.ts';

type Limits = NonNullable<HetznerConfig['limits']>;

/** Collections whose members count one each. */
const collections = ['servers', 'volumes', 'networks', 'load_balancers', 'firewalls'] as const;

/**
 * What the whole project uses against the limits that its console shows. The API tells no limits: those come from
 * `providers.hetzner.limits`, and what is not named there is not counted.
 */
export async function quota(session: Session, limits: Limits): Promise<Quota[]> {
  const call = { operation: 'getQuota' };
  const wanted = collections.filter((name) => limits[name] !== undefined);
  const counted = wanted.map(async (name) => ({
    name,
    used: (await session.api.list(`/${name}`, name, call)).length,
    limit: limits[name]!,
  }));
  if (limits.cores === undefined) return Promise.all(counted);
  const servers = await session.api.list<ApiServer>('/servers', 'servers', call);
  const cores = servers.reduce((total, { server_type: type }) => total + type.cores, 0);
  return [...(await Promise.all(counted)), { name: 'cores', used: cores, limit: limits.cores }];
}
