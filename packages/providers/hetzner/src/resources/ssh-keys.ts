import { createHash } from 'node:crypto';
import { managedBy, tagNames } from '@provisioning/extensions-sdk/cloud';
import { createOnce } from '@provisioning/extensions-sdk/http';
import type { CallOptions } from '../api.ts';
import type { ApiServer, ApiSshKey } from '../api-types.ts';
import { labels, selector } from '../labels.ts';
import type { Session } from '../session.ts';

/** Keys belong to the workspace: its infrastructures share them. */
function workspaceTags(session: Session): Record<string, string> {
  return { [tagNames.managedBy]: managedBy, [tagNames.workspace]: session.context.workspace.name };
}

/**
 * Registers public keys; a key that the project has already is used as it is, because the API refuses it a second time.
 * @returns ids in the form a server creation takes.
 */
export async function ensureSshKeys(
  session: Session,
  publicKeys: readonly string[],
  call: CallOptions,
): Promise<string[]> {
  const ids: string[] = [];
  for (const key of new Set(publicKeys.map(material))) {
    const find = async () =>
      (
        await session.api.list<ApiSshKey>('/ssh_keys', 'ssh_keys', call, { fingerprint: fingerprint(key) })
      ).map(identified);
    const [known] = await find();
    const { id } =
      known ??
      (await createOnce({
        find,
        create: async () => {
          const body = {
            name: `${session.context.workspace.name}-${fingerprint(key).replaceAll(':', '').slice(0, 12)}`,
            public_key: key,
            labels: labels(workspaceTags(session)),
          };
          return identified(
            (await session.api.post<{ ssh_key: ApiSshKey }>('/ssh_keys', body, call)).ssh_key,
          );
        },
        remove: async (copy) => void (await session.api.delete(`/ssh_keys/${copy.id}`, call)),
        attempts: 3,
        clock: session.api.http.clock,
        signal: call.signal,
      }));
    ids.push(id);
  }
  return ids;
}

/** The last server of the workspace is gone: so go the keys we registered. */
export async function releaseSshKeys(session: Session, call: CallOptions): Promise<void> {
  const query = { label_selector: selector(workspaceTags(session)) };
  if ((await session.api.list<ApiServer>('/servers', 'servers', call, query)).length > 0) return;
  for (const { id } of await session.api.list<ApiSshKey>('/ssh_keys', 'ssh_keys', call, query)) {
    await session.api.delete(`/ssh_keys/${id}`, call);
  }
}

function identified(key: ApiSshKey) {
  return { id: String(key.id), created_at: key.created };
}

/** Type and key without the comment. */
function material(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(' ');
}

/** MD5 fingerprint as the API shows and searches it. */
function fingerprint(publicKey: string): string {
  const [, data = ''] = publicKey.split(' ');
  const hash = createHash('md5').update(Buffer.from(data, 'base64')).digest('hex');
  return hash.replaceAll(/(..)(?=.)/g, '$1:');
}
