import type { Quota } from '@provisioning/extensions-sdk';
import type { ApiAccount, ApiServer } from './api-types.ts';
import type { Session } from './session.ts';

/** Limits of the account against what all its servers use. */
export async function quota(session: Session): Promise<Quota[]> {
  const call = { operation: 'getQuota' };
  const [{ account }, { servers }] = await Promise.all([
    session.api.get<{ account: ApiAccount }>('/account', call),
    session.api.get<{ servers: { server: ApiServer[] } }>('/server', call),
  ]);
  const sum = (value: (server: ApiServer) => number) =>
    servers.server.reduce((total, server) => total + value(server), 0);
  const used: Readonly<Record<string, number>> = {
    cores: sum(({ core_number: cores }) => Number(cores)),
    memory: sum(({ memory_amount: memory }) => Number(memory)),
  };
  return Object.entries(used).flatMap(([name, value]) => {
    const limit = account.resource_limits?.[name];
    return limit === undefined ? [] : [{ name, used: value, limit }];
  });
}
