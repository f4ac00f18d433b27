import type { CallOptions as Cancel, ServerRef } from '@provisioning/extensions-sdk';
import type { CallOptions } from '../api.ts';
import type { ApiServer } from '../api-types.ts';
import { labelledOurs } from '../labels.ts';
import type { Session } from '../session.ts';
import { stop } from './change.ts';
import { reach } from './wait.ts';

/** Deletes a server and, unless they are kept, its disks. All copies under the labels go. */
export async function deleteServer(
  session: Session,
  ref: ServerRef,
  options: { readonly keepStorage: boolean; readonly force: boolean; readonly wait: boolean } & Cancel,
): Promise<{ readonly deleted: boolean }> {
  const call: CallOptions = { operation: 'deleteServer', signal: options.signal };
  const one = ref.id === undefined ? undefined : await session.find(ref, call);
  const servers = one === undefined ? await session.named(ref.hostname, call) : [one];
  const ours = servers.filter((server) => labelledOurs(server.labels?.label, session.context));
  for (const server of ours) await destroy(session, server, options, call);
  await session.recent.remove(ref.hostname);
  return { deleted: ours.length > 0 };
}

/** Stops and deletes one server. */
export async function destroy(
  session: Session,
  server: ApiServer,
  options: { readonly keepStorage: boolean; readonly force: boolean },
  call: CallOptions,
): Promise<void> {
  const ready =
    server.state === 'maintenance'
      ? await reach(
          session,
          server,
          ['started', 'stopped', 'error'],
          call,
          session.config.running_timeout ?? 600,
        )
      : server;
  if (options.force && ready.state === 'started') {
    await session.api.stopServer(server.uuid, 'hard', 60, call);
    await reach(session, server, ['stopped'], call, 120);
  } else if (ready.state === 'started') await stop(session, ready, { wait: true, force: true }, call);
  await session.api.whenReady(
    () => session.api.deleteServer(server.uuid, !options.keepStorage, call),
    call.signal,
  );
}
