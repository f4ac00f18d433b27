import type { CallOptions as Cancel, ServerRef } from '@provisioning/extensions-sdk';
import type { CallOptions } from '../api.ts';
import { deleteFirewall } from '../resources/firewall.ts';
import { releaseSshKeys } from '../resources/ssh-keys.ts';
import { deleteServerVolumes } from '../resources/volume.ts';
import type { Session } from '../session.ts';

/**
 * Deletes a server with its firewall and, unless they are kept, its volumes. All copies under the labels go: nothing of
 * ours stays behind. Deleting what is gone still clears up what a broken run left.
 */
export async function deleteServer(
  session: Session,
  ref: ServerRef,
  options: { readonly keepStorage: boolean; readonly force: boolean; readonly wait: boolean } & Cancel,
): Promise<{ readonly deleted: boolean }> {
  const call: CallOptions = { operation: 'deleteServer', signal: options.signal };
  const byId = ref.id === undefined ? undefined : await session.find(ref, call);
  const servers = byId === undefined ? await session.named(ref.hostname, call) : [byId];
  for (const { id } of servers) await session.api.delete(`/servers/${id}`, call);
  await deleteFirewall(session, ref.hostname, call);
  if (!options.keepStorage) await deleteServerVolumes(session, ref.hostname, call);
  await releaseSshKeys(session, call);
  return { deleted: servers.length > 0 };
}
