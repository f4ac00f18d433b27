import { serverCreate } from '../../server/create.ts';
import { serverDelete } from '../../server/delete.ts';
import type { PartKind, ServerPart } from './part.ts';

export const serverPart: PartKind<ServerPart> = {
  async state(context, { server }) {
    const [change] = await serverCreate.plan(context, { server });
    if (change?.action === 'create') return 'absent';
    return change?.action === 'unchanged' ? 'there' : 'differs';
  },
  deploy: (context, { server }) => serverCreate.run(context, { server }),
  async remove(context, { server }, { cleanupData, force }) {
    await serverDelete.run(context, { server, keep_storage: !cleanupData, force });
    return [];
  },
};
