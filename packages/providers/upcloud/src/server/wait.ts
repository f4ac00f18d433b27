import type { ServerRef } from '@provisioning/extensions-sdk';
import { tagNames } from '@provisioning/extensions-sdk/cloud';
import { providerError, waitUntil } from '@provisioning/extensions-sdk/http';
import { type CallOptions, name } from '../api.ts';
import type { ApiServer } from '../api-types.ts';
import { tagsOf } from '../labels.ts';
import type { Session } from '../session.ts';

export function refOf(server: ApiServer): ServerRef & { readonly id: string } {
  return { hostname: tagsOf(server.labels?.label)[tagNames.hostname] ?? server.hostname, id: server.uuid };
}

/** Asks until the server is in one of the API's states. @throws ProviderError `timeout`, or `unknown` on state error. */
export async function reach(
  session: Session,
  server: ApiServer,
  states: readonly string[],
  call: CallOptions,
  limit: number,
): Promise<ApiServer> {
  const { hostname, id } = refOf(server);
  return waitUntil({
    ask: async () => {
      const current = await session.api.server(id, call);
      if (current.state === 'error' && !states.includes('error')) {
        throw providerError({
          provider: name,
          operation: call.operation,
          code: 'unknown',
          text: `${hostname} is in state error`,
        });
      }
      return states.includes(current.state) ? current : undefined;
    },
    what: `server ${hostname}`,
    state: states.join(' or '),
    interval: 3,
    limit,
    clock: session.api.http.clock,
    provider: name,
    operation: call.operation,
    signal: call.signal,
  });
}
