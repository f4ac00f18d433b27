import { ProviderError } from '@provisioning/extensions-sdk';
import { createOnce } from '@provisioning/extensions-sdk/http';
import type { CallOptions } from '../api.ts';
import type { ApiAction, ApiResource } from '../api-types.ts';
import type { Session } from '../session.ts';

interface Wish {
  readonly path: string;
  /** Key of the list and of the single item in the API's answers. */
  readonly list: string;
  readonly item: string;
  readonly selector: string;
  readonly body: { readonly name: string } & Readonly<Record<string, unknown>>;
}

/** Finds a resource by labels and name, or creates it exactly once. */
export async function ensureResource<T extends ApiResource>(
  session: Session,
  call: CallOptions,
  wish: Wish,
): Promise<{ readonly resource: T; readonly created: boolean }> {
  const find = async () =>
    (await session.api.list<T>(wish.path, wish.list, call, { label_selector: wish.selector }))
      .filter(({ name }) => name === wish.body.name)
      .map(identified);
  const [known] = await find();
  if (known !== undefined) return { resource: known.resource, created: false };
  let actions: readonly ApiAction[] = [];
  const { resource } = await createOnce({
    find,
    create: async () => {
      const answer = await session.api.post<Record<string, unknown>>(wish.path, wish.body, call);
      actions = [answer.action, ...((answer.actions ?? answer.next_actions ?? []) as unknown[])].filter(
        (action) => action !== undefined,
      ) as ApiAction[];
      return identified(answer[wish.item] as T);
    },
    remove: async ({ id }) => void (await session.api.delete(`${wish.path}/${id}`, call)),
    attempts: 3,
    clock: session.api.http.clock,
    signal: call.signal,
  });
  await session.api.finish(actions, call);
  return { resource, created: true };
}

function identified<T extends ApiResource>(resource: T) {
  return { id: String(resource.id), created_at: resource.created, resource };
}

/** Deletes what a server that is just going may still hold for a moment. */
export async function removeWhenFree(session: Session, path: string, call: CallOptions): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.api.delete(path, call);
      return;
    } catch (error) {
      const inUse = error instanceof ProviderError && /in_use|in use|attached|locked/i.test(error.message);
      if (!inUse || attempt >= 10) throw error;
      await session.api.http.clock.sleep(2000, call.signal);
    }
  }
}
